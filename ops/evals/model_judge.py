"""A model as one more judge: asked several times, with the spread of its grades beside their mean.

It decides nothing alone: its grades are measures beside the deterministic ones. A verdict that can't be read counts as
the worst grade and is a fault of the case: silence must never look like praise.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from brain.client import Ask, Brain, BrainUnavailable, Said, ToolCall, ToolOutcome
from brain.extractive import Extractive
from core.errors import BadRequest
from ops.evals.golden import Case
from ops.evals.run_form import Result
from orchestrator.world import World

GRADE = re.compile(r"^\s*GRADE:\s*([1-5])\s*$", re.MULTILINE)
WORST, BEST = 1, 5
SECONDS = 30.0
QUOTED = 80  # characters of what is no grade


class NoModel(BadRequest):
    """No model is set that could judge: set HANDRAIL_BRAIN and HANDRAIL_MODEL, or leave --judge out."""


def judged_by_model(world: World, times: int, seconds: float = SECONDS) -> Callable[[Case, Result], Result]:
    """A judge that asks the first model of `world` `times` times for each result, so long each time. Raises NoModel."""
    brain = next((brain for brain in world.brains if not isinstance(brain, Extractive)), None)
    if brain is None:
        raise NoModel
    return lambda case, result: _judged(brain, times, seconds, case, result)


def grade_in(text: str) -> int | None:
    """The one grade that `text` gives; None where it gives none, or several."""
    found = GRADE.findall(text)
    return int(found[0]) if len(found) == 1 else None


def _judged(brain: Brain, times: int, seconds: float, case: Case, result: Result) -> Result:
    said = [_said(brain, replace(_question(case, result), timeout_s=seconds)) for _ in range(times)]
    grades = [grade_in(text) for text, _ in said]
    shares = [((grade or WORST) - WORST) / (BEST - WORST) for grade in grades]
    causes = [cause for grade, (_, cause) in zip(grades, said, strict=True) if grade is None]
    why = "; ".join(dict.fromkeys(causes))
    told = (f"the judging model gave no readable grade {len(causes)} of {times} times: {why}",) if causes else ()
    measures = {"judged": sum(shares) / times, "judged_spread": max(shares) - min(shares)}
    return result.model_copy(
        update={
            "faults": result.faults + told,
            "passed": result.passed and not told,
            "measures": {**result.measures, **measures, "passed": float(result.passed and not told)},
        }
    )


def _said(brain: Brain, question: Ask) -> tuple[str, str]:
    """What the judge says, and it again in a few words for whoever looks why it is no grade."""
    try:
        text = brain.think(question, lambda _: None).text
    except BrainUnavailable as error:
        return "", error.detail.split(": ")[0].rstrip(".")
    return text, f"it said “{' '.join(text.split())[:QUOTED]}”"


def _question(case: Case, result: Result) -> Ask:
    """Everything as data in fences, so that a reply can't speak to its judge."""
    parts: Sequence[tuple[str, object]] = (
        ("conversation", [said.words for said in case.say]),
        ("reply", {"outcome": result.outcome, "text": result.reply, "cites": result.cited}),
        ("expectations", result.expected),
    )
    outcomes = tuple(
        ToolOutcome(ToolCall(name, name, "{}"), json.dumps(held, ensure_ascii=False)) for name, held in parts
    )
    return Ask("judge", "", (Said("visitor", "Judge this reply."),), outcomes=outcomes, temperature=0.0)
