"""Buttons and modals: claim, reply, return, resolve; approve, edit or refuse a draft. Decided in the request itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import Conflict, DraftNotFound, HandoffClosed, HandoffNotFound, HandrailError
from core.log import get_logger
from core.models import Handoff, Message, Thread
from core.settings import Settings
from orchestrator import audit, desk, review
from orchestrator.inbox import checked
from orchestrator.people import ANSWERING, Person, check_role
from web.outgoing.posting import NoAnswer
from web.slack import people, phrases, views
from web.slack.api import Call, SlackApi, SlackFault, SlackRefused
from web.slack.views import FIELD, Writing
from web.slack.words import escaped

log = get_logger(__name__)

MODAL_SECONDS = 1.5  # of the three for which Slack holds a window's place


@dataclass(frozen=True)
class Reply:
    """What Slack is answered, and what it is told once it has its answer."""

    body: dict[str, Any] | None = None
    after: Call | None = None


@dataclass(frozen=True)
class Pressed:
    """A button: which one, for what, by whom, where; `trigger` opens a window for three seconds."""

    name: str
    value: str
    user: str
    trigger: str
    channel: str
    below: str


@dataclass(frozen=True)
class Submitted:
    """A modal that came back."""

    user: str
    window: str
    writing: Writing
    words: str


def read(payload: dict[str, Any]) -> Pressed | Submitted | None:
    """What somebody did. Raises KeyError, IndexError, TypeError, AttributeError or ValueError where Slack says else."""
    user = str(payload["user"]["id"])
    match payload["type"]:
        case "block_actions":
            one, below = payload["actions"][0], payload.get("message", {}).get("thread_ts", "")
            place, trigger = payload["channel"]["id"], str(payload["trigger_id"])
            return Pressed(str(one["action_id"]), str(one.get("value", "")), user, trigger, str(place), str(below))
        case "view_submission":
            view = payload["view"]
            writing = Writing.read(view)
            if writing.kind not in SUBMITS:
                raise ValueError(writing.kind)
            return Submitted(user, str(view["id"]), writing, views.words_in(view))
        case _:
            return None


def act(done: Pressed | Submitted, settings: Settings) -> Reply:
    """Do it, and say what Slack is to show."""
    return _pressed(done, settings) if isinstance(done, Pressed) else _submitted(done, settings)


def _pressed(done: Pressed, settings: Settings) -> Reply:
    if done.name not in BUTTONS and done.name not in WINDOWS:  # a link, which has opened by itself
        return Reply()
    try:
        person = people.find(settings, done.user)
        if person is None:
            return _told(done, phrases.NOT_STAFF)
        if done.name in WINDOWS:
            _open_window(WINDOWS[done.name], done.value, person, done.trigger, settings)
        else:
            with transaction() as session:
                BUTTONS[done.name](session, done.value, person)
    except HandrailError as error:
        return _told(done, _said(error, done.value))
    return Reply()


def _claim(session: Session, value: str, person: Person) -> None:
    handoff = desk.claim(session, _id(value), person)
    _note(session, person, "handoff.claimed", handoff)


def _give_back(session: Session, value: str, person: Person) -> None:
    desk.give_back(session, _id(value), person)
    _note(session, person, "handoff.returned", session.get_one(Handoff, _id(value)))


def _resolve(session: Session, value: str, person: Person) -> None:
    desk.resolve(session, _id(value), person)
    _note(session, person, "handoff.resolved", session.get_one(Handoff, _id(value)))


def _approve(session: Session, value: str, person: Person) -> None:
    held = review.approve(session, value, person)
    audit.note(session, person, "draft.approved", f"thread:{held.thread_id}", held.site_id, details={"draft": value})


BUTTONS: dict[str, Callable[[Session, str, Person], None]] = {
    "claim": _claim,
    "return": _give_back,
    "resolve": _resolve,
    "approve": _approve,
}


def _reply_window(session: Session, value: str, person: Person) -> dict[str, Any]:
    handoff, thread = _readable(session, value, person)
    if thread.owner not in {None, person.key}:
        raise Conflict(phrases.WITH_ANOTHER.format(who=handoff.claimed_by))
    said = select(Message.content).where(Message.thread_id == thread.id, Message.role == "visitor")
    asked = session.scalar(said.order_by(Message.position.desc()).limit(1)) or ""
    note = "Sending takes this conversation." if thread.owner is None else "You have this conversation."
    return views.reply(value, asked, note=note)


def _edit_window(session: Session, value: str, person: Person) -> dict[str, Any]:
    held = review.find(session, value)
    check_role(session, person, held.site_id, ANSWERING, DraftNotFound)
    if len(held.text) > views.LONGEST:
        raise Conflict("This draft is too long for Slack's windows: edit it at the desk.")
    return views.edit(value, held.text)


def _refuse_window(session: Session, value: str, person: Person) -> dict[str, Any]:
    check_role(session, person, review.find(session, value).site_id, ANSWERING, DraftNotFound)
    return views.refuse(value)


Window = Callable[[Session, str, Person], dict[str, Any]]
WINDOWS: dict[str, Window] = {"reply": _reply_window, "edit": _edit_window, "refuse": _refuse_window}


def _open_window(window: Window, value: str, person: Person, trigger: str, settings: Settings) -> None:
    with transaction() as session:
        view = window(session, value, person)
    SlackApi(settings, MODAL_SECONDS).ask("views.open", trigger_id=trigger, view=view)


def _submitted(done: Submitted, settings: Settings) -> Reply:
    try:
        person = people.find(settings, done.user)
        if person is None:
            return _refused(phrases.NOT_STAFF)
        checked(done.words)
        with transaction() as session:
            return SUBMITS[done.writing.kind](session, done.writing, done.words, person, done.window)
    except HandrailError as error:
        return _refused(_said(error, done.writing.subject))


def _send_reply(session: Session, writing: Writing, words: str, person: Person, window: str) -> Reply:
    handoff, thread = _readable(session, writing.subject, person)
    if writing.seen != views.fingerprint(words):
        return _shown(views.preview(writing, words, person.name))
    if thread.owner is None:
        desk.claim(session, handoff.id, person)
    desk.reply(session, handoff.id, person, words, once=f"slack:{window}")
    _note(session, person, "message.sent", handoff)
    return Reply({"response_action": "clear"})


def _send_edited(session: Session, writing: Writing, words: str, person: Person, _: str) -> Reply:
    held = review.find(session, writing.subject)
    check_role(session, person, held.site_id, ANSWERING, DraftNotFound)
    if writing.seen != views.fingerprint(words):
        return _shown(views.preview(writing, words, "Assistant"))
    review.approve(session, writing.subject, person, words)
    audit.note(session, person, "draft.edited", f"thread:{held.thread_id}", held.site_id)
    return Reply({"response_action": "clear"})


def _refuse(session: Session, writing: Writing, words: str, person: Person, _: str) -> Reply:
    held = review.refuse(session, writing.subject, person, words)
    audit.note(session, person, "draft.refused", f"thread:{held.thread_id}", held.site_id)
    return Reply({"response_action": "clear"})


SUBMITS: dict[str, Callable[[Session, Writing, str, Person, str], Reply]] = {
    "reply": _send_reply,
    "edit": _send_edited,
    "refuse": _refuse,
}


def _readable(session: Session, value: str, person: Person) -> tuple[Handoff, Thread]:
    """An open handoff of a site on which `person` may answer. Raises HandoffNotFound, HandoffClosed, RoleMissing."""
    handoff = session.get(Handoff, _id(value), populate_existing=True)
    thread = session.get(Thread, handoff.thread_id, populate_existing=True) if handoff else None
    if handoff is None or thread is None:
        raise HandoffNotFound
    check_role(session, person, handoff.site_id, ANSWERING, HandoffNotFound)
    if handoff.closed_at is not None:
        raise HandoffClosed
    return handoff, thread


def _id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise HandoffNotFound from None


def _note(session: Session, person: Person, action: str, handoff: Handoff) -> None:
    subject = f"thread:{handoff.thread_id}"
    audit.note(session, person, action, subject, handoff.site_id, details={"handoff": str(handoff.id)})


SAYS: dict[type[HandrailError], str] = {
    HandoffClosed: phrases.CLOSED,
    HandoffNotFound: phrases.UNKNOWN,
    DraftNotFound: phrases.NO_DRAFT,
    NoAnswer: phrases.AWAY,
}


def _said(error: HandrailError, value: str) -> str:
    """What went wrong, as somebody in Slack can act on it."""
    if isinstance(error, SlackRefused) and "trigger" in error.detail:
        return phrases.TOO_LATE
    if isinstance(error, SlackFault | SlackRefused):
        return phrases.AWAY
    if isinstance(error, Conflict) and "handrail desk" in error.detail:
        return _who_has(value)
    return SAYS.get(type(error), error.detail)


def _who_has(value: str) -> str:
    with transaction() as session:
        handoff = session.get(Handoff, _id(value))
        who = handoff.claimed_by if handoff else None
    return phrases.WITH_ANOTHER.format(who=who) if who else phrases.NOT_TAKEN


def _told(done: Pressed, words: str) -> Reply:
    """Say it to the one who pressed, where they did."""
    args = {"channel": done.channel, "user": done.user, "text": escaped(words)}
    return Reply(after=Call("chat.postEphemeral", args | ({"thread_ts": done.below} if done.below else {})))


def _refused(words: str) -> Reply:
    return Reply({"response_action": "errors", "errors": {FIELD: words}})


def _shown(view: dict[str, Any]) -> Reply:
    return Reply({"response_action": "update", "view": view})
