"""Does the nightly judge hear what it should, and only that? Faults are planted, and nothing is, and it is asked.

On a demo shop of its own; with the built-in brain, which never differs from itself, and with a model that does.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Literal

import typer

from core.settings import get_settings
from ops.demo.content import SITE
from ops.evals.golden import Case, GoldenSet
from ops.evals.nightly import Player, looked_at_twice, spread
from ops.evals.obedient import Obedient
from ops.evals.plants import FORMS, PLANTS, Form, Plant
from ops.evals.run_form import Run
from ops.evals.suite import run_set
from ops.evals.visit import Stage, play
from orchestrator.world import World
from tools.catalog import TOOLS

Brain = Literal["extractive", "obedient"]

BEFORE: dict[Brain, int] = {"extractive": 3, "obedient": 5}  # nights that there are; noise takes more to be known
UNCHANGED = "nothing"
SOUND = Form("nothing is changed", nullcontext)


@dataclass(frozen=True)
class Tried:
    """One night: what was planted in which form, and whether it was heard of."""

    plant: str
    brain: Brain
    form: int
    what: str
    alarm: bool
    why: tuple[str, ...]
    seconds: float

    @property
    def right(self) -> bool:
        """An alarm where something was planted, and none where nothing was."""
        return self.alarm is (self.plant != UNCHANGED)


def run_regressions(
    golden: GoldenSet, *, forms: int = FORMS, unchanged: int = 20, plants: Sequence[Plant] = PLANTS
) -> Iterator[Tried]:
    """`forms` of each plant, and between them nights with nothing planted, shared by the brains; each as it is done."""
    brains = tuple(dict.fromkeys(each.brain for each in plants))
    for at, brain in enumerate(brains):
        past = [_night(golden, brain, seed) for seed in range(BEFORE[brain])]
        planted = [(each.name, each.forms(golden)[:forms]) for each in plants if each.brain == brain]
        nothing = unchanged // len(brains) + (at < unchanged % len(brains))
        for n in range(max(nothing, *(len(some) for _, some in planted))):
            if n < nothing:
                yield _tried(golden, (UNCHANGED, brain, n), SOUND, past)
            for name, form in ((name, some[n]) for name, some in planted if n < len(some)):
                yield _tried(golden, (name, brain, n), form, past)


def sampled(golden: GoldenSet, most: int) -> GoldenSet:
    """At most `most` of its cases, spread over all of them; 0: all."""
    if not 0 < most < len(golden.cases):
        return golden
    return golden.model_copy(update={"cases": tuple(spread(golden.cases, most))})


def _tried(golden: GoldenSet, which: tuple[str, Brain, int], form: Form, past: Sequence[Run]) -> Tried:
    name, brain, n = which
    began, seed = time.perf_counter(), 1_000 + n
    with form.put():
        run = _night(golden, brain, seed)
        verdict = looked_at_twice(golden, run, past[::-1], _player(brain, seed + 500))
    return Tried(name, brain, n, form.what, verdict.alarming, tuple(verdict.why), time.perf_counter() - began)


def _night(golden: GoldenSet, brain: Brain, seed: int) -> Run:
    return _player(brain, seed).whole(golden, 1)


def _player(brain: Brain, seed: int) -> Player:
    world = None if brain == "extractive" else World(get_settings(), (Obedient(seed),), TOOLS)
    stage = Stage(SITE, world, keep=True)  # erasing each waits for the disk

    def again(case: Case, repeat: int) -> Any:
        return play(stage, case, repeat)

    return Player(lambda golden, repeats: run_set(golden, stage, repeats=repeats), again)


def told(tried: Sequence[Tried]) -> bool:
    """Print what was heard of, by plant. True where all of it was right."""
    for plant in dict.fromkeys((one.plant, one.brain) for one in tried):
        some = [one for one in tried if (one.plant, one.brain) == plant]
        alarms = sum(one.alarm for one in some)
        wanted = 0 if plant[0] == UNCHANGED else len(some)
        typer.echo(f"{plant[0]} ({plant[1]}): {alarms} alarms in {len(some)} nights, wanted {wanted}.")
    return all(one.right for one in tried)


def as_json(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    """Each night."""
    return [asdict(one) | {"right": one.right} for one in tried]
