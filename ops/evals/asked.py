"""The questions that "is this answerable?" is fitted and judged on, and which half each belongs to."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from ops.evals.cases import CasesUnreadable, load_cases

HERE = Path(__file__).parent
QUESTIONS = HERE / "answerability.yaml"
OUT_OF_SCOPE = HERE / "data" / "clinc150"
SEED = "answerability"
# The demo's golden questions judge, so they are reported; those to develop on are tuned on.
TUNED_CASES = ("demo_questions_dev.yaml", "demo_questions_dev2.yaml")
REPORTED_CASES = ("demo_questions.yaml", "demo_questions_held.yaml")

Half = Literal["tune", "report"]
Group = Literal["own", "near miss", "out of scope"]


@dataclass(frozen=True)
class Asked:
    """One question, whether a public document of the demo shop answers it, and what it is for."""

    text: str
    answerable: bool
    group: Group
    half: Half


def load_asked(out_of_scope: Path | None = None) -> list[Asked]:
    """All questions; those out of scope that are reported come from `out_of_scope`, by default CLINC150's validation.

    Raises CasesUnreadable.
    """
    try:
        return [
            *_written(),
            *(one for name in TUNED_CASES for one in _cases(name, "tune")),
            *(one for name in REPORTED_CASES for one in _cases(name, "report")),
            *_outside(OUT_OF_SCOPE / "oos_train.jsonl", "tune"),
            *_outside(out_of_scope or OUT_OF_SCOPE / "oos_val.jsonl", "report"),
        ]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise CasesUnreadable(str(error)) from error


def half_of(question: str) -> Half:
    """By the question's own letters: the rule stays when questions are added, and nobody chooses."""
    return "tune" if hashlib.sha256(f"{SEED}:{question}".encode()).digest()[0] % 2 == 0 else "report"


def _written() -> Iterator[Asked]:
    read = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    for key, group in (("answerable", "own"), ("unanswerable", "near miss")):
        for questions in read[key].values():
            for text in questions:
                yield Asked(text, key == "answerable", "own" if group == "own" else "near miss", half_of(text))


def _cases(name: str, half: Half) -> Iterator[Asked]:
    for case in load_cases(HERE / name):
        if len(case.say) == 1 and case.kind in {"answerable", "unanswerable"}:
            yes = case.kind == "answerable"
            yield Asked(case.say[0], yes, "own" if yes else "near miss", half)


def _outside(path: Path, half: Half) -> Iterator[Asked]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield Asked(str(json.loads(line)["text"]), answerable=False, group="out of scope", half=half)
