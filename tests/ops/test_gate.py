"""The gate's trial: a change goes live where the questions that it touches hold, else a person is shown why."""

import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from typer.testing import CliRunner

from brain.extractive import Extractive
from core import db
from core.embedded import Addresses
from core.models import Document, EvidenceRecord, Handoff, Message, Outgoing, StagedDocument, Thread, Ticket
from core.settings import Settings, get_settings
from kb.documents import staging
from ops.cli import app
from ops.evals.gate import try_next
from ops.evals.gate_watch import waits, watch
from orchestrator.world import World
from tests.answered import QUESTION, RETURNS, SHIPPING, ask, open_shop, publish
from tests.conftest import SITE
from tests.web.desk.staff import browser_of
from tools.catalog import TOOLS
from web.app import make_app
from web.metrics import collect

GOLDEN = """
suite: shop
site: {site}
cases:
  - id: norway
    say: What does shipping to Norway cost?
    expect: {{outcome: answered, must: ["9.90"]}}
"""


@pytest.fixture
def folder(committed: Addresses, tmp_path: Path) -> Path:
    """The folder of a shop's documents, behind a gate."""
    open_shop(tmp_path / "docs")
    with db.transaction() as session:
        staging.set_gate(session, SITE, on=True)
    return tmp_path / "docs"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a golden set of our own."""
    sets = tmp_path / "golden"
    sets.mkdir()
    (sets / "shop.yaml").write_text(GOLDEN.format(site=SITE))
    return get_settings().model_copy(update={"nightly_sets": sets})


def tried(settings: Settings) -> UUID:
    """Try the only change that waits."""
    found = try_next(settings, World(get_settings(), (Extractive(),), TOOLS))
    assert found is not None
    return found


def held() -> StagedDocument | None:
    """The only change that waits."""
    with db.transaction() as session:
        return session.scalars(select(StagedDocument)).one_or_none()


def verdicts() -> dict[str, str]:
    """By the case, or "asked"."""
    staged = held()
    assert staged is not None
    return {one.get("case", "asked"): one["verdict"] for one in staged.report["questions"]}


def test_what_visitors_were_told_and_would_not_be_true_waits_for_a_person(folder: Path, settings: Settings) -> None:
    answer = ask()
    publish(folder, returns=RETURNS.replace("60", "30"))
    assert waits()
    tried(settings)
    assert not waits()
    assert verdicts()["asked"] == "untrue"
    staged = held()
    assert staged is not None
    (asked,) = (one for one in staged.report["questions"] if "message" in one)
    assert asked["message"] == str(answer.id)
    assert "60 days" in asked["old"]
    assert "30 days" in asked["new"]
    assert QUESTION not in str(staged.report)
    assert "60 days" in ask().content  # what is live goes on answering
    assert _seen() == ["1 changes wait, for a person", "1 changed document waits for a person"]


def _seen() -> list[str]:
    """What `handrail kb status` says of it; and Prometheus hears the same."""
    with db.transaction() as session:
        text = collect(session).decode()
    assert 'handrail_changes_waiting{state="held"} 1.0' in text
    assert 'handrail_changes_waiting{state="tried"} 0.0' in text
    assert 'handrail_changes_oldest_waiting_seconds{state="tried"} 0.0' in text
    assert 'handrail_changes_oldest_waiting_seconds{state="held"} 0.0' not in text
    said = CliRunner().invoke(app, ["kb", "status", "--site", SITE]).output
    return re.findall(r"\d+ changes wait, [a-z ]+|\d+ changed document.*? person", said)


def test_a_change_that_makes_no_answer_untrue_goes_live(folder: Path, settings: Settings) -> None:
    ask()
    more = RETURNS + "\nOpened food never comes back either.\n"
    publish(folder, returns=more)
    tried(settings)
    assert held() is None
    assert "Opened food" in ask("Can opened food come back?").content
    publish(folder, returns=more.replace("You can send a lantern back", "A lantern can be sent back"))  # other words
    tried(settings)
    assert held() is None


def test_a_question_that_is_answered_no_more_is_lost(folder: Path, settings: Settings) -> None:
    ask()
    publish(folder, returns="# Returns\n\nGas canisters never come back.\n")
    tried(settings)
    assert verdicts()["asked"] in {"lost", "untrue"}


def test_a_golden_case_holds_a_change_back_and_a_trial_leaves_nothing_behind(folder: Path, settings: Settings) -> None:
    ask()
    counted = (Thread, Message, EvidenceRecord, Ticket, Handoff, Outgoing)

    def counts() -> list[int | None]:
        with db.transaction() as session:
            return [session.scalar(select(func.count()).select_from(each)) for each in counted]

    before = counts()
    publish(folder, shipping=SHIPPING.replace("9.90", "12.90"))
    tried(settings)
    assert verdicts() == {"norway": "fails"}
    assert counts() == before


def test_a_trial_that_breaks_is_told_to_a_person(folder: Path, settings: Settings) -> None:
    publish(folder, returns=RETURNS.replace("60", "30"))
    with db.transaction() as session:
        staged = session.scalars(select(StagedDocument)).one()
        staged.draft = {"title": "half a draft"}
    try_next(settings)
    found = held()
    assert found is not None
    assert found.state == "held"
    assert "The trial broke" in found.report["fault"]


def test_nothing_to_try_is_nothing(folder: Path, settings: Settings) -> None:
    assert try_next(settings) is None


def test_the_watch_tries_what_waits_and_rests_after_a_fault(folder: Path) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            publish(folder, returns=RETURNS.replace("60", "30"))
        elif len(slept) == 3:
            raise StopIteration

    codes = iter((1, 0))
    with pytest.raises(StopIteration):
        watch(sleep, lambda: next(codes))
    assert slept == [2.0, 30.0, 2.0]


def test_a_person_decides_at_the_desk(folder: Path, settings: Settings) -> None:
    answer = ask()
    publish(folder, returns=RETURNS.replace("60", "30"))
    document = tried(settings)
    with TestClient(make_app(get_settings())) as client:
        ada, bo = (
            browser_of(client, f"{name}@shop.example", role) for name, role in (("ada", "admin"), ("bo", "agent"))
        )
        assert "A person decides" in ada.get(f"/admin/agent/kb?site={SITE}").text
        where = f"/admin/agent/kb/documents/{document}"
        shown = ada.get(where).text
        assert "What visitors were told would not be true any more" in shown
        assert f"/desk/threads/{answer.thread_id}#m-{answer.id}" in shown
        assert "Let live" not in bo.get(where).text
        assert bo.post(f"{where}/let-live").status_code == 403
        assert ada.post(f"{where}/let-live").status_code == 303
        assert ada.post(f"{where}/let-live").status_code == 404  # nothing waits any more
        assert ada.post(f"/admin/agent/kb/documents/{uuid4()}/throw-away").status_code == 404
    assert held() is None
    assert "30 days" in ask().content
    with db.transaction() as session:
        assert session.get_one(Document, document).state == "live"
