"""Many documents in one question to the parser: the same text for each, and a fault stays with whose it is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Document, Site
from core.settings import get_settings
from kb import parsing
from kb.documents.indexer import index_waiting
from kb.embeddings.site_models import only
from kb.loaders import load
from kb.parsing.together import SMALL_BYTES, TOGETHER, File, load_ahead
from tests.kb import pdf_samples, samples
from tests.kb.samples import Hashing
from tests.kb.steps import enrol

SMALL = b"# Title\n\nGas canisters never come back.\n"


@pytest.fixture(autouse=True)
def _own_parsers() -> Iterator[None]:
    """None that a test before has left waiting, and none left for those after."""
    parsing.close()
    yield
    parsing.close()
    get_settings.cache_clear()


def notes(count: int) -> list[File]:
    return [(f"# Note {n}\n\nIt says {n}.\n".encode(), f"{n}.md", "") for n in range(count)]


def test_each_is_read_as_it_is_read_alone() -> None:
    files = [*notes(2 * TOGETHER + 3), (samples.pdf(), "a.pdf", ""), (samples.docx(), "a.docx", "")]
    assert list(load_ahead(files)) == [load(data, name) for data, name, _ in files]


def test_nothing_is_asked_about_nothing() -> None:
    assert list(load_ahead([])) == []
    assert parsing.waiting() == []


def test_what_can_not_be_read_is_left_out_alone() -> None:
    before, after = (SMALL, "a.md", ""), (SMALL, "b.txt", "")
    large = (SMALL * (SMALL_BYTES // len(SMALL) + 1), "c.md", "")
    found = list(load_ahead([before, (b"\x7fELF rubbish", "x.txt", ""), (b" ", "y.md", ""), large, after]))
    assert found == [load(SMALL, "a.md"), None, None, None, load(SMALL, "b.txt")]


def test_what_ends_the_parser_is_to_blame_and_its_neighbours_are_read(
    session: Session, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_PARSE_SECONDS", "0.3")
    get_settings.cache_clear()
    for data, name, _ in notes(TOGETHER - 1):
        (tmp_path / name).write_bytes(data)
    assert len(pdf_samples.slow()) < SMALL_BYTES, "it is asked about together with the others"
    (tmp_path / "slow.pdf").write_bytes(pdf_samples.slow())
    made = enrol(session, site, tmp_path)
    assert index_waiting(site.id, embedders=only(Hashing())) == len(made.documents) == TOGETHER
    states = {os.path.basename(row.locator): row for row in session.scalars(select(Document))}  # noqa: PTH119
    slow = states.pop("slow.pdf")
    assert slow.state == "failed"
    assert "HANDRAIL_PARSE_SECONDS" in slow.reason
    assert {row.state for row in states.values()} == {"live"}
    assert {row.title for row in states.values()} == {f"Note {n}" for n in range(TOGETHER - 1)}
