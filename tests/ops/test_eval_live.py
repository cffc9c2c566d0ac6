"""`handrail eval --site`: a set as trials on a site as it is now, kept as a run, with nothing left of them."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.db import transaction
from core.embedded import Addresses
from core.errors import SiteNotFound
from core.models import EvalResult, EvalRun, Handoff, Message, Outgoing, Thread, Ticket, Turn, Visitor
from core.settings import get_settings
from ops.evals.golden import GoldenUnreadable
from ops.evals.running import Wanted, run_live
from ops.evals.storing import stored_run
from tests.conftest import SITE, make_site

SET = """
suite: live
tags: [en]
cases:
  - {id: hello, say: "Hello!", expect: {tools_not: [create_ticket, handoff_human], state: {handoffs: []}}}
  - {id: person, say: "I want to talk to a person.", expect: {outcome: handed_off, state: {handoffs: [{}]}}}
  - {id: wrong, tags: [planted], say: "Hello!", expect: {must: ["what nobody says"]}}
"""
LEFT = (Thread, Visitor, Turn, Message, Ticket, Handoff, Outgoing)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    path = tmp_path / "set.yaml"
    path.write_text(SET, encoding="utf-8")
    return path


def test_a_live_site_is_judged_and_nothing_of_it_is_left(
    committed: Addresses, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction() as session:
        site = make_site(session)
        site.slack_channel, site.notices_url = "C1", "https://n.example/"
    assert not run_live(Wanted(golden, repeats=2), SITE)
    with transaction() as session:
        run = stored_run(session, session.scalars(select(EvalRun.id)).one())
        assert [session.scalar(select(func.count()).select_from(table)) for table in LEFT] == [0] * len(LEFT)
        assert session.scalar(select(func.count()).select_from(EvalResult)) == 6
    assert [result.passed for result in run.results] == [True, True, False] * 2
    assert run.figures["pass^2"].value == pytest.approx(2 / 3)
    assert (run.setup.repeats, run.setup.models) == (2, ("extractive",))
    assert {result.replay for result in run.results} == {"same"}
    assert "lacks 'what nobody says'" in capsys.readouterr().out


def test_the_same_run_twice_gives_the_same_figures(committed: Addresses, golden: Path) -> None:
    with transaction() as session:
        make_site(session)
    for _ in range(2):
        run_live(Wanted(golden), SITE)
    with transaction() as session:
        runs = [stored_run(session, id_) for id_ in session.scalars(select(EvalRun.id))]
    fixed = [{name: one for name, one in run.figures.items() if one.deterministic} for run in runs]
    assert fixed[0] == fixed[1]
    assert fixed[0]


def test_a_set_of_the_sites_nights_is_found_by_its_name(
    committed: Addresses, golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a report says it: `handrail eval --set SUITE --site SITE --case ID`."""
    with transaction() as session:
        make_site(session)
    golden.write_text(SET.replace("suite: live", f"suite: live\nsite: {SITE}"))
    monkeypatch.setenv("HANDRAIL_NIGHTLY_SETS", str(golden.parent))
    get_settings.cache_clear()
    assert run_live(Wanted(Path("live"), case="hello"), SITE)
    with pytest.raises(GoldenUnreadable, match="none-such can't be read"):
        run_live(Wanted(Path("none-such"), case="hello"), SITE)


def test_a_site_that_is_not_there_is_told(committed: Addresses, golden: Path) -> None:
    with pytest.raises(SiteNotFound):
        run_live(Wanted(golden), "none-such")
