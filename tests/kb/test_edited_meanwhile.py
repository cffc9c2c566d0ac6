"""A source that changes while it is read: what came of the old state is never the last word."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from core import bus
from core.db import transaction
from core.embedded import Addresses
from core.models import Document
from core.queue import QUEUES, Job
from kb.documents.claims import Claim
from kb.documents.indexer import due, index_document
from kb.documents.registering import register
from kb.errors import EmbedderUnavailable
from kb.search.hybrid import search
from kb.sources.source import Source
from tests.conftest import SITE, make_site
from tests.kb.samples import Hashing

SIXTY = "# Returns\n\nYou have sixty days to return a parcel for a refund."
NINETY = "# Returns\n\nYou have ninety days to return a parcel for a refund."
QUEUE = QUEUES[Job.INDEX_DOCUMENT]


@pytest.fixture(autouse=True)
def site(committed: Addresses) -> None:
    """A site whose documents are really committed: each transaction has its own time."""
    with transaction() as session:
        make_site(session)


def ask_for(path: Path) -> UUID:
    with transaction() as session:
        return register(session, site_id=SITE, source=Source("file", str(path))).id


def document() -> Document:
    with transaction() as session:
        return session.scalars(select(Document)).one()


def edit_at(wanted: str, edit: Callable[[], object]) -> Callable[[Claim, str], None]:
    """Do `edit` once, when the reading has come to the state `wanted`."""
    left = [edit]

    def told(_: Claim, state: str) -> None:
        if state == wanted and left:
            left.pop()()

    return told


def said() -> str:
    with transaction() as session:
        found = search(session, site_id=SITE, query="refund days", channel="web", embedder=Hashing())
        return " ".join(snippet.text for snippet in found.snippets)


def test_what_was_edited_while_it_was_read_is_read_again(tmp_path: Path) -> None:
    page = tmp_path / "returns.md"
    page.write_text(SIXTY)
    page_id = ask_for(page)

    def edit() -> None:
        page.write_text(NINETY)
        ask_for(page)
        bus.client().delete(QUEUE)

    assert index_document(page_id, embedder=Hashing(), on_progress=edit_at("embedding", edit)) == "live"
    assert "sixty" in said()
    assert due(SITE) == [page_id]
    assert bus.client().llen(QUEUE) == 1, "whoever heard the first ring found it taken"
    assert index_document(page_id, embedder=Hashing()) == "live"
    assert "ninety" in said()
    assert (document().due_at, due(SITE)) == (None, [])


def test_what_was_asked_for_again_while_nothing_had_changed_is_read_again(tmp_path: Path) -> None:
    page = tmp_path / "returns.md"
    page.write_text(SIXTY)
    page_id = ask_for(page)
    index_document(page_id, embedder=Hashing())
    ask_for(page)
    assert index_document(page_id, embedder=Hashing(), on_progress=edit_at("fetching", lambda: ask_for(page))) == "live"
    assert due(SITE) == [page_id]


def test_a_failure_of_the_old_state_is_not_the_end(tmp_path: Path) -> None:
    page = tmp_path / "returns.md"
    page.write_text("")
    page_id = ask_for(page)
    again = edit_at("fetching", lambda: ask_for(page))
    assert index_document(page_id, embedder=Hashing(), on_progress=again) == "queued", "empty, but that was before"
    page.write_text(NINETY)
    assert due(SITE) == [page_id]
    assert index_document(page_id, embedder=Hashing()) == "live"
    assert "ninety" in said()


def test_a_postponed_reading_does_not_put_off_what_was_asked_for_meanwhile(tmp_path: Path) -> None:
    page = tmp_path / "returns.md"
    page.write_text(SIXTY)
    page_id = ask_for(page)

    class Leaves(Hashing):
        def embed(self, texts: list[str]) -> object:  # type: ignore[override]
            ask_for(page)
            raise EmbedderUnavailable

    assert index_document(page_id, embedder=Leaves()) == "queued"  # type: ignore[arg-type]
    assert (document().attempts, due(SITE)) == (0, [page_id])
