"""When a site's people are there: `{"zone": "Europe/Berlin", "days": {"mon": [["09:00", "17:00"]]}, "dates": {}}`.

Pure: the moment is given. No hours at all means always. A span whose end is not after its start goes on past midnight.
`dates` has the days that differ ("2026-12-25": []), and each counts before its day of the week.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadRequest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
AHEAD_DAYS = 366  # how far we look for the next opening
MIDNIGHT = timedelta(days=1)

Hours = dict[str, Any]
Span = tuple[datetime, datetime]


class HoursRefused(BadRequest):
    """Hours are a time zone and, by day, spans such as ["09:00", "17:00"]."""


def is_open(hours: Hours, now: datetime) -> bool:
    """True while somebody is there; `now` knows its zone."""
    if not hours:
        return True
    now = now.astimezone(UTC)  # within one zone Python compares what the clocks show, and an hour comes twice a year
    today = now.astimezone(_zone(hours)).date()
    spans = (span for back in (0, 1) for span in _spans(hours, today - timedelta(days=back)))
    return any(start <= now < end for start, end in spans)


def opens_at(hours: Hours, now: datetime) -> datetime | None:
    """When somebody is there next; None where somebody is, or nobody will be within a year."""
    if is_open(hours, now):
        return None
    now = now.astimezone(UTC)
    today = now.astimezone(_zone(hours)).date()
    days = (today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS))
    return next((start for day in days for start, _ in sorted(_spans(hours, day)) if start > now), None)


def after(hours: Hours, start: datetime, minutes: float) -> datetime:
    """The moment when people will have been there for `minutes` since `start`.

    Counted through the night where they will not be there so long within a year.
    """
    left, zone = timedelta(minutes=minutes), _zone(hours) if hours else UTC
    begun = start.astimezone(UTC)
    first = begun.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(AHEAD_DAYS) if hours else ():
        for opens, closes in sorted(_spans(hours, first + timedelta(days=ahead))):
            begun = max(begun, opens)
            if begun + left <= closes:
                return begun + left
            left -= max(closes - begun, timedelta())
            begun = max(begun, closes)
    return start + timedelta(minutes=minutes)


def checked(given: Hours) -> Hours:
    """`given` as a site may have it. Raises HoursRefused, which says what is wrong."""
    if not given:
        return {}
    if unknown := given.keys() - {"zone", "days", "dates"}:
        raise HoursRefused(f"Hours have zone, days and dates, but no {', '.join(sorted(unknown))}.")
    try:
        ZoneInfo(given["zone"])
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError, OSError):
        raise HoursRefused(f"{given.get('zone')!r} is no time zone: name one such as Europe/Berlin.") from None
    days, dates = given.get("days", {}), given.get("dates", {})
    if unknown := days.keys() - set(DAYS):
        raise HoursRefused(f"{min(unknown)!r} is no day: they are {', '.join(DAYS)}.")
    for day in dates:
        _check_date(day)
    for spans in (*days.values(), *dates.values()):
        _check_spans(spans)
    return {"zone": given["zone"], "days": days, "dates": dates}


def _check_date(day: str) -> None:
    try:
        date.fromisoformat(day)
    except (TypeError, ValueError):
        raise HoursRefused(f"{day!r} is no date: write it as 2026-12-25.") from None


def _check_spans(spans: Any) -> None:
    for span in spans:
        if len(span) != 2 or not all(isinstance(time, str) and TIME.fullmatch(time) for time in span):  # noqa: PLR2004
            raise HoursRefused(f"{span!r} is no span: write it as 09:00-17:00.")
        if span[0] in {span[1], "24:00"}:
            raise HoursRefused(f"{'-'.join(span)} has no length: the whole day is 00:00-24:00.")


def _zone(hours: Hours) -> ZoneInfo:
    return ZoneInfo(hours["zone"])


def _spans(hours: Hours, day: date) -> Iterator[Span]:
    """From when until when somebody is there who begins on `day`."""
    zone = _zone(hours)
    spans = hours.get("dates", {}).get(day.isoformat())
    for begins, ends in hours.get("days", {}).get(DAYS[day.weekday()], ()) if spans is None else spans:
        start, end = _at(day, begins, zone), _at(day, ends, zone)
        yield start, (end if begins < ends else _at(day + MIDNIGHT, ends, zone))


def _at(day: date, time: str, zone: ZoneInfo) -> datetime:
    """That time on the clocks of the place: a day on which they are changed is an hour shorter or longer."""
    hour, minute = map(int, time.split(":"))
    clock = datetime.combine(day, datetime.min.time(), zone)
    return clock.replace(hour=hour, minute=minute) if hour < 24 else datetime.combine(day + MIDNIGHT, clock.timetz())  # noqa: PLR2004
