"""The copies of a conversation that stand in Slack: asked away before its rows go, while it is known where they are."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.models import Outgoing, SlackPost
from core.outbox import put


def take_away(session: Session, thread_id: UUID) -> int:
    """Have every post of the thread taken out of Slack, and post nothing more of it. Returns how many.

    For whoever deletes a visitor's data, in the same transaction and before the thread is deleted. What a worker is
    sending at this moment is taken away when it has arrived (`web.slack.posts.keep`). The rows written here carry the
    place alone, and no thread: they outlive it. The head of a handoff becomes a tombstone.
    """
    session.execute(delete(Outgoing).where(Outgoing.thread_id == thread_id, Outgoing.destination.startswith("slack:")))
    posts = session.scalars(select(SlackPost).where(SlackPost.thread_id == thread_id).order_by(SlackPost.id)).all()
    for post in posts:
        put_away(session, post.site_id, post.channel, post.ts, post.kind)
    return len(posts)


def put_away(session: Session, site_id: str, channel: str, ts: str, kind: str) -> None:
    """Have one post taken away; a handoff's head becomes a tombstone, below which staff find what they wrote."""
    put(
        session,
        site_id=site_id,
        destination=f"slack:{site_id}",
        kind="gone",
        key=f"slack:gone:{channel}:{ts.replace('.', '-')}",
        body={"channel": channel, "ts": ts, "kind": kind},
    )
