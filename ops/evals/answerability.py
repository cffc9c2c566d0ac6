"""`handrail eval-answerability`: does the search know when the demo shop's documents hold no answer?"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from core import db
from kb.documents.indexer import index_all
from kb.search.answerable import LIMIT, Signals
from kb.search.hybrid import search
from ops.demo import content
from ops.evals.asked import Asked, Group, load_asked
from ops.evals.calibration import MIX, Share, brier, calibration_error, mixed, reliability, roc_auc, share

ABSTAIN_TARGET = 0.95  # of the questions out of scope that are reported
FALSE_TARGET = 0.05  # of our own answerable questions that are reported, at most


@dataclass(frozen=True)
class Scored:
    """A question with what the search made of it."""

    asked: Asked
    likelihood: float
    signals: Signals | None
    reason: str
    seconds: float


def score(asked: list[Asked]) -> list[Scored]:
    """Index the demo shop, and search for every question as a visitor's chat does.

    The settings point at servers that this process may write to.
    """
    with db.transaction() as session:
        content.prepare(session)
    index_all(content.SITE, lambda _, __: None)
    return [_scored(one) for one in asked]


def run_answerability(out_of_scope: Path | None = None, *, as_json: bool = False) -> bool:
    """Print the figures of the half that nothing was tuned on. True where both targets are met.

    Raises CasesUnreadable.
    """
    reported = [one for one in load_asked(out_of_scope) if one.half == "report"]
    scored = score(reported)
    figures = figures_of(scored)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        _print(figures, scored)
    abstained, false = figures["abstained"]["out of scope"]["value"], figures["false_abstention"]["value"]
    return bool(abstained >= ABSTAIN_TARGET and false <= FALSE_TARGET)


def figures_of(scored: list[Scored], limit: float = LIMIT) -> dict[str, Any]:
    """All figures as plain data; each share with its 95 % bootstrap interval."""
    asked = [one.asked for one in scored]
    likelihoods = np.array([one.likelihood for one in scored])
    truth = np.array([one.answerable for one in asked])
    groups = np.array([one.group for one in asked])
    weights = mixed(asked)
    bins = reliability(likelihoods, truth, weights)
    no: list[Group] = [group for group in MIX if group != "own"]
    return {
        "limit": limit,
        "abstained": {group: asdict(_below(likelihoods, groups == group, limit)) for group in no},
        "false_abstention": asdict(_below(likelihoods, groups == "own", limit)),
        "auc": {group: roc_auc(likelihoods[chosen], truth[chosen]) for group, chosen in _against(groups, no)},
        "brier": brier(likelihoods, truth, weights),
        "ece": calibration_error(bins),
        "reliability": [asdict(one) for one in bins],
        "search_ms": median(one.seconds for one in scored) * 1000,
    }


def _scored(asked: Asked) -> Scored:
    began = time.perf_counter()
    with db.transaction() as session:
        found = search(session, site_id=content.SITE, channel="web", query=asked.text)
    return Scored(asked, found.answerable, found.signals, found.reason, time.perf_counter() - began)


def _below(likelihoods: Any, chosen: Any, limit: float) -> Share:
    return share(likelihoods[chosen] < limit)


def _against(groups: Any, no: list[Group]) -> list[tuple[Group, Any]]:
    return [(group, (groups == "own") | (groups == group)) for group in no if (groups == group).any()]


def _print(figures: dict[str, Any], scored: list[Scored]) -> None:
    table = Table("group", "questions", "abstained", "95 % interval", "AUC against own", title="Answerable or not")
    for group in MIX:
        found = figures["false_abstention"] if group == "own" else figures["abstained"][group]
        auc = figures["auc"].get(group)
        interval = f"{found['low']:.1%} to {found['high']:.1%}"
        table.add_row(group, str(found["count"]), f"{found['value']:.1%}", interval, f"{auc:.3f}" if auc else "–")
    console = Console(width=100)
    console.print(table)
    bins = Table("likelihood", "questions", "said", "true", title="Calibration, the groups weighed 2 : 1 : 1")
    for one in figures["reliability"]:
        bins.add_row(f"from {one['low']:.1f}", str(one["count"]), f"{one['said']:.2f}", f"{one['true']:.2f}")
    console.print(bins)
    typer.echo(f"Limit {figures['limit']}. Brier {figures['brier']:.3f}, ECE {figures['ece']:.3f}.")
    typer.echo(f"A search: median {figures['search_ms']:.1f} ms.")
    reasons = [one for one in scored if one.likelihood < figures["limit"] and one.asked.group == "near miss"][:3]
    for one in reasons:
        typer.echo(f"For example: {one.asked.text} → {one.reason}")
    typer.echo(f"Targets: {ABSTAIN_TARGET:.0%} abstained out of scope, at most {FALSE_TARGET:.0%} of our own.")
