"""What rests now and what that means, for `/readyz` in sentences and for `/metrics` under a closed set of names."""

import re
from collections.abc import Iterable
from math import ceil

from core.settings import Settings
from orchestrator import circuits
from tools.catalog import TOOLS

KIND = re.compile(r"to:[a-z_]{1,24}")  # of a destination; what follows is an id
OTHER = "other"


def degraded(settings: Settings) -> dict[str, str]:
    """Each open circuit, and in a sentence what it means meanwhile."""
    found = circuits.resting()
    return {name: f"Rests for {ceil(left)} s more: {_meaning(name, found, settings)}" for name, left in found.items()}


def _meaning(name: str, resting: Iterable[str], settings: Settings) -> str:
    kind, _, what = name.partition(":")
    if kind == "tool":
        return "it failed again and again, and is not offered to the model meanwhile."
    if kind == "model":
        return _without_model(what, resting, settings)
    return "deliveries fail there; they are kept, and sent when it answers again."


def _without_model(model: str, resting: Iterable[str], settings: Settings) -> str:
    others = [each for each in settings.models if each != model and f"model:{each}" not in resting]
    if others:
        return f"{others[0]} answers instead."
    return (
        "no other model is there to answer, so every question ends in a ticket or with a person; set "
        "HANDRAIL_FALLBACK_MODEL (`extractive` needs no service)."
    )


def labels(settings: Settings) -> tuple[str, ...]:
    """Every tool and every model in use by name."""
    return (*(f"tool:{tool.name}" for tool in TOOLS), *(f"model:{model}" for model in settings.models))


def label(name: str, settings: Settings) -> str:
    """The label of a circuit: itself where the set is closed, else what kind it is."""
    if name in labels(settings):
        return name
    kind = KIND.match(name)
    return kind.group() if kind else OTHER
