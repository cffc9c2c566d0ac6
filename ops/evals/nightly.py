"""One night: every golden set of every site is played as trials, judged, kept, and told of where it is worse."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError
from core.log import get_logger
from core.models import Document, EvalCase, Site
from core.settings import Settings
from ops.demo import content
from ops.evals import alarm, nights
from ops.evals.golden import Case, GoldenSet, GoldenUnreadable, load_set, read_case
from ops.evals.questions import SUITES
from ops.evals.report.judging import judge
from ops.evals.report.page import Report
from ops.evals.report.verdict import Verdict
from ops.evals.run_form import Result, Run
from ops.evals.suite import run_set
from ops.evals.visit import Stage, play

log = get_logger(__name__)

TIMES_AGAIN = 3  # that a doubtful case is run again
AGAIN = (12, 28)  # cases: so many at first, and so many more where those prove nothing
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
    run_id: UUID | None = None  # whose report tells the rest


def run_nights(
    settings: Settings,
    site_id: str = "",
    players: Callable[[str], Player] | None = None,
    begins: Callable[[GoldenSet], None] = lambda _: None,
) -> Iterator[Told]:
    """Play what there is to play, on all sites or one; each as it is done. One that fails does not keep the others.

    `begins` hears of each before it is played.
    """
    sets, unreadable = golden_sets(settings)
    yield from unreadable
    for golden in sets:
        if site_id in {"", golden.site}:
            begins(golden)
            yield _one(golden, settings, players or player)
    with transaction() as session:
        nights.forget_old(session, settings.nightly_kept_days)


def _one(golden: GoldenSet, settings: Settings, players: Callable[[str], Player]) -> Told:
    try:
        verdict = run_night(golden, players(golden.site), settings.nightly_repeats)
    except Exception as error:
        log.exception("night_failed", site=golden.site, suite=golden.suite)
        return _failed(golden, error)
    with transaction() as session:
        run_id = nights.newest(session, golden.site, golden.suite)
    return Told(golden.site, golden.suite, verdict.headline, verdict.why, verdict.alarming, run_id=run_id)


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
    """The verdict once what is in doubt was run again: by chance something is worse somewhere each night.

    Of many cases a few are, spread over all. Where they prove that it is worse, and none was a matter of chance, the
    others are believed, too. Else more are run again, and what is left then is in doubt and counts for nothing. A few
    are timed again where nothing else was in doubt than how long turns took.
    """
    first = judge(run, past)
    left = [one for one in golden.cases if one.id in frozenset(first.doubtful)]
    left = left or (list(spread(golden.cases, AGAIN[0])) if first.slower else [])
    again: dict[str, list[Result]] = {case.id: [] for case in left}
    for most in AGAIN:
        for case in spread(left, most):
            again[case.id] = [played.again(case, run.setup.repeats + n) for n in range(TIMES_AGAIN)]
        verdict = judge(run, past, again)
        left = [one for one in left if not again[one.id]]
        if not left:
            break
        if verdict.alarming and not verdict.passing_again:
            return judge(run, past, {case: results for case, results in again.items() if results})
    return verdict


def spread(cases: Sequence[Case], most: int) -> Sequence[Case]:
    """At most `most` of them, from the first to the last."""
    count = len(cases)
    return [cases[n * count // most] for n in range(most)] if count > most else cases


def golden_sets(settings: Settings) -> tuple[list[GoldenSet], list[Told]]:
    """What there is to play: the demo's suite where that is, the sets in the folder, each site's made of conversations.

    And what can't be played: a file that is no set, a set of a site that is not here.
    """
    with transaction() as session:
        found, lost = _read([*_demos(session), *_folders(settings)])
        sites = set(session.scalars(select(Site.id)))
        found += [made for site in sorted(sites) if (made := _of_conversations(session, site))]
    for one in (one for one in found if one.site not in sites):
        lost.append(Told(one.site, one.suite, f"There is no site {one.site} here.", failed=True))
    for told in lost:
        log.error("golden_set_not_played", site=told.site, suite=told.suite, cause=told.headline)
    return [one for one in found if one.site in sites], lost


def _read(paths: Sequence[Path]) -> tuple[list[GoldenSet], list[Told]]:
    found: list[GoldenSet] = []
    lost: list[Told] = []
    for path in paths:
        try:
            found.append(load_set(path))
        except GoldenUnreadable as error:
            lost.append(Told("", path.name, error.detail, failed=True))
    return found, lost


def _demos(session: Session) -> list[Path]:
    """The demo's own suite where the demo shop's documents are known, whatever profile this process has."""
    theirs = Document.locator.startswith(f"{content.DOCUMENTS}/", autoescape=True)
    known = select(Document.id).where(Document.site_id == content.SITE, theirs).limit(1)
    return [SUITES / DEMO] if (SUITES / DEMO).is_dir() and session.scalar(known) else []


def _folders(settings: Settings) -> list[Path]:
    folder = settings.nightly_sets or settings.home / "golden"
    return _within(folder) if folder.is_dir() else []


def _within(folder: Path) -> list[Path]:
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
    return Told(golden.site, golden.suite, f"It came to nothing: {cause}", alarming=True, failed=True, run_id=run_id)
