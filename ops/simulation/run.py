"""`handrail simulate`: played visitors talk to a whole Handrail, and are judged by what they leave behind."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import httpx2
import typer

from brain.client import Brain
from brain.extractive import Extractive
from core.db import transaction
from ops.apart import apart
from ops.demo import content
from ops.evals import reading
from ops.evals.model_judge import NoModel
from ops.evals.observed import Conversation, Observed
from ops.evals.verdict import faults
from ops.simulation.house import open_house
from ops.simulation.minds import Mind, Played, Scripted
from ops.simulation.persona import OURS, Persona, load_visitors
from ops.simulation.visit import SILENT, Visit, visit
from orchestrator.turn import the_world


@dataclass(frozen=True)
class Judged:
    """One visitor's visit and what is wrong with it; `faults` is empty where all is well."""

    persona: Persona
    visit: Visit
    faults: tuple[str, ...]


def run_simulation(
    path: Path | None = None, *, model: bool = False, only: str = "", as_json: Path | None = None
) -> bool:
    """Let every visitor in, one after another; print what came of each. True where all was as expected.

    Raises VisitorsUnreadable, NoModel.
    """
    people = [one for one in load_visitors(path or OURS) if only in {"", one.id, *one.tags}]
    brain = _player() if model else None
    with apart("simulate"), open_house() as client:
        judged = list(simulated(client, people, brain))
    if as_json is not None:
        as_json.write_text(json.dumps([_as_json(one) for one in judged], default=str, ensure_ascii=False, indent=1))
    return _report(judged)


def simulated(client: httpx2.Client, people: Sequence[Persona], brain: Brain | None = None) -> Iterator[Judged]:
    """The visits, each judged as soon as it is over. A `brain` plays the visitors; else their scripts do."""
    for persona in people:
        mind: Mind = Played(persona, brain) if brain else Scripted(persona)
        made = visit(client, content.SITE, persona, mind)
        lost = (mind.fault,) if isinstance(mind, Played) and mind.fault else ()
        judged = Judged(persona, made, (*lost, *_faults(persona, made)))
        _show(judged)
        yield judged


def _faults(persona: Persona, made: Visit) -> Iterator[str]:
    with transaction() as session:
        turns = [
            reading.observe(session, made.thread_id, turn_id, words, seconds)
            for turn_id, words, seconds in zip(made.turn_ids, _said(made), made.seconds, strict=False)
        ]
        state = reading.state_of(session, made.thread_id)
    last = turns[-1] if turns else Observed("", SILENT, state, 0.0)
    left = replace(last, state=state)  # what counts is what stands there when the visitor has gone
    yield from faults(persona.expect, Conversation([*turns[:-1], left]))
    if persona.satisfied and made.ended != "satisfied":
        yield f"the visitor did not hear what they came for: ended by {made.ended} after {len(made.seconds)} messages"


def _said(made: Visit) -> list[str]:
    return [words for who, words in made.lines if who == "visitor"]


def _player() -> Brain:
    brain = next((each for each in the_world().brains if not isinstance(each, Extractive)), None)
    if brain is None:
        raise NoModel("No model is set that could play visitors: set HANDRAIL_BRAIN and HANDRAIL_MODEL.")
    return brain


def _show(one: Judged) -> None:
    typer.echo(f"{'✗' if one.faults else '✓'} {one.persona.id}: {one.persona.goal} [{one.visit.ended}]")
    if one.faults:
        for who, words in one.visit.lines:
            typer.echo(f"    {who}: {words[:300]}")
    for fault in one.faults:
        typer.echo(f"    ! {fault}")


def _report(judged: Sequence[Judged]) -> bool:
    good = sum(not one.faults for one in judged)
    wanted = [one.visit.ended == "satisfied" for one in judged if one.persona.satisfied]
    seconds = [each for one in judged for each in one.visit.seconds] or [0.0]
    typer.echo(f"{good} of {len(judged)} visits ended as they should.")
    typer.echo(f"{sum(wanted)} of {len(wanted)} visitors heard what they came for.")
    typer.echo(f"To the end of a turn: median {median(seconds):.2f} s, longest {max(seconds):.2f} s.")
    return good == len(judged)


def _as_json(one: Judged) -> dict[str, object]:
    told = {"visitor": one.persona.id, "goal": one.persona.goal, "faults": list(one.faults)}
    return told | asdict(one.visit)
