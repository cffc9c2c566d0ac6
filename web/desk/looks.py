"""That somebody looked at a conversation is written down, once for a page that shows itself anew again and again."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.models import AuditEntry, Thread
from orchestrator.review import Held
from web.deps import address
from web.desk.entry import Visit

READ_AGAIN = timedelta(minutes=10)


def note_look(session: Session, visit: Visit, action: str, what: Thread | Held) -> None:
    """Note `action` ("thread.read") of this conversation, or of a draft in it."""
    thread_id: UUID = what.id if isinstance(what, Thread) else what.thread_id
    subject = f"thread:{thread_id}"
    lately = exists().where(
        AuditEntry.subject == subject,
        AuditEntry.action == action,
        AuditEntry.staff_id == visit.login.staff_id,
        AuditEntry.address == address(visit.request),
        AuditEntry.at > func.now() - READ_AGAIN,
    )
    if not session.scalar(select(lately)):
        visit.note(session, action, subject, what.site_id)
