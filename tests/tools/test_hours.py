"""When people are there: spans, nights, days that differ, clocks that are changed, and hours that are none."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.hours import DAYS, Hours, HoursRefused, after, checked, is_open, opens_at

OFFICE: Hours = {
    "zone": "Europe/Berlin",
    "days": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in DAYS[:5]},
    "dates": {"2026-12-24": [["09:00", "11:00"]], "2026-12-25": []},
}
NIGHT: Hours = {"zone": "America/New_York", "days": {"fri": [["22:00", "06:00"]]}, "dates": {}}
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-23 08:59", "2026-11-23 09:00"),
        ("2026-11-23 09:00", None),
        ("2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-23 16:59", None),
        ("2026-11-23 17:00", "2026-11-24 09:00"),
        ("2026-11-27 17:00", "2026-11-30 09:00"),  # over the weekend
        ("2026-12-24 10:59", None),
        ("2026-12-24 13:30", "2026-12-28 09:00"),  # over the holidays
    ],
)
def test_an_office_is_open_when_its_clock_says_so(at: str, opens: str | None) -> None:
    now = berlin(at).astimezone(UTC)
    assert is_open(OFFICE, now) == (opens is None)
    assert opens_at(OFFICE, now) == (berlin(opens) if opens else None)


def test_no_hours_are_always_and_no_days_are_never() -> None:
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert is_open({}, now)
    assert opens_at({}, now) is None
    never = checked({"zone": "UTC"})
    assert not is_open(never, now)
    assert opens_at(never, now) is None


def test_a_night_goes_on_past_midnight() -> None:
    zone = ZoneInfo("America/New_York")
    assert not is_open(NIGHT, datetime(2026, 11, 27, 21, 59, tzinfo=zone))
    assert is_open(NIGHT, datetime(2026, 11, 28, 5, 59, tzinfo=zone))
    assert not is_open(NIGHT, datetime(2026, 11, 28, 6, tzinfo=zone))
    whole = checked({"zone": "UTC", "days": {"mon": [["00:00", "24:00"]]}})
    assert is_open(whole, datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC))
    assert not is_open(whole, datetime(2026, 11, 24, tzinfo=UTC))


def test_the_same_clock_time_before_and_after_the_clocks_are_changed() -> None:
    winter, summer = datetime(2026, 3, 27, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert is_open(OFFICE, winter)
    assert not is_open(OFFICE, winter - timedelta(minutes=1))
    assert is_open(OFFICE, summer)
    assert not is_open(OFFICE, summer - timedelta(minutes=1))


@given(st.integers(0, 2 * 365 * 24 * 60), st.sampled_from([OFFICE, NIGHT]))
def test_it_opens_when_it_says_and_not_before(minutes: int, hours: Hours) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opens = opens_at(hours, now)
    assert (opens is None) == is_open(hours, now)
    if opens is not None:
        assert opens > now
        assert is_open(hours, opens)
        assert not is_open(hours, opens - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"days": {}}, "None is no time zone"),
        ({"zone": "Mars/Base"}, "'Mars/Base' is no time zone"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
        ({"zone": "UTC", "days": {"monday": []}}, "'monday' is no day"),
        ({"zone": "UTC", "days": {"mon": [["9", "17"]]}}, "is no span"),
        ({"zone": "UTC", "days": {"mon": [["09:00"]]}}, "is no span"),
        ({"zone": "UTC", "days": {"mon": [["25:00", "26:00"]]}}, "is no span"),
        ({"zone": "UTC", "days": {"mon": [["09:00", "09:00"]]}}, "has no length"),
        ({"zone": "UTC", "dates": {"Christmas": []}}, "is no date"),
        ({"zone": "UTC", "open": True}, "no open"),
    ],
)
def test_hours_that_are_none_say_why(given: dict[str, Any], says: str) -> None:
    with pytest.raises(HoursRefused, match=says):
        checked(given)


LUNCH: Hours = {"zone": "UTC", "days": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]]}}


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-23T10:00", 60, "2026-11-23T11:00"),
        ("2026-11-23T11:30", 60, "2026-11-23T13:30"),  # over lunch
        ("2026-11-23T16:30", 60, "2026-11-24T09:30"),  # over night
        ("2026-11-22T20:00", 30, "2026-11-23T09:30"),  # a Sunday
        ("2026-11-24T16:00", 120, "2026-11-30T10:00"),  # over a weekend that begins on Wednesday
        ("2026-11-23T03:00", 0, "2026-11-23T09:00"),
    ],
)
def test_minutes_count_while_people_are_there(start: str, minutes: float, end: str) -> None:
    begun, ends = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    assert after(LUNCH, begun, minutes) == ends


def test_minutes_count_always_where_nobody_has_hours_or_nobody_ever_comes() -> None:
    begun = datetime(2026, 11, 23, 3, tzinfo=UTC)
    for hours in ({}, {"zone": "UTC", "days": {}}):
        assert after(hours, begun, 90) == datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


def test_a_span_past_midnight_counts_on_both_days() -> None:
    night: Hours = {"zone": "UTC", "days": {"mon": [["22:00", "02:00"]]}}
    assert after(night, datetime(2026, 11, 24, 1, tzinfo=UTC), 30) == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    assert after(night, datetime(2026, 11, 24, 1, tzinfo=UTC), 90) == datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
