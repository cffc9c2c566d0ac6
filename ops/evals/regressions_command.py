"""`handrail eval-regressions`: plants, and prints what was heard of, a line for each night as it is done."""

from json import dumps
from pathlib import Path

import typer

from ops.evals.demo import stage
from ops.evals.golden import load_set
from ops.evals.plant_names import Planted
from ops.evals.plants import PLANTS
from ops.evals.questions import SUITES
from ops.evals.regressions import Tried, as_json, run_regressions, sampled, told

SUITE = SUITES / "demo"


def run_planted(*, only: Planted | None, cases: int, forms: int, unchanged: int, json: Path | None) -> bool:
    """Plant all kinds, or `only` one, on a demo shop in the database that the settings name.

    True where every night was judged rightly.
    """
    plants = [one for one in PLANTS if only in {None, one.kind}]
    stage()
    golden = sampled(load_set(SUITE), cases)
    typer.echo(f"{len(golden.cases)} cases.")
    tried: list[Tried] = []
    for one in run_regressions(golden, forms=forms, unchanged=unchanged, plants=plants):
        tried.append(one)
        mark = "✓" if one.right else "✗"
        typer.echo(f"{mark} {one.plant} ({one.brain}) {one.form}: {one.what} → {_heard(one)} ({one.seconds:.0f} s)")
        if json is not None:
            json.write_text(dumps(as_json(tried), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return told(tried)


def _heard(one: Tried) -> str:
    return "; ".join(one.why) if one.alarm else "no alarm"
