"""`handrail eval-claims`: are changed facts stopped, and true sentences let through, by all output guards together?"""

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

import typer

from kb.figures import NUMBER, plain
from ops.evals.claims_changes import CHANGES, STRICT, names_in
from ops.evals.claims_truth import Truth, true_sentences
from ops.evals.intervals import wilson
from orchestrator import guards
from orchestrator.evidence import Evidence, Snippet
from orchestrator.guards.draft import DraftText

SEED = 7
EACH = 200  # of each change and half, at most
CAUGHT, CAUGHT_OTHERS, FALSE = 0.99, 0.80, 0.03

Half = Literal["develop", "held"]


@dataclass(frozen=True)
class Tried:
    """One answer and what the guards said of it."""

    half: Half
    kind: str  # of the change, or how a true sentence was worded
    true: bool
    text: str
    was: str
    blocked: bool
    reason: str
    micros: float


def run_claims(*, as_json: bool = False, show: int = 0, half: str = "") -> bool:
    """Print how many changed answers are blocked, and how many true ones. True where both halves meet the aims."""
    tried = list(try_all(SEED))
    figures = figures_of(tried)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        _print(figures)
    for one in [one for one in tried if one.blocked == one.true and (not half or one.half == half)][:show]:
        typer.echo(
            f"{'FALSE ALARM' if one.true else 'MISSED'} [{one.half} {one.kind}] {one.text}\n    {one.reason or one.was}"
        )
    return bool(figures["good"])


def try_all(seed: int) -> Iterator[Tried]:
    """Every true sentence, and up to EACH changed ones of each kind and half, each judged as a whole answer."""
    chance = random.Random(seed)  # noqa: S311 - a draw
    truths = list(dict.fromkeys(true_sentences(chance)))
    documents = sorted({one.document for one in truths})
    half: dict[str, Half] = {name: "develop" if at % 2 else "held" for at, name in enumerate(documents)}
    for one in truths:
        yield _tried(half[one.document], one.how, one, one.text)
    names = names_in([one.text for one in truths])
    verbatim = [one for one in truths if one.how == "verbatim"]
    for side in ("develop", "held"):
        mine = [one for one in verbatim if half[one.document] == side]
        for kind, change in CHANGES.items():
            chosen = 0
            for one in chance.sample(mine, len(mine)):
                new = change(one.text, chance, names)
                if new and not _same(new, one) and chosen < EACH:
                    chosen += 1
                    yield _tried(half[one.document], kind, one, new)


def _same(new: str, one: Truth) -> bool:
    """True where nothing was changed, or into what the passage says in another place word for word."""
    numbers = [[plain(number) for number in NUMBER.findall(text)] for text in (new, one.text)]
    return new == one.text or new in one.passage or (numbers[0] == numbers[1] and new.lower() == one.text.lower())


def _tried(half: Half, kind: str, one: Truth, text: str) -> Tried:
    snippet = Snippet("c1", "d1", one.title, one.section, "/page/", one.passage)
    evidence = Evidence({"c1": snippet}, answerable=0.9)
    began = time.perf_counter()
    verdicts = guards.judge(DraftText(f"{text} [c1]", "answer"), evidence)
    micros = (time.perf_counter() - began) * 1e6
    reason = guards.objection(verdicts)
    return Tried(half, kind, kind not in CHANGES, text, one.text, bool(reason), reason, micros)


def figures_of(tried: Sequence[Tried]) -> dict[str, Any]:
    """Shares that were blocked, with 95 % intervals, by half and kind."""
    counts: dict[tuple[str, bool, str], list[bool]] = defaultdict(list)
    for one in tried:
        for kind in (one.kind, _group(one)):
            counts[one.half, one.true, kind].append(one.blocked)
    shares = [
        {
            "half": half,
            "true": true,
            "kind": kind,
            "count": len(marks),
            "blocked": sum(marks),
            "share": sum(marks) / len(marks),
        }
        | dict(zip(("low", "high"), wilson(sum(marks), len(marks)), strict=True))
        for (half, true, kind), marks in sorted(counts.items())
    ]
    by = {(half, kind): sum(marks) / len(marks) for (half, _, kind), marks in counts.items()}
    good = all(
        by[half, "figures"] >= CAUGHT and by[half, "others"] >= CAUGHT_OTHERS and by[half, "true"] <= FALSE
        for half in ("develop", "held")
    )
    return {"shares": shares, "micros": median(one.micros for one in tried), "good": good}


def _group(one: Tried) -> str:
    return "true" if one.true else "figures" if one.kind in STRICT else "others"


def _print(figures: dict[str, Any]) -> None:
    typer.echo(
        "Share of answers that the guards block (documents by halves; of `held` the totals alone were looked at):"
    )
    for one in figures["shares"]:
        what = "true, " if one["true"] and one["kind"] != "true" else ""
        typer.echo(
            f"  {one['half']:<8} {what + one['kind']:<18} {one['blocked']:>5} of {one['count']:<5}"
            f" {one['share']:>7.1%}  [{one['low']:.1%}, {one['high']:.1%}]"
        )
    typer.echo(f"Aims: figures ≥ {CAUGHT:.0%}, others ≥ {CAUGHT_OTHERS:.0%}, true ≤ {FALSE:.0%}.")
    typer.echo(f"All output guards: {figures['micros']:.0f} µs an answer of one sentence (median).")
