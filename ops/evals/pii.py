"""`handrail eval-guards`, personal data: what is found of what is labelled, what leaks, and what is taken for it."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from core.privacy.cleaning import FINDERS, find
from core.privacy.found import DESTROYED, Found, Kind
from core.privacy.needed import CONTACTS
from ops.evals.pii_texts import Text, our_texts, read_texts

KINDS: tuple[Kind, ...] = ("card", "ssn", "iban", "phone", "email", "national_id")
NEVER: tuple[Kind, ...] = ("card", "ssn", "iban")  # may not leak, not once
F1_TARGET, ALARMS_TARGET, MS_TARGET = 0.95, 0.01, 1.0


@dataclass
class Score:
    """Counts of one kind: found where labelled, found where not, labelled and not found."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        """2·right / (2·right + extra + missed); 1 where there was nothing to find and nothing was."""
        return 2 * self.right / whole if (whole := 2 * self.right + self.extra + self.missed) else 1.0


@dataclass
class Figures:
    """What came of one half of the texts."""

    labelled: int = 0
    by_kind: dict[str, Score] = field(default_factory=lambda: {kind: Score() for kind in KINDS})
    leaked: Counter[str] = field(default_factory=Counter)  # labelled, and not wholly taken out
    unlabelled: int = 0
    alarms: Counter[str] = field(default_factory=Counter)  # by kind, in texts that nobody has labelled
    hit: int = 0  # of those texts, how many had anything in them but an order's number or an address
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def total(self) -> Score:
        """All kinds together."""
        scores = self.by_kind.values()
        return Score(sum(s.right for s in scores), sum(s.extra for s in scores), sum(s.missed for s in scores))

    @property
    def good(self) -> bool:
        """Whether everything aimed at is met."""
        alarms = self.hit <= ALARMS_TARGET * self.unlabelled
        return self.total.f1 >= F1_TARGET and not any(self.leaked.values()) and alarms and self.median_ms < MS_TARGET

    @property
    def median_ms(self) -> float:
        """Of searching one text for everything."""
        return 1_000 * median(self.seconds) if self.seconds else 0.0


def run_pii(files: Sequence[Path] = (), *, as_json: bool = False, show: bool = False) -> bool:
    """Print the figures of both halves, of our texts or of those in `files`. True where the aims are met on both.

    A file whose texts have no labels (of orders, of support) must hold no numbers of people: each hit is an alarm.
    Raises CasesUnreadable.
    """
    texts = [text for file in files for text in read_texts(file)] if files else our_texts()
    halves = {half: judge(text for text in texts if text.half == half) for half in ("develop", "held")}
    if as_json:
        typer.echo(json.dumps({half: as_plain(figures) for half, figures in halves.items()}, indent=2))
    else:
        _print(halves)
    for half, figures in halves.items() if show else ():
        for fault in figures.faults:
            typer.echo(f"[{half}] {fault}")
    return all(figures.good for figures in halves.values())


def judge(texts: Iterable[Text]) -> Figures:
    """Search every text, and compare with its labels."""
    figures = Figures()
    for text in texts:
        began = time.perf_counter()
        found = find(text.text, (*FINDERS, *CONTACTS))
        figures.seconds.append(time.perf_counter() - began)
        if text.labels is None:
            _alarms(figures, text.text, found)
        else:
            _compare(figures, text.text, found, text.labels)
    return figures


def _alarms(figures: Figures, text: str, found: Sequence[Found]) -> None:
    figures.unlabelled += 1
    alarms = [one for one in found if one.kind not in {"order", "email"}]
    figures.hit += bool(alarms)
    figures.alarms.update(one.kind for one in found)
    figures.faults += [f"alarm {one.kind}: {text[one.start : one.end]!r} in {text!r}" for one in alarms]


def _compare(figures: Figures, text: str, found: Sequence[Found], labels: Sequence[Found]) -> None:
    figures.labelled += 1
    matched: set[Found] = set()
    for label in labels:
        same = {one for one in found if one.kind == label.kind and _overlap(one, label)}
        matched |= same
        score = figures.by_kind[label.kind]
        score.right, score.missed = score.right + bool(same), score.missed + (not same)
        if not same:
            figures.faults.append(f"missed {label.kind}: {text[label.start : label.end]!r} in {text!r}")
        gone = any(one.kind in DESTROYED and one.start <= label.start and label.end <= one.end for one in found)
        if label.kind in NEVER and not gone:
            figures.leaked[label.kind] += 1
    for one in found:
        if one not in matched and one.kind in figures.by_kind:
            figures.by_kind[one.kind].extra += 1
            figures.faults.append(f"extra {one.kind}: {text[one.start : one.end]!r} in {text!r}")


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def as_plain(figures: Figures) -> dict[str, Any]:
    """All figures of a half as plain data."""
    return {
        "labelled_texts": figures.labelled,
        "f1": round(figures.total.f1, 4),
        "by_kind": {kind: asdict(score) | {"f1": round(score.f1, 4)} for kind, score in figures.by_kind.items()},
        "leaked": {kind: figures.leaked[kind] for kind in NEVER},
        "unlabelled_texts": figures.unlabelled,
        "hit": figures.hit,
        "hit_share": round(figures.hit / figures.unlabelled, 4) if figures.unlabelled else 0.0,
        "alarms": dict(figures.alarms),
        "median_ms": round(figures.median_ms, 3),
        "good": figures.good,
    }


def _print(halves: dict[str, Figures]) -> None:
    table = Table("personal data", *halves, title="developed on one half of the texts, the other held back")
    for kind in KINDS:
        scores = [figures.by_kind[kind] for figures in halves.values()]
        table.add_row(kind, *(f"{s.right} found, {s.missed} missed, {s.extra} extra" for s in scores))
    rows = {half: as_plain(figures) for half, figures in halves.items()}
    for name, key in (("F1, all kinds", "f1"), ("leaked", "leaked"), ("texts that hold nothing", "unlabelled_texts")):
        table.add_row(name, *(str(row[key]) for row in rows.values()))
    table.add_row("… of them hit", *(f"{row['hit']} ({row['hit_share']:.2%})" for row in rows.values()))
    table.add_row("median of a text", *(f"{row['median_ms']} ms" for row in rows.values()))
    Console().print(table)
