"""`handrail kb` and `handrail index`, as they are typed."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner, Result

from core.db import transaction
from core.errors import BadRequest, DocumentNotFound, SiteNotFound
from core.models import Document, Site
from kb.errors import EmbedderRefused
from tests.conftest import SITE, make_site
from tests.kb.samples import Hashing, write
from tests.kb.steps import aged
from web.cli import make_cli

Typed = Callable[..., Result]
RETURNS = "# Returns\n\nYou have sixty days to return a parcel for a refund."
HOURS = "# Opening hours\n\nThe Glasgow shop closes at eight on Thursdays."


@pytest.fixture
def typed(committed: object) -> Iterator[Typed]:
    """Type a command; there is one site."""
    with transaction() as session:
        make_site(session)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield lambda *words: CliRunner().invoke(make_cli(), words)
    root.handlers, root.level = handlers, level


@pytest.fixture
def filled(typed: Typed, tmp_path: Path) -> Path:
    """Two documents that are live, and one that failed."""
    folder = aged(write(tmp_path / "docs", returns=RETURNS, hours=HOURS, empty=""))
    found = typed("index", str(folder), "--site", SITE)
    assert found.exit_code == 1, found.output
    assert "2 of 3 documents are live" in found.output
    assert "empty.md: The file is empty" in found.output
    return folder


def kb(typed: Typed, *words: str) -> Result:
    return typed("kb", *words, "--site", SITE)


def states() -> dict[str, str]:
    with transaction() as session:
        return {Path(row.locator).stem: row.state for row in session.scalars(select(Document))}


def test_status_tells_states_reasons_and_what_to_do(typed: Typed, filled: Path) -> None:
    said = kb(typed, "status").output
    assert f"{SITE}: 1 failed, 2 live" in said
    assert "The file is empty: upload it again." in said
    assert "handrail kb retry" in said
    assert "minilm-l6-v2-int8" in said
    assert "2 chunks in 1 segments" in said
    found = json.loads(kb(typed, "status", "--json").output)
    assert found["freshness"]["kind"] == "ok"
    assert [one["state"] for one in found["troubles"]] == ["failed"]
    assert str(filled / "hours.md") in kb(typed, "status", "--all").output


def test_status_of_nothing_says_how_to_begin(typed: Typed) -> None:
    assert "handrail index PATH" in kb(typed, "status").output
    assert isinstance(typed("kb", "status", "--site", "nobody").exception, SiteNotFound)
    with transaction() as session:
        session.delete(session.get_one(Site, SITE))
    assert "handrail site create" in typed("kb", "status").output


def test_a_second_run_says_that_nothing_is_new(typed: Typed, filled: Path) -> None:
    (filled / "empty.md").unlink()
    said = typed("index", str(filled), "--site", SITE).output
    assert "Nothing is new, 2 unchanged, 1 removed." in said


def test_probe_shows_what_a_question_finds(typed: Typed, filled: Path) -> None:
    said = kb(typed, "probe", "how many days for a refund?").output
    assert "Returns" in said.splitlines()[0]
    assert "answerable" in said
    found = json.loads(kb(typed, "probe", "how many days for a refund?", "--json").output)
    assert found["found"][0]["title"] == "Returns"
    assert isinstance(kb(typed, "probe").exception, BadRequest)


def test_a_removed_document_is_gone_at_once_and_proven_so(typed: Typed, filled: Path) -> None:
    assert "found, in place 1" in kb(typed, "probe", "--document", "returns.md").output
    assert "does not answer any more" in kb(typed, "remove", "returns.md").output
    probed = kb(typed, "probe", "--document", "returns.md")
    assert "is removed and is not found" in probed.output
    assert probed.exit_code == 0
    assert "does not find it any more" in kb(typed, "history", "returns.md").output
    assert isinstance(kb(typed, "reindex", "returns.md").exception, DocumentNotFound)
    assert kb(typed, "add", str(filled / "returns.md")).exit_code == 0
    assert states()["returns"] == "queued"


def test_history_can_be_read(typed: Typed, filled: Path) -> None:
    lines = kb(typed, "history", "hours.md").output.splitlines()
    assert lines[0] == f"{filled / 'hours.md'}: live"
    assert [line.split()[2] for line in lines[1:]] == ["queued", "fetching", "extracting", "embedding", "live"]


def test_export_has_every_document_with_its_text(typed: Typed, filled: Path, tmp_path: Path) -> None:
    assert kb(typed, "export", "--to", str(tmp_path / "out.jsonl")).exit_code == 0
    rows: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {Path(row["locator"]).stem: (row["state"], len(row["chunks"])) for row in rows} == {
        "returns": ("live", 1),
        "hours": ("live", 1),
        "empty": ("failed", 0),
    }
    assert "sixty days" in next(row for row in rows if row["title"] == "Returns")["chunks"][0]["text"]


def test_retry_reindex_pause_resume_and_cancel(typed: Typed, filled: Path) -> None:
    assert kb(typed, "retry").output == "1 will be read again.\n"
    assert kb(typed, "cancel").output.startswith("1 cancelled")
    assert states()["empty"] == "cancelled"
    assert kb(typed, "retry").output.startswith("Nothing has failed")
    assert kb(typed, "reindex", "hours.md").output == "1 will be prepared anew.\n"
    assert kb(typed, "pause").output.startswith("Paused; 1 wait: `handrail kb resume")
    assert "Indexing is paused" in kb(typed, "status").output
    paused = typed("index", str(filled), "--site", SITE)
    assert "is paused" in paused.output
    assert paused.exit_code == 0
    assert kb(typed, "resume").output.startswith("Resumed")


def test_reembed_knows_what_is_there_and_refuses_what_is_not(typed: Typed, filled: Path) -> None:
    assert "searched with minilm-l6-v2-int8 already" in kb(typed, "reembed", "--model", "minilm").output
    assert isinstance(kb(typed, "reembed", "--model", "word2vec").exception, EmbedderRefused)


def test_reembed_changes_the_model_of_a_site(typed: Typed, filled: Path) -> None:
    from kb.embeddings.reembedding import begin, reembed
    from kb.embeddings.site_models import only

    begin(SITE, Hashing())
    reembed(SITE, embedders=only(Hashing()))  # so it has another one than the settings ask for
    assert "run `handrail kb reembed`" in kb(typed, "status").output
    done = kb(typed, "reembed")
    assert done.exit_code == 0, done.output
    assert "is searched with minilm-l6-v2-int8 now" in done.output
    with transaction() as session:
        assert session.scalar(select(func.count()).where(Site.next_model_id.is_not(None))) == 0
