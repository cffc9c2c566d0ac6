"""A shop with documents in real files, answered from by the built-in brain: for tests of what answers rest on."""

from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select

from brain.extractive import Extractive
from core import db
from core.models import Message, Thread, Visitor
from core.settings import get_settings
from kb.documents.indexer import index_all
from kb.documents.registering import register_folder
from kb.sources.source import find_sources
from orchestrator import inbox
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE, make_site
from tests.kb.steps import aged
from tools.catalog import TOOLS

RETURNS = "# Returns\n\nYou can send a lantern back within 60 days of delivery. Gas canisters never come back.\n"
SHIPPING = "# Shipping\n\nWe ship to Norway for 9.90 EUR. A parcel to Norway takes 3 to 5 days.\n"
QUESTION = "Within how many days can I send a lantern back?"

EDITS = iter(range(1, 10_000))


def open_shop(folder: Path, site: str = SITE, **documents: str) -> None:
    """The site, and these documents live in it."""
    with db.transaction() as session:
        make_site(session, site)
    publish(folder, site, **documents or {"returns": RETURNS, "shipping": SHIPPING})


def publish(folder: Path, site: str = SITE, **documents: str) -> None:
    """Save these in the folder, and have it read again."""
    folder.mkdir(exist_ok=True)
    for name, text in documents.items():
        (folder / f"{name}.md").write_text(text)
    read_again(folder, site)


def read_again(folder: Path, site: str = SITE) -> None:
    """Register the folder as it is now, and index what has changed."""
    aged(folder, by=next(EDITS))
    with db.transaction() as session:
        register_folder(session, site_id=site, folder=find_sources(str(folder)))
    index_all(site, lambda _, __: None)


def ask(words: str = QUESTION, site: str = SITE) -> Message:
    """What the assistant answers in a new conversation."""
    with db.transaction() as session:
        visitor = Visitor(site_id=site)
        session.add(visitor)
        session.flush()
        thread = Thread(site_id=site, visitor_id=visitor.id, channel="web", status="bot")
        session.add(thread)
        session.flush()
        inbox.accept(session, thread, words, str(uuid4()))
    take_turn(thread.id, World(get_settings(), (Extractive(),), TOOLS))
    return said_in(thread.id)


def said_in(thread_id: UUID) -> Message:
    """What the assistant said last in a conversation."""
    with db.transaction() as session:
        wanted = select(Message).where(Message.thread_id == thread_id, Message.role == "agent")
        return session.scalars(wanted.order_by(Message.position.desc()).limit(1)).one()
