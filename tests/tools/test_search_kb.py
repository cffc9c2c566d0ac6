"""Searching as a tool: inside one site and channel, and only in an index that can be trusted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Chunk, Document, Site
from kb.chunks.chunker import Passage
from kb.documents.preparing import Prepared
from kb.index.replacing import replace as replace_text
from tests.conftest import make_site
from tools import search_kb
from tools.catalog import offered
from tools.tool import Caller, Output, ToolFailed

from .callers import stranger

RETURNS = "Tents can be returned within 60 days if they were not pitched. Return postage is paid by the shop."


def publish(session: Session, site: Site, text: str = RETURNS, *, days_old: int = 0) -> Chunk:
    """One live document of one chunk, with a vector of no model: the lexical half finds it."""
    document = Document(
        site_id=site.id,
        source="file",
        locator=f"/docs/{site.id}.md",
        title="Returns",
        url="https://shop.example/returns",
        channels=["widget"],
        state="live",
        checked_at=datetime.now(UTC) - timedelta(days=days_old),
    )
    session.add(document)
    session.flush()
    vectors = (np.zeros((1, 4), dtype=np.float32),)
    replace_text(session, document, Prepared("Returns", "h", (Passage("Tents", None, text, 20),), vectors, "none"))
    return session.scalars(select(Chunk).where(Chunk.document_id == document.id)).one()


def look(caller: Caller, query: str = "return a tent", top_k: int = 3) -> Output:
    return search_kb.TOOL.perform(caller, search_kb.Query(query=query, top_k=top_k))


def test_a_passage_comes_with_all_that_a_citation_needs(session: Session, site: Site) -> None:
    chunk = publish(session, site)
    output = look(stranger(site.id))
    assert isinstance(output, search_kb.Passages)
    (found,) = output.snippets
    assert (found.id, found.doc_id) == (f"c{chunk.id}", str(chunk.document_id))
    assert (found.title, found.section, found.url) == ("Returns", "Tents", "https://shop.example/returns")
    assert RETURNS in found.text
    assert 0 <= output.answerable <= 1


def test_another_site_and_another_channel_are_not_searched(session: Session, site: Site) -> None:
    publish(session, site)
    other = make_site(session, "another")
    publish(session, other, "Tents can be returned to the other shop within 7 days.")
    output = look(stranger(site.id))
    assert isinstance(output, search_kb.Passages)
    assert [passage.text for passage in output.snippets] == [RETURNS]
    hidden = look(replace(stranger(site.id), channel="slack"))
    assert hidden == search_kb.Passages(snippets=(), answerable=0)


def test_an_empty_index_is_not_offered_and_fails_plainly(session: Session, site: Site) -> None:
    caller = stranger(site.id)
    assert not offered(caller, ["search_kb"], ())
    with pytest.raises(ToolFailed, match=r"^The knowledge base is empty\.$"):
        look(caller)


def test_a_stale_index_is_not_offered_and_fails_plainly(session: Session, site: Site) -> None:
    publish(session, site, days_old=8)
    caller = stranger(site.id)
    assert not offered(caller, ["search_kb"], ())
    with pytest.raises(ToolFailed, match="out of date"):
        look(caller)


def test_a_live_index_is_offered(session: Session, site: Site) -> None:
    publish(session, site)
    assert offered(stranger(site.id), ["search_kb"], ()) == (search_kb.TOOL,)
