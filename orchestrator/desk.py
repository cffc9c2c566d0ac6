"""What staff do with a thread: claim, reply, give back, resolve, step in. Who has it is decided under its lock.

Each act looks again whether the person's role allows it, after the lock: a role can be taken away at any time. Whoever
has no role on a site learns nothing of it: its handoffs are unknown to them, like any number that is none.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core import bus
from core.errors import Conflict, HandoffClosed, HandoffNotFound, ThreadNotFound
from core.models import Handoff, Thread
from core.settings import get_settings
from orchestrator import figures, inbox, tokens
from orchestrator.case import lock_thread
from orchestrator.events import PersonClaimed
from orchestrator.inbox import checked
from orchestrator.journal import open_turn_of, record
from orchestrator.messages import say
from orchestrator.notes import note
from orchestrator.people import ANSWERING, STEPPING_IN, Person, check_role
from orchestrator.told import tell_staff
from tools import letters

__all__ = ["claim", "find", "give_back", "note", "reply", "resolve", "take", "take_over", "waiting"]

Which = int | UUID  # a handoff's number, or its id

BY_PRIORITY = case({"urgent": 0, "high": 1, "normal": 2, "low": 3}, value=Handoff.priority, else_=2)
TAKEN = "Somebody of the staff took the conversation."


def waiting(session: Session, site_id: str | None = None) -> Sequence[Handoff]:
    """The open handoffs: the most urgent first, then the longest waiting."""
    query = select(Handoff).where(Handoff.closed_at.is_(None)).order_by(BY_PRIORITY, Handoff.created_at)
    return session.scalars(query.where(Handoff.site_id == site_id) if site_id else query).all()


def find(session: Session, which: Which) -> Handoff:
    """The handoff of this number or id, open or closed. Raises HandoffNotFound."""
    column = Handoff.number if isinstance(which, int) else Handoff.id
    handoff = session.scalars(select(Handoff).where(column == which)).one_or_none()
    if handoff is None:
        raise HandoffNotFound
    return handoff


def claim(session: Session, which: Which, person: Person) -> Handoff:
    """`person` takes the thread: from here on the bot is silent. Twice is once.

    Raises HandoffNotFound, HandoffClosed, RoleMissing, and Conflict where somebody else has it.
    """
    handoff, thread = _open(session, which, person)
    if thread.owner not in {None, person.key}:
        raise Conflict(f"{handoff.claimed_by} has this conversation already.")
    if thread.owner is None:
        _give(session, handoff, thread, person)
    return handoff


def take(session: Session, thread_id: UUID, person: Person) -> Handoff:
    """`person` steps into a thread that nobody asked them into, or that waits. For supervisors.

    Raises ThreadNotFound, RoleMissing, and Conflict where somebody has it.
    """
    thread = lock_thread(session, thread_id)
    if thread is None:
        raise ThreadNotFound
    check_role(session, person, thread.site_id, STEPPING_IN, ThreadNotFound)
    standing = select(Handoff).where(Handoff.thread_id == thread_id, Handoff.closed_at.is_(None))
    handoff = session.scalars(standing, execution_options={"populate_existing": True}).one_or_none()
    if handoff is not None:
        return claim(session, handoff.id, person)
    handoff = Handoff(
        id=uuid4(), key=f"taken:{uuid4()}", site_id=thread.site_id, thread_id=thread_id, reason=TAKEN, waits_since=None
    )
    session.add(handoff)
    session.flush()
    tell_staff(session, thread_id, "handoff", handoff=handoff.id)
    _give(session, handoff, thread, person)
    return handoff


def take_over(session: Session, which: Which, person: Person) -> Handoff:
    """`person` has the thread from now on, whoever has had it. For supervisors.

    Raises HandoffNotFound, HandoffClosed, RoleMissing.
    """
    handoff, thread = _open(session, which, person, STEPPING_IN)
    if thread.owner != person.key:
        _give(session, handoff, thread, person)
    return handoff


def reply(session: Session, which: Which, person: Person, text: str, once: str = "") -> UUID | None:
    """Send `text` to the visitor: the message's id, or None where it went out before under the same `once`.

    Raises HandoffNotFound, HandoffClosed, RoleMissing, Conflict where `person` has not claimed the thread, and
    MessageEmpty, MessageTooLong or MessageNotText.
    """
    words = checked(text)
    handoff, thread = _owned(session, which, person)
    words = tokens.hidden(session, thread.id, words)
    # A visitor's own ids have no space, so none of them can take this one's place.
    known = f"staff {sha256(once.encode()).hexdigest()[:48]}" if once else None
    handoff.waits_since = handoff.reminded_at = None
    said = say(session, thread.id, "staff", words, author=person.name, client_msg_id=known)
    if said is not None:  # who has left reads it by mail, unless they come back soon
        letters.staff_replied(session, thread.site_id, thread.id, said, after_s=get_settings().mail_reply_seconds)
    return said


def give_back(session: Session, which: Which, person: Person) -> None:
    """The bot answers again, at once where the visitor's last words have no answer. Raises as `claim`."""
    thread = _close(session, which, person, "returned", "The assistant answers again.")
    inbox.take_up(session, thread.id)


def resolve(session: Session, which: Which, person: Person) -> None:
    """The question is settled. Raises as `claim`."""
    _close(session, which, person, "resolved", "This conversation was marked as resolved. Write again at any time.")


def _give(session: Session, handoff: Handoff, thread: Thread, person: Person) -> None:
    if turn := open_turn_of(session, thread.id):
        record(session, turn, PersonClaimed(person.name))
    if handoff.claimed_at is None and handoff.key[:6] != "taken:":
        figures.HANDOFF_WAITS.observe((datetime.now(UTC) - handoff.created_at).total_seconds())
    handoff.claimed_by, handoff.status, handoff.claimed_at = person.name, "claimed", func.now()
    handoff.reminded_at = None
    thread.status, thread.owner = "person", person.key
    say(session, thread.id, "system", f"{person.name} has joined the conversation.")
    bus.tell(session, thread.id, "state", state="person")
    tell_staff(session, thread.id, "state", handoff=handoff.id)


def _close(session: Session, which: Which, person: Person, status: str, words: str) -> Thread:
    handoff, thread = _owned(session, which, person)
    say(session, thread.id, "system", words)
    handoff.status, handoff.closed_at, handoff.waits_since = status, func.now(), None
    thread.status, thread.owner = "bot", None
    session.flush()
    bus.tell(session, thread.id, "state", state="bot")
    tell_staff(session, thread.id, "state", handoff=handoff.id)
    return thread


def _open(
    session: Session, which: Which, person: Person, allowed: frozenset[str] = ANSWERING
) -> tuple[Handoff, Thread]:
    handoff = find(session, which)
    thread = lock_thread(session, handoff.thread_id)
    if thread is None:  # deleted just now
        raise HandoffNotFound
    check_role(session, person, handoff.site_id, allowed, HandoffNotFound)
    session.refresh(handoff)  # as it is now that the thread is ours
    if handoff.closed_at is not None:
        raise HandoffClosed
    return handoff, thread


def _owned(session: Session, which: Which, person: Person) -> tuple[Handoff, Thread]:
    handoff, thread = _open(session, which, person)
    if thread.owner != person.key:
        number, who = handoff.number, handoff.claimed_by or "nobody"
        raise Conflict(f"Claim it first: handrail desk claim {number} (it is with {who}).")
    return handoff, thread
