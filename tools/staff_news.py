"""What staff are told, in Slack and at the live desk: that something happened, and to which row. Never what was said.

Whoever shows it reads the row when it is shown, so nothing personal waits in the outbox, and what has been deleted
meanwhile is gone.
"""

from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus, outbox
from core.models import Site, Thread

ONCE = {"handoff", "message", "note", "ticket"}  # told of each row once; of others as often as they change


def ring(session: Session, site_id: str, thread_id: UUID, what: str, *, once: str = "", **ids: object) -> None:
    """As `ring_for`, unless the conversation is a trial: of those nobody is told."""
    if not session.scalar(select(Thread.trial).where(Thread.id == thread_id)):
        ring_for(session, site_id, thread_id, what, slack=True, once=once, **ids)


def ring_for(
    session: Session,
    site_id: str,
    thread_id: UUID,
    what: str,
    *,
    slack: bool = True,
    once: str = "",
    **ids: object,
) -> None:
    """Tell the desk of `site_id`, and `slack` where the site has a channel.

    Slack's row: destination "slack:SITE", kind `what`, the thread, and `ids` as its body. `once` makes its key.
    """
    told = {name: str(id_) for name, id_ in ids.items()}
    bus.tell_desk(session, site_id, what, thread=thread_id, **told)
    if not slack:
        return
    once = once or (":".join(told.values()) if what in ONCE else uuid4().hex)
    outbox.put(
        session,
        site_id=site_id,
        destination=f"slack:{site_id}",
        kind=what,
        key=f"slack:{what}:{once}",
        body=told,
        thread_id=thread_id,
        where=Site.slack_channel != "",
    )
