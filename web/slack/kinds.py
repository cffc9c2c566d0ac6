"""What each kind of row for `slack:SITE` comes to: one call, of what is true now, or none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import EvalRun, Message, Note, Site, SlackPost, Thread, Ticket
from core.outbox import put
from core.settings import Settings
from web.outgoing.claims import Claimed
from web.slack import alarms, blocks, drafts, posts
from web.slack.api import Call
from web.slack.blocks import Blocks
from web.slack.brief import Line, brief_of, lines_before
from web.slack.phrases import PHRASES
from web.slack.posts import HEAD, QUESTION
from web.slack.words import fallback


@dataclass(frozen=True)
class Packed:
    """A call; where it posts something, what is kept of it: kind, thread, handoff."""

    call: Call
    keep: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Packing:
    """What there is to read while a row is packed."""

    session: Session
    claimed: Claimed
    site: Site
    settings: Settings

    def id(self, name: str) -> UUID:
        """An id in the row's body."""
        return UUID(str(self.claimed.body[name]))

    @property
    def desk_url(self) -> str:
        """Where the desk is found from outside; "" where that is not known."""
        return self.settings.public_url.rstrip("/")

    def post(
        self,
        kind: str,
        thread_id: UUID | None,
        text: str,
        shown: Blocks,
        *,
        below: SlackPost | None = None,
        key: str = "",
        **more: Any,
    ) -> Packed:
        """A new message: below the post `below`, or at the top of the site's channel. Kept as `key`, or the row's."""
        args: dict[str, Any] = {"channel": below.channel if below else self.site.slack_channel}
        args |= {"text": text, "blocks": shown, "unfurl_links": False, "unfurl_media": False}
        args["metadata"] = {"event_type": "handrail", "event_payload": {"key": self.claimed.key}}
        if below:
            args["thread_ts"] = below.ts
        handoff = more.pop("handoff", None)
        keep = {"kind": kind, "thread_id": thread_id, "handoff_id": handoff, "key": key or self.claimed.key}
        return Packed(Call("chat.postMessage", args | more), keep)


Packer = Callable[[Packing], Packed | None]


def handoff(at: Packing) -> Packed | None:
    """The head of a thread, once in the site's channel; where it stands already, it is shown as it is now."""
    brief = brief_of(at.session, at.id("handoff"))
    if brief is None:
        return None
    head = _head_of(at, brief.id)
    text, shown = blocks.handoff_text(brief), blocks.handoff(brief, at.desk_url)
    if head is not None and (head.channel == at.site.slack_channel or brief.closed_at is not None):
        args = {"channel": head.channel, "ts": head.ts, "text": text, "blocks": shown}
        return Packed(Call("chat.update", args))
    if brief.closed_at is not None:  # settled before anybody could be told
        return None
    return at.post(HEAD, brief.thread_id, text, shown, handoff=brief.id)


def state(at: Packing) -> Packed | None:
    """A handoff was claimed, returned, resolved: its head says so."""
    return handoff(at) if _head_of(at, at.id("handoff")) else None


def message(at: Packing) -> Packed | None:
    """Something was said in a thread that staff follow; the first time, what came before stands with it.

    To somebody who asked in Slack it is told there, too.
    """
    found = at.session.get(Message, at.id("message"))
    thread = at.session.get(Thread, found.thread_id) if found else None
    if found is None or thread is None:
        return None
    if thread.channel == "slack" and found.role != "visitor":
        put(
            at.session,
            site_id=at.site.id,
            destination=at.claimed.destination,
            kind="answer",
            key=f"slack:answer:{found.id}",
            body={"message": str(found.id)},
            thread_id=thread.id,
        )
    head = posts.head_of(at.session, thread.id)
    if head is None:
        return None
    line = Line(found.role, found.author, found.content, found.created_at)
    text, shown = blocks.message_text(line), blocks.message(line, found.citations)
    if posts.first_below(at.session, head) is None:
        shown = [*blocks.so_far(lines_before(at.session, found)), *shown]
    return at.post("message", thread.id, text, shown, below=head)


def corrected(at: Packing) -> Packed | None:
    """Something was taken out of a message after it was posted, or out of what stands before it: shown as it is now."""
    found = at.session.get(Message, at.id("message"), populate_existing=True)
    standing = posts.by_key(at.session, f"slack:message:{found.id}") if found else None
    head = posts.head_of(at.session, found.thread_id) if found else None
    if found is None or standing is None or head is None:
        return None
    line = Line(found.role, found.author, found.content, found.created_at)
    shown = blocks.message(line, found.citations)
    if posts.first_below(at.session, head) == standing.id:
        shown = [*blocks.so_far(lines_before(at.session, found)), *shown]
    return _changed(at, standing.key, blocks.message_text(line), shown)


def answer(at: Packing) -> Packed | None:
    """What somebody who asked in Slack is answered, in the thread of their question."""
    found = at.session.get(Message, at.id("message"))
    asked = posts.head_of(at.session, found.thread_id, QUESTION) if found else None
    if found is None or asked is None:
        return None
    said = f"*{found.author}:* " if found.author else ""
    shown = blocks.answer(found.content, found.citations)
    text = fallback(f"{said}{found.content}")
    return at.post("answer", found.thread_id, text, [*blocks.by(found.author), *shown], below=asked)


def note(at: Packing) -> Packed | None:
    """A note of the desk's is shown in the thread; one that was written there gets a lock: it was kept, and inside."""
    found = at.session.get(Note, at.id("note"), populate_existing=True)
    head = posts.head_of(at.session, found.thread_id) if found else None
    if found is None or head is None:
        return None
    if found.source == "slack":
        if found.deleted_at or found.edited_at or not found.source_id:
            return None
        _, channel, ts = found.source_id.split(":")
        return Packed(Call("reactions.add", {"channel": channel, "timestamp": ts, "name": "lock"}))
    shown = blocks.note(found.author, found.content, found.created_at, edited=found.edited_at is not None)
    text = fallback(f"Note by {found.author}, internal")
    key = f"slack:note:{found.id}"
    if found.deleted_at:
        standing = posts.by_key(at.session, key)
        return Packed(Call("chat.delete", {"channel": standing.channel, "ts": standing.ts})) if standing else None
    return _changed(at, key, text, shown) or at.post("note", found.thread_id, text, shown, below=head, key=key)


def reminder(at: Packing) -> Packed | None:
    """Nobody came: the channel is told once, below the head and in the channel itself."""
    brief = brief_of(at.session, at.id("handoff"))
    head = _head_of(at, brief.id) if brief else None
    if brief is None or head is None or brief.closed_at is not None:
        return None
    shown, text = blocks.reminder(brief), blocks.reminder_text(brief)
    return at.post("reminder", brief.thread_id, text, shown, below=head, reply_broadcast=True)


def draft(at: Packing) -> Packed | None:
    """A draft waits for approval; once it is decided, its post says how."""
    turn_id, n = at.id("turn"), int(at.claimed.body["n"])
    card = drafts.card_of(at.session, turn_id, n)
    if card is None:
        return None
    text, shown = drafts.text_of(card), drafts.shown(card)
    key = f"slack:draft:{turn_id}:{n}"
    if changed := _changed(at, key, text, shown):
        return changed
    return None if card.held is None else at.post("draft", card.thread_id, text, shown, key=key)


def ticket(at: Packing) -> Packed | None:
    """A ticket was opened or changed: below the head where there is one, else in the channel. One post for each."""
    found = at.session.get(Ticket, at.id("ticket"), populate_existing=True)
    if found is None:
        return None
    text = fallback(f"Ticket {found.number}: {found.subject}")
    shown = blocks.ticket(found.number, found.status, found.priority, found.subject, at.desk_url)
    key, head = f"slack:ticket:{found.id}", posts.head_of(at.session, found.thread_id)
    return _changed(at, key, text, shown) or at.post("ticket", found.thread_id, text, shown, below=head, key=key)


def told(at: Packing) -> Packed | None:
    """A word to one person alone: why something they did came to nothing."""
    body = at.claimed.body
    args = {"channel": body["channel"], "text": PHRASES[body["phrase"]]}
    if body.get("thread_ts"):
        args["thread_ts"] = body["thread_ts"]
    if body["channel"].startswith("D"):  # there is nobody else there
        return Packed(Call("chat.postMessage", args))
    return Packed(Call("chat.postEphemeral", args | {"user": body["user"]}))


def who(at: Packing) -> Packed | None:
    """Who it is that wrote a note: `web.slack.people.meet` takes the answer."""
    return Packed(Call("users.info", {"user": at.claimed.body["user"]}))


def gone(at: Packing) -> Packed | None:
    """A visitor's data were deleted: the post goes; a handoff's head becomes a tombstone."""
    body = at.claimed.body
    if "ts" not in body:
        return None
    place = {"channel": body["channel"], "ts": body["ts"]}
    if body.get("kind") == HEAD:
        return Packed(Call("chat.update", place | {"text": blocks.GONE, "blocks": blocks.tombstone()}))
    return None if body.get("kind") == QUESTION else Packed(Call("chat.delete", place))


def alarm(at: Packing) -> Packed | None:
    """A night of the judge went wrong: told once, with the way to its report."""
    run = at.session.get(EvalRun, at.id("run"))
    if run is None or not run.verdict or not run.verdict.get("alarming"):  # deleted, or accepted meanwhile
        return None
    url = f"{at.desk_url}/admin/agent/evals/{run.id}" if at.desk_url else ""
    return at.post("alarm", None, alarms.text(run.suite, run.verdict), alarms.shown(run.suite, run.verdict, url))


# To add one: write it above, add it here.
KINDS: dict[str, Packer] = {
    each.__name__: each
    for each in (handoff, state, message, corrected, answer, note, reminder, draft, ticket, told, who, gone, alarm)
}


def _head_of(at: Packing, handoff_id: UUID) -> SlackPost | None:
    query = select(SlackPost).where(SlackPost.handoff_id == handoff_id, SlackPost.kind == HEAD)
    return at.session.scalars(query.order_by(SlackPost.id.desc()).limit(1)).first()


def _changed(at: Packing, key: str, text: str, shown: Blocks) -> Packed | None:
    """What is kept as `key`, shown as it is now; None where it does not stand yet."""
    standing = posts.by_key(at.session, key)
    place = {"channel": standing.channel, "ts": standing.ts} if standing else {}
    return Packed(Call("chat.update", place | {"text": text, "blocks": shown})) if standing else None
