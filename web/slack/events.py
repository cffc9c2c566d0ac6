"""Slack's events, normalised: what staff write below a handoff, what somebody asks the agent, and that we are put out.

Only what is of use is stored. Slack sends an event again until it is answered, so each is known by its id.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.log import get_logger
from core.models import Site
from web.slack import posts
from web.slack.words import plain
from web.webhooks.received import BodyNotJson, Received

log = get_logger(__name__)

SOURCE = "slack"
SAID, CHANGED, DELETED, ASKED = "slack.said", "slack.changed", "slack.deleted", "slack.asked"
SPOKEN = frozenset({"", "file_share", "thread_broadcast"})  # message subtypes that are somebody's words
UNINSTALLED, REVOKED = "app_uninstalled", "tokens_revoked"
CLOSED = frozenset(
    {"channel_archive", "channel_deleted", "channel_left", "group_archive", "group_deleted", "group_left"}
)
LONGEST = 8_000  # characters that are kept
FILES = 10
JUST_NOW_S = 120.0  # for so long a head may stand in Slack before it is noted here that it does

APP_GONE = "The app was uninstalled from Slack: install it again and set its token"
CHANNEL_GONE = "The channel was archived or deleted, or the app was removed from it: choose another one"
ADVICE = ", then run `handrail site slack SITE CHANNEL`: what waited is posted after that."


@dataclass(frozen=True)
class Message:
    """A message as an event shows it."""

    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str


def read(session: Session, body: dict[str, Any], raw: bytes) -> Received | None:
    """The event to keep, if it is of use; what is about the app itself is done at once. Raises BodyNotJson."""
    event = body.get("event")
    if not isinstance(event, dict):
        raise BodyNotJson("The field `event` must be an object.")
    kind = _text(event, "type")
    if kind == UNINSTALLED or (kind == REVOKED and _ours_among(event.get("tokens"))):
        _note_fault(session, Site.slack_channel != "", APP_GONE)
    elif kind in CLOSED:
        _note_fault(session, Site.slack_channel == (_text(event, "channel") or "-"), CHANNEL_GONE)
    elif kind in {"message", "app_mention"}:
        return _message(session, body, event, raw)
    return None


def _message(session: Session, body: dict[str, Any], event: dict[str, Any], raw: bytes) -> Received | None:
    match _text(event, "subtype"):
        case "message_changed":
            action, shown = CHANGED, event.get("message")
        case "message_deleted":
            action, shown = DELETED, event.get("previous_message")
        case kind if kind in SPOKEN:
            action, shown = SAID, event
        case _:
            return None
    if not isinstance(shown, dict) or shown.get("bot_id") or _stranger(body, shown):
        return None
    found = _read(event, shown, _bot(body))
    action = _use(session, found, action, event)
    sites = _sites(session, found) if action else []
    if not sites or not found.user:
        return None
    verb = "asked" if action == ASKED else "note"
    return Received(
        source=SOURCE,
        site_id=sites[0],
        event_id=_text(body, "event_id", 120) or f"{found.channel}:{found.ts}:{action}",
        subject=f"{verb}:{found.channel}:{found.ts}",
        action=action,
        occurred_at=_when(_text(event, "event_ts") or found.ts),
        data={**found.__dict__, "sites": sites},
        body=raw,
        actor=f"slack:{found.user}",
    )


def _use(session: Session, found: Message, action: str, event: dict[str, Any]) -> str:
    """What to do about a message; "" for nothing."""
    mention, direct = event.get("type") == "app_mention", event.get("channel_type") == "im"
    below = posts.standing_at(session, found.channel, found.thread_ts) if found.thread_ts else None
    if below is not None and below.kind == posts.HEAD:
        return "" if mention else action  # the same words come as a message, too
    if action != SAID:
        return ""
    if mention or direct or (below is not None and below.kind == posts.QUESTION):
        return ASKED
    fresh = found.thread_ts and _age(found.thread_ts) < JUST_NOW_S
    return SAID if fresh and _ours(session, found.channel) else ""


def _read(event: dict[str, Any], shown: dict[str, Any], bot: str) -> Message:
    words = plain(str(shown.get("text") or ""), bot)[:LONGEST]
    files = shown.get("files") if isinstance(shown.get("files"), list) else []
    names = [
        f"[file in Slack: {str(each.get('name') or 'without a name')[:120]}]"
        for each in files or ()
        if isinstance(each, dict)
    ]
    thread = _text(shown, "thread_ts") or _text(event, "thread_ts")
    ts = _text(shown, "ts") or _text(event, "deleted_ts")
    text = "\n".join(filter(None, [words, *names[:FILES]]))
    return Message(_text(event, "channel"), ts, "" if thread == ts else thread, _text(shown, "user"), text)


def _sites(session: Session, found: Message) -> list[str]:
    """Whom it may be about: the site of that channel, or all that show themselves in Slack."""
    rows = session.execute(select(Site.id, Site.slack_channel).where(Site.slack_channel != "").order_by(Site.id)).all()
    return [row.id for row in rows if row.slack_channel == found.channel] or [row.id for row in rows]


def _ours(session: Session, channel: str) -> bool:
    return session.scalar(select(Site.id).where(Site.slack_channel == channel).limit(1)) is not None


def _note_fault(session: Session, which: Any, why: str) -> None:
    log.warning("slack_fault", cause=why)
    session.execute(update(Site).where(which).values(slack_fault=why + ADVICE))


def _ours_among(tokens: Any) -> bool:
    """True where a bot's token was revoked; those of people are none of ours."""
    return isinstance(tokens, dict) and bool(tokens.get("bot"))


def _bot(body: dict[str, Any]) -> str:
    """The bot's own user id."""
    for one in body.get("authorizations") or ():
        if isinstance(one, dict) and one.get("is_bot"):
            return str(one.get("user_id") or "")
    return ""


def _stranger(body: dict[str, Any], shown: dict[str, Any]) -> bool:
    """Somebody of another workspace, in a channel that both share: what is written for staff is not for them."""
    home, theirs = body.get("team_id"), shown.get("user_team") or shown.get("team")
    return bool(home and theirs and home != theirs)


def _when(stamp: str) -> datetime:
    try:
        return min(datetime.fromtimestamp(float(stamp), UTC), datetime.now(UTC))
    except (ValueError, OverflowError, OSError):
        raise BodyNotJson("The event has no time: `event_ts` must be seconds since 1970.") from None


def _age(stamp: str) -> float:
    return (datetime.now(UTC) - _when(stamp)).total_seconds()


def _text(found: dict[str, Any], name: str, most: int = 40) -> str:
    value = found.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise BodyNotJson(f"The field `{name}` must be a text of at most {most} characters.")
    return value
