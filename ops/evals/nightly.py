"""One night: every golden set of every site is played as trials, judged, kept, and told of where it is worse."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError
from core.log import get_logger
from core.models import EvalCase, Site
from core.settings import Settings
from ops.evals import alarm, nights
from ops.evals.golden import Case, GoldenSet, load_set, read_case
from ops.evals.questions import SUITES
from ops.evals.report.judging import judge
from ops.evals.report.page import Report
from ops.evals.report.verdict import Verdict
from ops.evals.run_form import Result, Run
from ops.evals.suite import run_set
from ops.evals.visit import Stage, play

log = get_logger(__name__)

TIMES_AGAIN = 3  # that a doubtful case is run again
MOST_AGAIN = 40  # of them
CONVERSATIONS = "conversations"  # the suite of cases that staff made of conversations
DEMO = "demo"

Played = Callable[[GoldenSet, int], Run]
Again = Callable[[Case, int], Result]


@dataclass(frozen=True)
class Player:
    """How cases are played; another one in rehearsals."""

    whole: Played
    again: Again


@dataclass
class Told:
    """What the night was like, suite by suite."""

    site: str
    suite: str
    headline: str
    why: list[str] = field(default_factory=list)
    alarming: bool = False
    failed: bool = False


def run_nights(settings: Settings, site_id: str = "") -> Iterator[Told]:
    """Play what there is to play, on all sites or one; each as it is done. One that fails does not keep the others."""
    for golden in golden_sets(settings):
        if site_id in {"", golden.site}:
            yield _one(golden, settings)
    with transaction() as session:
        nights.forget_old(session, settings.nightly_kept_days)


def _one(golden: GoldenSet, settings: Settings) -> Told:
    try:
        verdict = run_night(golden, player(golden.site), settings.nightly_repeats)
    except Exception as error:
        log.exception("night_failed", site=golden.site, suite=golden.suite)
        return _failed(golden, error)
    return Told(golden.site, golden.suite, verdict.headline, verdict.why, verdict.alarming)


def player(site_id: str) -> Player:
    """On a live site, as trials of which nobody hears."""
    stage = Stage(site_id)
    return Player(
        lambda golden, repeats: run_set(golden, stage, repeats=repeats),
        lambda case, repeat: play(stage, case, repeat),
    )


def run_night(golden: GoldenSet, played: Player, repeats: int = 1) -> Verdict:
    """Play the set, judge it, run again what is in doubt, judge once more; keep it, and ring where it is worse."""
    run = played.whole(golden, repeats)
    with transaction() as session:
        past = nights.before(session, golden.site, golden.suite)
        trend = nights.marks(session, golden.site, golden.suite)
    verdict = looked_at_twice(golden, run, past, played)
    with transaction() as session:
        nights.keep(session, Report(run, verdict, past, trend))
        if verdict.alarming:
            alarm.ring(session, site_id=run.site, suite=run.suite, run_id=run.id, why=verdict.why)
    return verdict


def looked_at_twice(golden: GoldenSet, run: Run, past: Sequence[Run], played: Player) -> Verdict:
    """The verdict once what is in doubt was run again: by chance something is worse somewhere each night."""
    first = judge(run, past)
    doubtful = set(first.doubtful[:MOST_AGAIN])
    again: dict[str, list[Result]] = defaultdict(list)
    for case in (one for one in golden.cases if one.id in doubtful):
        again[case.id] = [played.again(case, run.setup.repeats + n) for n in range(TIMES_AGAIN)]
    return judge(run, past, again)


def golden_sets(settings: Settings) -> list[GoldenSet]:
    """The sets in the folder, the demo's own where its site is, and a set of each site's cases out of conversations."""
    folder = settings.nightly_sets or settings.home / "golden"
    found = [load_set(path) for path in _paths(folder)]
    with transaction() as session:
        sites = set(session.scalars(select(Site.id)))
        found += [made for site in sorted(sites) if (made := _of_conversations(session, site))]
    if settings.profile == "demo" and (SUITES / DEMO).is_dir():
        found.insert(0, load_set(SUITES / DEMO))
    lost = [one for one in found if one.site not in sites]
    for one in lost:
        log.warning("golden_set_without_site", suite=one.suite, site=one.site)
    return [one for one in found if one.site in sites]


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == ".yaml" or (path.is_dir() and _holds_yaml(path)))


def _holds_yaml(folder: Path) -> bool:
    return next(folder.glob("*.yaml"), None) is not None


def _of_conversations(session: Session, site_id: str) -> GoldenSet | None:
    rows = session.scalars(select(EvalCase.case).where(EvalCase.site_id == site_id).order_by(EvalCase.created_at))
    cases = tuple(read_case(row) for row in rows)
    return GoldenSet(suite=CONVERSATIONS, site=site_id, cases=cases) if cases else None


def _failed(golden: GoldenSet, error: Exception) -> Told:
    """A night that nobody could judge is told of, too: silence would look like a good one."""
    cause = error.detail if isinstance(error, HandrailError) else f"{type(error).__name__}: the log has the cause."
    with transaction() as session:
        run_id = nights.keep_failure(session, golden.site, golden.suite, cause)
        alarm.ring(session, site_id=golden.site, suite=golden.suite, run_id=run_id, why=[cause])
    return Told(golden.site, golden.suite, f"It came to nothing: {cause}", alarming=True, failed=True)
