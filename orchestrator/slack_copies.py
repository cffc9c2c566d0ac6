"""The copies of a conversation that stand in Slack: asked away before its rows go, while it is known where they are."""

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.models import Outgoing, Site, SlackPost, Thread, WebhookEvent
from core.outbox import put

CLOCKS_DIFFER_S = 120.0
HEAD = "handoff"  # the kind of a handoff's post, below which the rest of the thread stands
# What the key of a post says: "slack:message:ID", and the same as the body of a row that has it shown anew.
IDS = {"message": ("message",), "state": ("handoff",), "draft": ("turn", "n"), "ticket": ("ticket",)}


def take_away(session: Session, thread_id: UUID) -> list[str]:
    """Have every post of the thread taken out of Slack, and post nothing more of it: the keys under which that leaves.

    For whoever deletes a visitor's data, in the same transaction and before the thread is deleted. What a worker is
    sending at this moment is taken away when it has arrived (`web.slack.posts.keep`), and what was sent before without
    an answer is sought there. The rows written here carry the place alone, and no thread: they outlive it. The head of
    a handoff becomes a tombstone.
    """
    posts = session.scalars(select(SlackPost).where(SlackPost.thread_id == thread_id).order_by(SlackPost.id)).all()
    ours = (Outgoing.thread_id == thread_id) & Outgoing.destination.startswith("slack:")
    tried = ours & (Outgoing.attempts > 0) & Outgoing.state.in_(("pending", "dead"))
    sought = [
        _seek(session, row, posts) for row in session.scalars(select(Outgoing).where(tried).order_by(Outgoing.id))
    ]
    on_its_way = ours & (Outgoing.state == "pending") & (Outgoing.leased_until > func.statement_timestamp())
    # It must stay to be settled, or nobody would learn where it has come to stand.
    session.execute(update(Outgoing).where(on_its_way).values(thread_id=None))
    session.execute(delete(Outgoing).where(ours))
    for head in (post for post in posts if post.kind == HEAD):
        _forget_events(session, head)
    return [*(put_away(session, post.site_id, post.channel, post.ts, post.kind) for post in posts), *sought]


def _seek(session: Session, row: Outgoing, posts: Sequence[SlackPost]) -> str:
    """Have it looked for, and deleted, in the site's channel and below each of our posts: it may stand there."""
    channel = session.scalar(select(Site.slack_channel).where(Site.id == row.site_id)) or ""
    places = [(channel, "")] if channel else []
    places += [(post.channel, post.ts) for post in posts if post.kind in {HEAD, "question"}]
    since = row.created_at.timestamp() - CLOCKS_DIFFER_S
    key = f"slack:sought:{row.id}"
    put(
        session,
        site_id=row.site_id,
        destination=row.destination,
        kind="sought",
        key=key,
        body={"key": row.key, "since": since, "places": places},
    )
    return key


def _forget_events(session: Session, head: SlackPost) -> None:
    """What staff wrote below it, and nobody has carried out, or could; of what was, the words have gone already.

    They may be sealed, so each is looked at.
    """
    left = (WebhookEvent.site_id == head.site_id, WebhookEvent.source == "slack", WebhookEvent.state != "done")
    rows = session.execute(select(WebhookEvent.id, WebhookEvent.data).where(*left))
    below = [row.id for row in rows if (row.data.get("channel"), row.data.get("thread_ts")) == (head.channel, head.ts)]
    session.execute(delete(WebhookEvent).where(WebhookEvent.id.in_(below)))


def put_away(session: Session, site_id: str, channel: str, ts: str, kind: str) -> str:
    """Have one post taken away; a handoff's head becomes a tombstone, below which staff find what they wrote."""
    key = f"slack:gone:{channel}:{ts.replace('.', '-')}"
    place = {"channel": channel, "ts": ts, "kind": kind}
    put(session, site_id=site_id, destination=f"slack:{site_id}", kind="gone", key=key, body=place)
    return key


def show_anew(session: Session, thread_id: UUID, message_id: UUID) -> None:
    """Part of a message was taken out after staff had it: every post that quotes it shows it as it is by now.

    One that a worker is sending at this moment, too: what goes to Slack goes in order.
    """
    standing = (SlackPost.thread_id == thread_id) & SlackPost.kind.in_((HEAD, "message", "draft", "ticket"))
    posts = session.scalars(select(SlackPost).where(standing).order_by(SlackPost.id)).all()
    quoting = {f"slack:message:{message_id}"}
    for before, post in pairwise([None, *posts]):
        if post is not None and (post.kind != "message" or (before is not None and before.kind == HEAD)):
            quoting.add(f"slack:state:{post.handoff_id}" if post.kind == HEAD else post.key)
    site_id = session.scalar(select(Thread.site_id).where(Thread.id == thread_id)) or ""
    for key in sorted(quoting):
        _, kind, *ids = key.split(":")
        put(
            session,
            site_id=site_id,
            destination=f"slack:{site_id}",
            kind="corrected" if kind == "message" else kind,
            key=f"slack:corrected:{kind}:{uuid4().hex}",
            body=dict(zip(IDS[kind], ids, strict=True)),
            thread_id=thread_id,
            where=Site.slack_channel != "",
        )
