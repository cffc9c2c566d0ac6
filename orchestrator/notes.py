"""What staff tell each other about a thread: in a table of its own, which no visitor's or brain's way leads to."""

from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import ThreadNotFound
from core.models import Note
from core.models.sealed import owned
from orchestrator import tokens
from orchestrator.case import lock_thread
from orchestrator.inbox import checked
from orchestrator.people import ANSWERING, Person, check_role
from orchestrator.told import tell_staff

SLACK = "slack"


def note(
    session: Session, thread_id: UUID, person: Person, text: str, *, source: str = "desk", source_id: str | None = None
) -> UUID:
    """Keep `text` for staff alone: the note's id. The same `source_id` ("slack:CHANNEL:TS") twice is one note.

    A role is needed at the desk. What comes from Slack stands in the channel already, whoever wrote it there.
    Raises ThreadNotFound, RoleMissing, MessageEmpty, MessageTooLong or MessageNotText.
    """
    words = checked(text)
    thread = lock_thread(session, thread_id)
    if thread is None:
        raise ThreadNotFound
    if source != SLACK:
        check_role(session, person, thread.site_id, ANSWERING, ThreadNotFound)
    words, id_ = tokens.hidden(session, thread_id, words), uuid4()
    row = {"id": id_, "thread_id": thread_id, "author": person.name, "content": owned(thread_id, words)}
    added = insert(Note).values(**row, source=source, source_id=source_id).on_conflict_do_nothing()
    if session.scalar(added.returning(Note.id)) is None:
        return session.scalars(select(Note.id).where(Note.source_id == source_id)).one()
    tell_staff(session, thread_id, "note", note=id_)
    return id_


def change(session: Session, source_id: str, text: str) -> bool:
    """Its author has edited the note of `source_id`; False where there is none. Raises as `note` does for text."""
    words = checked(text)
    thread_id = session.scalar(select(Note.thread_id).where(Note.source_id == source_id))
    if thread_id is None:
        return False
    kept = owned(thread_id, tokens.hidden(session, thread_id, words))
    return _change(session, source_id, content=kept, edited_at=func.now())


def withdraw(session: Session, source_id: str) -> bool:
    """Its author has taken the note of `source_id` back; False where there is none."""
    return _change(session, source_id, content="", deleted_at=func.now())


def _change(session: Session, source_id: str, **values: object) -> bool:
    there = (Note.source_id == source_id) & Note.deleted_at.is_(None)
    row = session.execute(update(Note).where(there).values(**values).returning(Note.id, Note.thread_id)).one_or_none()
    if row is None:
        return False
    tell_staff(session, row.thread_id, "note", once=f"{row.id}:{uuid4().hex}", note=row.id)
    return True
