"""Where every message enters, from whatever channel: stored once, and its turn opened or joined, in one transaction."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.direct import Statement
from core.errors import MessageEmpty, MessageNotText, MessageTooLong, ThreadNotFound
from core.models import Handoff, Message, Thread, Visitor
from core.privacy.cleaning import clean
from core.settings import get_settings
from kb.analysis.language import language_of
from orchestrator import tokens
from orchestrator.case import Case, lock_case
from orchestrator.events import PersonAskedFor, VisitorSaid
from orchestrator.guards import encoding
from orchestrator.journal import open_turn, open_turn_of, record
from orchestrator.memory import unanswered_messages
from orchestrator.messages import say
from orchestrator.open_turns import OpenTurn
from orchestrator.phrases import removed
from orchestrator.removing import without_secrets
from tools.tickets import visitor_named, visitor_wrote

KNOWN = Statement("SELECT id, turn_id FROM messages WHERE thread_id = :thread_id AND client_msg_id = :client_msg_id")
WAITS = Statement(
    "UPDATE handoffs SET waits_since = now() WHERE thread_id = :thread_id AND waits_since IS NULL AND closed_at IS NULL"
)
SPEAKS = Statement("UPDATE threads SET language = :language WHERE id = :thread_id")
WITH_A_PERSON = ("waiting", "person")


@dataclass(frozen=True)
class Accepted:
    """A message that is stored. `turn_id` is None where a person has the thread, or is awaited."""

    message_id: UUID
    turn_id: UUID | None
    duplicate: bool = False


def open_thread(
    session: Session,
    site_id: str,
    channel: str,
    *,
    visitor: Visitor | None = None,
    email: str | None = None,
    trial: bool = False,
) -> Thread:
    """A new conversation of `visitor`, or of a new one whose address `email` is proven.

    Of a `trial` nobody is told, staff do not see it, and whoever opened it takes its turns.
    """
    if visitor is None:
        visitor = Visitor(id=uuid4(), site_id=site_id, verified_email=email)
        session.add(visitor)
        session.flush()
    thread = Thread(id=uuid4(), site_id=site_id, visitor_id=visitor.id, channel=channel, status="bot", trial=trial)
    session.add(thread)
    session.flush()
    return thread


def accept(session: Session, thread: Thread, given: str, client_msg_id: str) -> Accepted:
    """Store what the visitor said, once per `client_msg_id`, and see that it is answered.

    Raises MessageEmpty, MessageTooLong, MessageNotText, ThreadNotFound.
    """
    words = legible(given)
    case = _locked(session, thread)
    if known := KNOWN.row(session, thread_id=case.thread_id, client_msg_id=client_msg_id):
        return Accepted(known.id, known.turn_id, duplicate=True)
    cleaned = without_secrets(session, case.thread_id, words)
    words = tokens.put_away(session, case.thread_id, cleaned.text)
    case = _heard_in(session, case, words)
    if cleaned.found:  # first, so that the visitor's message stays the newest
        say(session, case.thread_id, "system", removed(cleaned.found, case.language))
    turn = None if case.status in WITH_A_PERSON else _turn(session, case)
    turn_id = turn.id if turn else None
    message_id = say(session, case.thread_id, "visitor", words, turn_id=turn_id, client_msg_id=client_msg_id)
    assert message_id is not None  # the thread is locked: nobody has stored it in between
    if case.ticket_pending:
        visitor_wrote(session, case.thread_id)
    _note_address(session, case, words)
    if case.status == "person":
        WAITS.run(session, thread_id=case.thread_id)
    if turn is not None:
        turn.heard[str(message_id)] = words
        record(session, turn, VisitorSaid(str(message_id)))
    return Accepted(message_id, turn_id)


def call_person(session: Session, thread: Thread, reason: str) -> UUID:
    """The visitor wants a person: the id of the handoff in which the thread now waits. Twice is once."""
    case = _locked(session, thread)
    if case.status not in WITH_A_PERSON:
        said = tokens.put_away(session, case.thread_id, clean(reason).text)
        record(session, _turn(session, case), PersonAskedFor(said))
    waiting = select(Handoff.id).where(Handoff.thread_id == case.thread_id, Handoff.closed_at.is_(None))
    return session.scalars(waiting).one()


def checked(given: str) -> str:
    """What staff write as it may be stored: without anybody's card, account, identity number or secret.

    Raises MessageEmpty, MessageTooLong or MessageNotText.
    """
    return clean(legible(given)).text


def legible(given: str) -> str:
    """`given` as text of a size that is read. Raises MessageEmpty, MessageTooLong or MessageNotText."""
    words = given.replace("\r\n", "\n").strip()
    if not words:
        raise MessageEmpty
    if len(words) > (longest := get_settings().message_max_chars):
        raise MessageTooLong(f"The message has {len(words)} characters, {longest} are possible: shorten or split it.")
    if "\x00" in words or not encoding.check(words).passed:
        raise MessageNotText
    return words


def _locked(session: Session, thread: Thread) -> Case:
    case = lock_case(session, thread.id)
    if case is None:
        raise ThreadNotFound
    return case


def _turn(session: Session, case: Case) -> OpenTurn:
    return open_turn_of(session, case.thread_id) or open_turn(session, case, get_settings())


def take_up(session: Session, thread_id: UUID) -> UUID | None:
    """Have the bot answer what nobody has answered yet, now that it has the thread again: the turn, or None.

    Not in shadow mode: there the thread would come straight back to the person who gives it away.
    """
    case = lock_case(session, thread_id)
    open_words = unanswered_messages(session, thread_id)
    if case is None or case.mode == "shadow" or not open_words:
        return None
    turn = _turn(session, case)
    ids = [message_id for message_id, _ in open_words]
    session.execute(update(Message).where(Message.id.in_(ids)).values(turn_id=turn.id))
    for message_id, words in open_words:
        turn.heard[str(message_id)] = words
        record(session, turn, VisitorSaid(str(message_id)))
    return turn.id


def _heard_in(session: Session, case: Case, words: str) -> Case:
    """`case` with its language, known from the first words that tell it: staff see it, and phrases are said in it."""
    if case.language or not (language := language_of(words)):
        return case
    SPEAKS.run(session, thread_id=case.thread_id, language=language)
    return replace(case, language=language)


def _note_address(session: Session, case: Case, words: str) -> None:
    """An address that the visitor writes completes the tickets of this thread that lack one."""
    address = tokens.address_in(session, case.thread_id, words)
    if address and visitor_named(session, case.thread_id, address):
        session.get_one(Visitor, case.visitor_id).contact_email = address
