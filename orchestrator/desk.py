"""What staff do with a thread: claim, reply, give back, resolve. Who has it is decided under its lock."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import bus
from core.errors import Conflict, HandoffNotFound
from core.models import Handoff, Thread
from orchestrator.events import PersonClaimed
from orchestrator.inbox import checked
from orchestrator.journal import lock_thread, open_turn_of, record
from orchestrator.messages import say


def waiting(session: Session, site_id: str | None = None) -> Sequence[Handoff]:
    """The open handoffs, the longest waiting first."""
    query = select(Handoff).where(Handoff.closed_at.is_(None)).order_by(Handoff.created_at)
    return session.scalars(query.where(Handoff.site_id == site_id) if site_id else query).all()


def claim(session: Session, number: int, person: str) -> Handoff:
    """`person` takes the thread: from here on the bot is silent. Raises HandoffNotFound, Conflict."""
    handoff, thread = _open(session, number)
    if handoff.claimed_by and handoff.claimed_by != person:
        raise Conflict(f"{handoff.claimed_by} has this conversation already.")
    if turn := open_turn_of(session, thread.id):
        record(session, turn, PersonClaimed(person))
    if handoff.claimed_by is None:
        handoff.claimed_by, handoff.status, handoff.claimed_at = person, "claimed", func.now()
        thread.status, thread.owner = "person", person
        _note(session, thread, f"{person} has joined the conversation.")
        bus.tell(session, thread.id, "state", state="person")
    return handoff


def reply(session: Session, number: int, person: str, text: str) -> None:
    """Send `text` to the visitor. Raises HandoffNotFound, Conflict where `person` has not claimed the thread."""
    _, thread = _owned(session, number, person)
    say(session, thread.id, "staff", checked(text))


def give_back(session: Session, number: int, person: str) -> None:
    """The bot answers again. Raises HandoffNotFound, Conflict."""
    _close(session, number, person, "returned", "The assistant answers again.")


def resolve(session: Session, number: int, person: str) -> None:
    """The question is settled. Raises HandoffNotFound, Conflict."""
    _close(session, number, person, "resolved", "This conversation was marked as resolved. Write again at any time.")


def _close(session: Session, number: int, person: str, status: str, words: str) -> None:
    handoff, thread = _owned(session, number, person)
    handoff.status, handoff.closed_at = status, func.now()
    thread.status, thread.owner = "bot", None
    _note(session, thread, words)


def _open(session: Session, number: int) -> tuple[Handoff, Thread]:
    handoff = session.scalars(
        select(Handoff).where(Handoff.number == number, Handoff.closed_at.is_(None))
    ).one_or_none()
    thread = lock_thread(session, handoff.thread_id) if handoff else None
    if handoff is None or thread is None:
        raise HandoffNotFound
    session.refresh(handoff)  # as it is now that the thread is ours
    if handoff.closed_at is not None:
        raise HandoffNotFound
    return handoff, thread


def _owned(session: Session, number: int, person: str) -> tuple[Handoff, Thread]:
    handoff, thread = _open(session, number)
    if handoff.claimed_by != person:
        raise Conflict(f"Claim it first: handrail desk claim {number} (it is with {handoff.claimed_by or 'nobody'}).")
    return handoff, thread


def _note(session: Session, thread: Thread, words: str) -> None:
    say(session, thread.id, "system", words)
