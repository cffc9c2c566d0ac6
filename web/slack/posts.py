"""What stands in Slack for what is known here: kept when it was posted, found again to answer below it or change it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import SlackPost, Thread
from orchestrator.slack_copies import put_away

HEAD, QUESTION = "handoff", "question"  # the first posts of a Slack thread: ours, and that of somebody who asked


def keep(
    session: Session,
    *,
    key: str,
    site_id: str,
    thread_id: UUID | None,
    kind: str,
    channel: str,
    ts: str,
    handoff_id: UUID | None = None,
) -> None:
    """Note that it stands there. What it shows may have been deleted meanwhile: then it is taken away again."""
    if thread_id is not None:
        there = select(Thread.id).where(Thread.id == thread_id).with_for_update(read=True)
        if session.scalar(there) is None:
            put_away(session, site_id, channel, ts, kind)
            return
    row = {"key": key, "site_id": site_id, "thread_id": thread_id, "handoff_id": handoff_id}
    row |= {"kind": kind, "channel": channel, "ts": ts}
    session.execute(insert(SlackPost).values(row).on_conflict_do_nothing())


def by_key(session: Session, key: str) -> SlackPost | None:
    """What was posted under `key`."""
    return session.scalars(select(SlackPost).where(SlackPost.key == key)).one_or_none()


def standing_at(session: Session, channel: str, ts: str) -> SlackPost | None:
    """What stands at this place."""
    return session.scalars(select(SlackPost).where(SlackPost.channel == channel, SlackPost.ts == ts)).one_or_none()


def head_of(session: Session, thread_id: UUID, kind: str = HEAD) -> SlackPost | None:
    """The newest head of a thread: where it is mirrored (HEAD), or where it was asked (QUESTION)."""
    here = (SlackPost.thread_id == thread_id) & (SlackPost.kind == kind)
    return session.scalars(select(SlackPost).where(here).order_by(SlackPost.id.desc()).limit(1)).first()


def first_below(session: Session, head: SlackPost) -> int | None:
    """The first post below `head` with something of the conversation: before it stands what was said until then."""
    below = (SlackPost.thread_id == head.thread_id) & (SlackPost.kind == "message") & (SlackPost.id > head.id)
    return session.scalar(select(SlackPost.id).where(below).order_by(SlackPost.id).limit(1))
