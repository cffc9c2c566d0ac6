"""A night from its sets to what people hear of it, with runs that are made up."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from core.embedded import Addresses
from core.models import Document, EvalCase, EvalResult, EvalRun, Message, Outgoing, Site
from core.settings import get_settings
from ops.cli import app
from ops.demo.content import DOCUMENTS
from ops.demo.content import SITE as DEMO
from ops.demo.stage import EXAMPLES
from ops.evals import night_watch, nights
from ops.evals.golden import Case, GoldenSet, load_set
from ops.evals.nightly import Player, golden_sets, run_night, run_nights
from ops.evals.report.commands import lines_of
from ops.evals.report.verdict import Verdict
from ops.evals.run_form import Result, Run
from orchestrator import erasing
from orchestrator.nights import NoNight, RunNotFound, accept
from orchestrator.people import operator
from tests.conftest import SITE, make_site
from tests.ops.report.runs import Nights
from tests.web.desk.house import add_thread, say
from tests.web.slack import Rig, rig

__all__ = ["rig"]


def suite(cases: int = 40, site: str = SITE) -> GoldenSet:
    made = [{"id": f"c{n}", "say": ["How long?"], "expect": {}} for n in range(cases)]
    return GoldenSet.model_validate({"suite": "shop", "site": site, "cases": made})


@dataclass
class Rehearsal:
    """Plays a suite; those in `broken` fail, `once` only the first time. It counts what it plays again.

    Turns take `seconds`, and `then` when they are played again.
    """

    nights: Nights
    broken: frozenset[int] = frozenset()
    once: frozenset[int] = frozenset()
    twice: list[str] = field(default_factory=list)
    seconds: float = 0.05
    then: float = 0.05

    def player(self) -> Player:
        return Player(self._whole, self._again)

    def _whole(self, golden: GoldenSet, repeats: int) -> Run:
        made = self.nights.night(broken=self.broken | self.once, seconds=self.seconds)
        return made.model_copy(update={"site": golden.site, "suite": golden.suite, "id": uuid4()})

    def _again(self, case: Case, repeat: int) -> Result:
        self.twice.append(case.id)
        return self.nights.one(case.id, broken=self.broken, seconds=self.then)

    def play(self, **now: Any) -> Verdict:
        return run_night(suite(self.nights.cases), replace(self, **now).player())


@pytest.fixture
def played(site: Site) -> Rehearsal:
    """Three good nights."""
    rehearsal = Rehearsal(Nights(cases=40))
    for _ in range(3):
        assert not rehearsal.play().alarming
    return rehearsal


def alarms(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(Outgoing.kind).where(Outgoing.kind == "alarm")))


def test_a_bad_night_is_kept_with_its_page_and_rings_once(played: Rehearsal, session: Session, site: Site) -> None:
    site.slack_channel = "C1"
    session.flush()
    verdict = played.play(broken=frozenset({3, 4}))
    assert verdict.alarming
    row = session.scalars(select(EvalRun).order_by(EvalRun.started_at.desc())).first()
    assert row is not None
    assert row.verdict is not None
    assert (row.verdict["alarming"], [each["case"] for each in row.verdict["broken"]]) == (True, ["c3", "c4"])
    assert "used to pass" in row.report
    assert alarms(session) == ["alarm"]


def test_a_night_with_an_alarm_is_no_measure_for_the_next(played: Rehearsal, session: Session) -> None:
    bad = frozenset({3, 4})
    assert [played.play(broken=bad).alarming for _ in range(3)] == [True] * 3, "until somebody mends or accepts it"
    assert not played.play().alarming


def test_what_was_accepted_is_the_new_normal(played: Rehearsal, session: Session) -> None:
    bad = frozenset({3, 4})
    assert played.play(broken=bad).alarming
    run_id = nights.newest(session, SITE, "shop")
    assert run_id is not None
    for name in ("Ada", "Bo"):
        row = accept(session, run_id, operator(name))
    assert row.verdict is not None
    assert row.verdict["accepted_by"] == "Ada", "twice is once"
    session.flush()
    assert [run.id for run in nights.before(session, SITE, "shop")] == [run_id]
    assert not played.play(broken=bad).alarming
    assert played.play(broken=bad | {5}).alarming, "and what breaks after it is heard of"


def test_a_hiccup_wakes_nobody(played: Rehearsal, session: Session, site: Site) -> None:
    site.slack_channel = "C1"
    session.flush()
    verdict = played.play(once=frozenset({1, 2, 5}))
    assert (verdict.alarming, verdict.passing_again) == (False, ("c1", "c2", "c5"))
    assert alarms(session) == []


@pytest.fixture
def many(site: Site) -> Rehearsal:
    """A suite of 200 cases and two good nights."""
    rehearsal = Rehearsal(Nights(cases=200))
    assert not any(rehearsal.play().alarming for _ in range(2))
    return rehearsal


def test_where_most_is_broken_a_few_cases_prove_it_and_all_are_told_of(many: Rehearsal) -> None:
    verdict = many.play(broken=frozenset(range(120)))
    assert verdict.alarming
    assert len(verdict.broken) == 110, "ten of them have always failed"
    assert len(many.twice) == 36, "a dozen, three times"
    assert {int(case[1:]) // 40 for case in many.twice} == {0, 1, 2}, "spread over all"


def test_a_hiccup_of_half_the_night_wakes_nobody(many: Rehearsal) -> None:
    """More cases failed than are run again: those that are not say nothing, for all that were passed."""
    verdict = many.play(once=frozenset(range(120)))
    assert not verdict.alarming
    assert (len(verdict.passing_again), len(many.twice)) == (40, 120)


def test_a_fault_among_many_hiccups_is_heard_of_and_they_are_not_taken_for_it(many: Rehearsal) -> None:
    verdict = many.play(once=frozenset(range(30)), broken=frozenset(range(30, 60)))
    assert verdict.alarming
    assert {int(one.case[1:]) // 30 for one in verdict.broken} == {1}
    assert len(many.twice) == 120


def test_slow_turns_are_timed_again_before_anybody_is_woken(played: Rehearsal) -> None:
    slow = played.play(seconds=2.0, then=2.0)
    assert slow.alarming
    assert slow.slower == pytest.approx((0.05, 2.0))
    assert len(played.twice) == 36
    assert not played.play(seconds=2.0).alarming


def test_only_nights_that_were_judged_can_be_accepted(session: Session, site: Site) -> None:
    with pytest.raises(RunNotFound):
        accept(session, UUID(int=1), operator("Ada"))
    failed = nights.keep_failure(session, SITE, "shop", "disk")
    with pytest.raises(NoNight, match="judged"):
        accept(session, failed, operator("Ada"))


def test_old_results_go_and_figures_stay(played: Rehearsal, session: Session) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=90)
    oldest = select(EvalRun.id).order_by(EvalRun.started_at).limit(1).scalar_subquery()
    session.execute(update(EvalRun).where(EvalRun.started_at > datetime.now(UTC)).values(started_at=func.now()))
    session.execute(update(EvalRun).where(EvalRun.id == oldest).values(started_at=long_ago))
    assert nights.forget_old(session, 60) == 1
    assert nights.forget_old(session, 60) == 0
    assert session.scalar(select(func.count()).select_from(EvalResult)) == 2 * 40
    assert len(nights.marks(session, SITE, "shop")) == 3
    assert len(nights.before(session, SITE, "shop")) == 2


def test_what_is_worse_is_posted_with_the_way_to_its_report(rig: Rig) -> None:
    rehearsal = Rehearsal(Nights(cases=40))
    for broken in (frozenset[int](), frozenset[int](), frozenset({3, 4})):
        rehearsal.play(broken=broken)
    rig.settle()
    posted = [one for one in rig.there.messages if "nightly evaluation" in str(one.blocks)]
    assert len(posted) == 1
    assert "2 of 40 cases that used to pass fail: c3, c4" in str(posted[0].blocks)
    assert "https://help.shop.example/admin/agent/evals/" in str(posted[0].blocks)


def test_a_deleted_conversation_takes_what_was_judged_of_it_along(played: Rehearsal, session: Session) -> None:
    thread = add_thread(session)
    message = say(session, thread, "agent", "You have 30 days.")
    case = {"id": "c7", "say": ["How long?"], "expect": {}}
    session.add(
        EvalCase(id=uuid4(), site_id=SITE, thread_id=thread.id, message_id=message.id, case=case, made_by="Ada")
    )
    session.flush()
    erasing.erase_thread(session, thread.id)
    session.flush()
    assert session.scalar(select(func.count()).where(EvalResult.case_id == "c7")) == 0
    assert set(session.scalars(select(EvalRun.report))) == {""}, "pages showed it"
    assert session.scalar(select(func.count()).where(EvalResult.case_id == "c8")) == 3
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_what_cannot_be_played_is_told_of_and_keeps_no_other(session: Session, site: Site, tmp_path: Path) -> None:
    """A file that is no set, a site that is not here, a player that breaks: each is said, and the rest is played."""
    site.slack_channel = "C1"
    session.flush()
    case = "cases:\n  - {id: c1, say: [hello], expect: {}}\n"
    (tmp_path / "a.yaml").write_text("suite: a\n")
    (tmp_path / "b.yaml").write_text(f"suite: b\nsite: nowhere\n{case}")
    (tmp_path / "c.yaml").write_text(f"suite: breaks\nsite: {SITE}\n{case}")
    (tmp_path / "d.yaml").write_text(f"suite: good\nsite: {SITE}\n{case}")
    settings = get_settings().model_copy(update={"nightly_sets": tmp_path})
    good = Rehearsal(Nights(cases=40)).player()

    def whole(golden: GoldenSet, repeats: int) -> Run:
        if golden.suite == "breaks":
            raise OSError("no space left")
        return good.whole(golden, repeats)

    told = list(run_nights(settings, players=lambda _: Player(whole, good.again)))
    assert [(each.suite, each.failed) for each in told] == [
        ("a.yaml", True),
        ("b", True),
        ("breaks", True),
        ("good", False),
    ]
    assert "a.yaml" in told[0].headline
    rows = {row.suite: row.state for row in session.scalars(select(EvalRun))}
    assert rows == {"breaks": "failed", "good": "done"}
    assert alarms(session) == ["alarm"]


def test_cases_out_of_conversations_are_a_suite(session: Session, site: Site) -> None:
    thread = add_thread(session)
    message = say(session, thread, "agent", "You have 30 days.")
    case = {"id": "of-ana", "say": ["How long?"], "expect": {"must": ["30 days"]}}
    session.add(
        EvalCase(id=uuid4(), site_id=SITE, thread_id=thread.id, message_id=message.id, case=case, made_by="Ada")
    )
    session.flush()
    found, _ = golden_sets(get_settings())
    assert [(one.suite, one.site, one.cases[0].id) for one in found] == [("conversations", SITE, "of-ana")]


def test_the_demos_own_suite_is_played_where_its_documents_are(session: Session) -> None:
    """Whatever profile the process has that plays them: `handrail nightly` is typed in another shell than the demo."""
    make_site(session, DEMO)
    assert golden_sets(get_settings()) == ([], [])
    session.add(
        Document(id=uuid4(), site_id=DEMO, source="file", locator=str(DOCUMENTS / "returns.md"), channels=["*"])
    )
    session.flush()
    found, lost = golden_sets(get_settings())
    assert ([one.suite for one in found], lost) == ([DEMO], [])


def test_the_example_that_the_demo_brings_is_a_set_about_it() -> None:
    found = load_set(EXAMPLES / "example.yaml")
    assert (found.suite, found.site) == ("example", DEMO)
    there = {path.name for path in DOCUMENTS.iterdir()}
    assert {name for case in found.cases for name in case.expect.relevant} <= there


def test_what_is_told_of_a_night_leads_to_its_report(played: Rehearsal, session: Session, tmp_path: Path) -> None:
    case = "".join(f"  - {{id: c{n}, say: 'How long?', expect: {{}}}}\n" for n in range(40))
    (tmp_path / "shop.yaml").write_text(f"suite: shop\nsite: {SITE}\ncases:\n{case}")
    settings = get_settings().model_copy(update={"nightly_sets": tmp_path})
    begun: list[str] = []
    bad = replace(played, broken=frozenset({3, 4})).player()
    (told,) = run_nights(settings, players=lambda _: bad, begins=lambda golden: begun.append(golden.suite))
    assert (begun, told.alarming, told.run_id) == (["shop"], True, nights.newest(session, SITE, "shop"))
    lines = "\n".join(lines_of(told, settings))
    assert f"/admin/agent/evals/{told.run_id}" in lines
    assert f"handrail eval accept {told.run_id}" in lines


def test_a_site_that_is_not_there_is_no_quiet_night(committed: Addresses) -> None:
    done = CliRunner().invoke(app, ["nightly", "--site", "none-such"], env={"COLUMNS": "300"})
    assert (done.exit_code, "there is no such site" in done.output) == (2, True)


def test_of_several_that_wait_one_runs_the_night(session: Session) -> None:
    now = datetime.now(UTC)
    due, since = now - timedelta(seconds=5), now - timedelta(hours=1)
    assert [night_watch.is_ours(due, since) for _ in range(3)] == [True, False, False]
    assert night_watch.is_ours(due + timedelta(seconds=1), since), "the next night is another one"


def test_a_missed_night_is_made_up_for_where_there_was_one_before(session: Session, site: Site) -> None:
    now = datetime.now(UTC)
    due, since = now - timedelta(hours=2), now
    assert not night_watch.is_ours(due, since), "a fresh installation has nothing to make up for"
    nights.keep_failure(session, SITE, "shop", "disk")
    assert night_watch.is_ours(due, since)
    assert not night_watch.is_ours(now - timedelta(hours=7), since), "but not by day"


@pytest.mark.parametrize(
    ("at", "now", "due"),
    [
        ("03:10", "03:10", "22 03:10"),
        ("03:10", "03:09", "21 03:10"),
        ("23:59", "00:00", "21 23:59"),
        ("00:00", "00:00", "22 00:00"),
    ],
)
def test_the_newest_moment_of_an_hour(at: str, now: str, due: str) -> None:
    moment = datetime.strptime(f"2026-11-22 {now}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert night_watch.last_due(at, moment).strftime("%d %H:%M") == due
