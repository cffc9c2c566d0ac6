"""What Slack's events lead to: a note of the staff's is kept, changed or taken back; a question is put to the agent."""

from collections.abc import Callable
from typing import Any

import redis
from sqlalchemy.orm import Session

from core import bus
from core.errors import MessageEmpty, MessageTooLong, Unavailable
from core.models import Site, Thread, WebhookEvent
from core.outbox import put
from core.settings import get_settings
from orchestrator import inbox, notes
from web.slack import events, people, posts

CUT = " … (cut: the rest stands in Slack)"
NOT_BELOW = "It is not below a handoff."


def keep_note(session: Session, _: Site, event: WebhookEvent) -> str:
    """What was written below a handoff stays among staff. Said twice it is one note."""
    said = event.data
    head = posts.standing_at(session, said["channel"], said["thread_ts"])
    if head is None and event.attempts < 2:  # noqa: PLR2004
        raise Unavailable("The handoff that it stands below is being posted.")
    if head is None or head.thread_id is None or head.kind != posts.HEAD:
        _forget_words(event)  # what is said elsewhere, or where everything was deleted, is not ours to keep
        return NOT_BELOW
    author = people.known(session, said["user"]) or people.unnamed(said["user"])
    try:
        note = notes.note(session, head.thread_id, author, _fitted(said), source="slack", source_id=_source(said))
    except MessageEmpty:
        return "It has no words."
    if author.staff_id is None:
        _ask_slack(session, head.site_id, "who", event, user=said["user"], note=str(note))
    _forget_words(event)
    return ""


def change_note(session: Session, site: Site, event: WebhookEvent) -> str:
    """It was edited; one that was never kept is kept now, as it is."""
    try:
        known = notes.change(session, _source(event.data), _fitted(event.data))
    except MessageEmpty:
        known = notes.withdraw(session, _source(event.data))
    if not known:
        return keep_note(session, site, event)
    _forget_words(event)
    return ""


def withdraw_note(session: Session, _: Site, event: WebhookEvent) -> str:
    """It was deleted."""
    _forget_words(event)
    return "" if notes.withdraw(session, _source(event.data)) else "It was not kept."


def put_question(session: Session, site: Site, event: WebhookEvent) -> str:
    """Somebody asks the agent, or goes on asking in the same Slack thread."""
    said = event.data
    if not _may_ask(said["user"]):
        return _tell(session, site.id, event, "too_many")
    root = said["thread_ts"] or said["ts"]
    standing = posts.standing_at(session, said["channel"], root)
    thread = session.get(Thread, standing.thread_id) if standing and standing.thread_id else None
    words, chosen = said["text"], site.id
    if thread is None:
        chosen, words = _chosen(said["sites"], words)
        if not chosen:
            return _tell(session, site.id, event, "which_site")
    try:
        inbox.checked(words)
    except MessageEmpty:
        return "It has no words."
    except MessageTooLong:
        return _tell(session, site.id, event, "too_long")
    thread = thread or _opened(session, chosen, said["channel"], root)
    inbox.accept(session, thread, words, f"slack {said['channel']} {said['ts']}"[:64])
    _forget_words(event)
    return ""


SLACK_ACTS: dict[str, Callable[[Session, Site, WebhookEvent], str]] = {
    events.SAID: keep_note,
    events.CHANGED: change_note,
    events.DELETED: withdraw_note,
    events.ASKED: put_question,
}
"""By action. To add one: write what it leads to, and add it here and in `events`."""


def _opened(session: Session, site_id: str, channel: str, root: str) -> Thread:
    thread = inbox.open_thread(session, site_id, "slack")
    key = f"slack:question:{channel}:{root}"
    posts.keep(session, key=key, site_id=site_id, thread_id=thread.id, kind=posts.QUESTION, channel=channel, ts=root)
    return thread


def _chosen(sites: list[str], words: str) -> tuple[str, str]:
    """The site that is asked, and the question: of several, the one with whose id it begins; ("", …) for none."""
    if len(sites) == 1:
        return sites[0], words
    first, _, rest = words.partition(" ")
    name = first.rstrip(":,")
    return (name, rest.strip()) if name in sites else ("", words)


def _may_ask(user: str) -> bool:
    try:
        return bus.allowed(f"slack:{user}", limit=get_settings().messages_per_minute, seconds=60)
    except redis.RedisError:
        return True


def _tell(session: Session, site_id: str, event: WebhookEvent, phrase: str) -> str:
    said = event.data
    place = {"channel": said["channel"], "user": said["user"], "thread_ts": said["thread_ts"]}
    _ask_slack(session, site_id, "told", event, **place, phrase=phrase)
    return f"They were told: {phrase}."


def _ask_slack(session: Session, site_id: str, kind: str, event: WebhookEvent, **body: Any) -> None:
    key = f"slack:{kind}:{event.id}"
    put(session, site_id=site_id, destination=f"slack:{site_id}", kind=kind, key=key, body=body)


def _forget_words(event: WebhookEvent) -> None:
    """What was said stands in one place from now on: there it is edited, taken back and deleted."""
    event.body, event.data = None, {**event.data, "text": ""}


def _fitted(said: dict[str, Any]) -> str:
    most = get_settings().message_max_chars
    text: str = said["text"]
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def _source(said: dict[str, Any]) -> str:
    return f"slack:{said['channel']}:{said['ts']}"
