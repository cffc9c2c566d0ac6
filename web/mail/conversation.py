"""A conversation as its visitor may have it: in a letter, as a page, as JSON. Notes and the journal are not in it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Message, Site, Thread
from orchestrator import tokens
from web.mail.letter import Letter, Said, html
from web.mail.phrases import Phrases, phrases


def said_in(session: Session, thread: Thread, say: Phrases) -> Iterator[Said]:
    """What everybody said, oldest first, answers with their sources."""
    names = {"visitor": say.you, "agent": say.agent, "staff": say.team, "system": ""}
    rows = session.scalars(select(Message).where(Message.thread_id == thread.id).order_by(Message.position))
    drawer = tokens.drawer(session, thread.id)
    for row in rows:
        sources = [f"[{each['n']}] {each['title']} {each.get('url') or ''}".rstrip() for each in row.citations]
        words = "\n".join([drawer.opened(row.content), *sources])
        yield Said(words, who=row.author or names.get(row.role, ""), when=shown_moment(row.created_at))


def page(session: Session, thread: Thread) -> str:
    """The conversation as an HTML page that stands by itself."""
    language, say = phrases(thread.language)
    site = session.get_one(Site, thread.site_id)
    title = say.transcript_subject.format(site=site.name)
    return html(Letter("", title, (title, *said_in(session, thread, say)), language))


def shown_moment(at: datetime) -> str:
    """As letters write it: 2026-11-22 14:05 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
