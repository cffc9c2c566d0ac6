"""Where every message enters, from whatever channel: stored once, and its turn opened or joined, in one transaction."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import MessageEmpty, MessageNotText, MessageTooLong, ThreadNotFound
from core.log import EMAIL
from core.models import Handoff, Message, Thread, Ticket, Turn, Visitor
from core.settings import get_settings
from orchestrator.events import PersonAskedFor, VisitorSaid
from orchestrator.guards import encoding
from orchestrator.inside import add_message
from orchestrator.journal import lock_thread, open_turn, open_turn_of, record

WITH_A_PERSON = ("waiting", "person")


@dataclass(frozen=True)
class Accepted:
    """A message that is stored. `turn_id` is None where a person has the thread, or is awaited."""

    message_id: UUID
    turn_id: UUID | None
    duplicate: bool = False


def open_thread(
    session: Session, site_id: str, channel: str, *, visitor: Visitor | None = None, email: str | None = None
) -> Thread:
    """A new conversation of `visitor`, or of a new one whose address `email` is proven."""
    if visitor is None:
        visitor = Visitor(id=uuid4(), site_id=site_id, verified_email=email)
        session.add(visitor)
        session.flush()
    thread = Thread(id=uuid4(), site_id=site_id, visitor_id=visitor.id, channel=channel, status="bot")
    session.add(thread)
    session.flush()
    return thread


def accept(session: Session, thread: Thread, text: str, client_msg_id: str) -> Accepted:
    """Store what the visitor said, once per `client_msg_id`, and see that it is answered.

    Raises MessageEmpty, MessageTooLong, MessageNotText, ThreadNotFound.
    """
    words = checked(text)
    thread = _locked(session, thread)
    if known := _known(session, thread.id, client_msg_id):
        return Accepted(known.id, known.turn_id, duplicate=True)
    message = Message(thread_id=thread.id, role="visitor", content=words, client_msg_id=client_msg_id, citations=[])
    add_message(session, message)
    _note_address(session, thread, words)
    if thread.status in WITH_A_PERSON:
        return Accepted(message.id, None)
    turn = _turn(session, thread)
    message.turn_id = turn.id
    record(session, turn, VisitorSaid(str(message.id)))
    return Accepted(message.id, turn.id)


def call_person(session: Session, thread: Thread, reason: str) -> UUID:
    """The visitor wants a person: the id of the handoff in which the thread now waits. Twice is once."""
    thread = _locked(session, thread)
    if thread.status not in WITH_A_PERSON:
        record(session, _turn(session, thread), PersonAskedFor(reason))
    return session.scalars(select(Handoff.id).where(Handoff.thread_id == thread.id, Handoff.closed_at.is_(None))).one()


def checked(text: str) -> str:
    """`text` as it may be stored. Raises MessageEmpty, MessageTooLong or MessageNotText."""
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise MessageEmpty
    if len(words) > (longest := get_settings().message_max_chars):
        raise MessageTooLong(f"The message has {len(words)} characters, {longest} are possible: shorten or split it.")
    if "\x00" in words or not encoding.check(words).passed:
        raise MessageNotText
    return words


def _locked(session: Session, thread: Thread) -> Thread:
    locked = lock_thread(session, thread.id)
    if locked is None:
        raise ThreadNotFound
    return locked


def _known(session: Session, thread_id: UUID, client_msg_id: str) -> Message | None:
    query = select(Message).where(Message.thread_id == thread_id, Message.client_msg_id == client_msg_id)
    return session.scalars(query).one_or_none()


def _turn(session: Session, thread: Thread) -> Turn:
    return open_turn_of(session, thread.id) or open_turn(session, thread, get_settings())


def _note_address(session: Session, thread: Thread, words: str) -> None:
    """An address that the visitor writes completes the tickets of this thread that lack one."""
    found = EMAIL.search(words)
    if found is None:
        return
    waiting = session.scalars(select(Ticket).where(Ticket.thread_id == thread.id, Ticket.email.is_(None))).all()
    for ticket in waiting:
        ticket.email = found.group()
    if waiting:
        session.get_one(Visitor, thread.visitor_id).contact_email = found.group()
