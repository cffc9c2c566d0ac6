"""One self-contained HTML page of a run: what became worse, its figures over nights, and its cases, worst first."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ops.evals.report import charts, written
from ops.evals.report.cases import Told, told
from ops.evals.report.compare import Comparison, compare
from ops.evals.report.sheets import SPENT, shared
from ops.evals.report.verdict import Verdict
from ops.evals.run_form import Figure, Result, Run

HERE = Path(__file__).resolve().parent
WHOLE_CASES = 60  # shown with all their evidence; of further ones the table has a line
WEAKEST = 8  # cases that pass, but score least
FIRST = ("passed", "pass", "task", "recall", "ndcg", "citation", "grounded", "fact")  # figures whose trend is drawn
DRAWN = 6


@dataclass(frozen=True)
class Mark:
    """One night of the trend."""

    at: datetime
    figures: Mapping[str, Figure]
    alarming: bool = False


@dataclass(frozen=True)
class Report:
    """A run, what is said of it, and what it is read beside: nights with their results, newest first; the trend."""

    run: Run
    verdict: Verdict
    nights: Sequence[Run] = ()
    trend: Sequence[Mark] = ()  # oldest first, without this run

    @property
    def marks(self) -> list[Mark]:
        """The trend, and this run at its end."""
        return [*self.trend, Mark(self.run.started_at, self.run.figures, self.verdict.alarming)]


@dataclass(frozen=True)
class Line:
    """One figure in the table."""

    name: str
    figure: Figure
    before: float | None
    history: tuple[float, ...]
    fallen: bool


def page(report: Report) -> str:
    """The page."""
    cases = told(report.run, report.nights, report.verdict)
    failing = [one for one in cases if one.fails]
    weakest = sorted((one for one in cases if not one.fails and one.weakness < 1), key=lambda one: one.weakness)
    css = (HERE / "page.css").read_text(encoding="utf-8")
    return (
        _templates()
        .get_template("page.html")
        .render(
            report=report,
            run=report.run,
            verdict=report.verdict,
            css=Markup(css),  # noqa: S704 - a file of ours
            policy=f"default-src 'none'; style-src 'sha256-{_hashed(css)}'",
            lines=_lines(report),
            drawn=_drawn(report),
            failing=failing,
            weakest=weakest[:WEAKEST],
            cases=cases,
            whole=WHOLE_CASES,
            beside=_beside(report),
        )
    )


def compared(found: Comparison) -> str:
    """The page of two runs side by side."""
    css = (HERE / "page.css").read_text(encoding="utf-8")
    results = {one.case: one for run in (found.before, found.now) for one in run.results}
    return (
        _templates()
        .get_template("compared.html")
        .render(
            found=found,
            results=results,
            css=Markup(css),  # noqa: S704 - a file of ours
            policy=f"default-src 'none'; style-src 'sha256-{_hashed(css)}'",
        )
    )


def as_json(report: Report) -> dict[str, Any]:
    """The same as plain JSON types."""
    return {
        "form": 1,
        "verdict": report.verdict.stored(),
        "trend": [
            {"at": each.at.isoformat(), "alarming": each.alarming}
            | {"figures": {name: one.value for name, one in each.figures.items()}}
            for each in report.marks
        ],
        "worst": [one.worst.case for one in told(report.run, report.nights, report.verdict) if one.fails],
        "run": report.run.model_dump(mode="json"),
    }


def again(run: Run, result: Result) -> str:
    """The command that asks this case once more, where the run was."""
    return f"handrail eval --set {run.suite} --site {run.site} --case {result.case} --verbose"


def _lines(report: Report) -> list[Line]:
    fallen = {each.name for each in report.verdict.fallen}
    found = []
    for name, figure in report.run.figures.items():
        if name in SPENT and not figure.value:  # no model took any
            continue
        history = tuple(mark.figures[name].value for mark in report.marks if name in mark.figures)
        before = history[-2] if len(history) > 1 else None
        found.append(Line(name, figure, before, history, name in fallen))
    return found


def _drawn(report: Report) -> list[tuple[str, Markup, list[tuple[str, str]]]]:
    """The trends worth a look: of what fell, then of the first figures."""
    fallen = [each.name for each in report.verdict.fallen if each.name in report.run.figures]
    first = [name for mark in FIRST for name in report.run.figures if name.startswith(mark)]
    names = list(dict.fromkeys((*fallen, *first, *report.run.figures)))[:DRAWN]
    return [drawn for name in names if (drawn := _trend(name, report.marks)) is not None]


def _trend(name: str, marks: Sequence[Mark]) -> tuple[str, Markup, list[tuple[str, str]]] | None:
    known = [mark for mark in marks if name in mark.figures]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    said = partial(written.amount, name)
    points = [
        charts.Point(written.day(mark.at), one.value, one.low, one.high, mark.alarming)
        for mark in known
        for one in (mark.figures[name],)
    ]
    table = [(written.moment(mark.at), said(mark.figures[name].value)) for mark in known]
    return name, charts.trend(written.spoken(name), points, said), table


def _beside(report: Report) -> Comparison | None:
    """Tonight beside the night before, where they have cases in common."""
    last = next(iter(report.nights), None)
    return compare(last, report.run) if last and shared((last, report.run)) else None


def _pretty(value: Any) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100)).strip()


def _hashed(css: str) -> str:
    return b64encode(hashlib.sha256(css.encode()).digest()).decode()


def _said_of(one: Told) -> str:
    if one.broken:
        return "used to pass"
    return "fails" if not one.passed else f"fails in {len(one.results) - one.passed} of {len(one.results)}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """What an agent or a visitor said is text in them, never HTML."""
    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"moment": written.moment, "duration": written.duration, "spoken": written.spoken}
    made.filters |= {"pretty": _pretty, "chance": written.chance}
    made.globals |= {"charts": charts, "amount": written.amount, "change": written.change, "again": again}
    made.globals |= {"share_like": written.share_like, "said_of": _said_of}
    return made
