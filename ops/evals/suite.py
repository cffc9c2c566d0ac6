"""Runs a golden set, every case k times, and makes its run of it."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from uuid import uuid4

from brain.extractive import Extractive
from brain.prompt import prompt_hashes
from core.db import transaction
from core.models import Site
from ops.evals.figures import by_tag, figures_of
from ops.evals.golden import Case, GoldenSet
from ops.evals.run_form import Result, Run, Setup
from ops.evals.visit import Stage, play
from orchestrator.turn import the_world
from orchestrator.world import World


def run_set(
    golden: GoldenSet,
    stage: Stage,
    *,
    repeats: int = 1,
    on_result: Callable[[Result], None] = lambda _: None,
    judge: Callable[[Case, Result], Result] | None = None,
) -> Run:
    """Play every case of `golden` on `stage`, `repeats` times, one after another in this process.

    `on_result` hears of each as it comes; `judge` may add measures of its own to it.
    """
    started_at, began = datetime.now(UTC), time.perf_counter()
    results = []
    for repeat in range(repeats):
        for case in golden.cases:
            result = play(stage, case, repeat)
            results.append(judge(case, result) if judge else result)
            on_result(results[-1])
    seconds = time.perf_counter() - began
    return run_of(golden.suite, stage, results, started_at=started_at, seconds=seconds, repeats=repeats)


def run_of(
    suite: str, stage: Stage, results: Sequence[Result], *, started_at: datetime, seconds: float, repeats: int
) -> Run:
    """The run that these results are."""
    world = stage.world or the_world()
    model = not all(isinstance(brain, Extractive) for brain in world.brains)
    return Run(
        id=uuid4(),
        suite=suite,
        site=stage.site_id,
        started_at=started_at,
        seconds=seconds,
        setup=setup_of(stage.site_id, world, repeats),
        figures=figures_of(results, model=model),
        by_tag=by_tag(results, model=model),
        results=tuple(results),
    )


def setup_of(site_id: str, world: World, repeats: int = 1) -> Setup:
    """What a run is made with now."""
    with transaction() as session:
        kb_version = session.get_one(Site, site_id).kb_version
    return Setup(
        brain=world.settings.brain,
        models=tuple(brain.name for brain in world.brains),
        prompts=prompt_hashes(),
        settings=world.settings.fingerprint(),
        kb_version=kb_version,
        version=version("handrail"),
        repeats=repeats,
    )
