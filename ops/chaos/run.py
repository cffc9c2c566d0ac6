"""`handrail chaos`: runs the parts one after another, prints each, and tells whether every promise was kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from core.errors import BadRequest
from ops.chaos.parts import PARTS, SHORT, Size
from ops.chaos.report import show, write
from ops.chaos.watch import Outcome


class PartUnknown(BadRequest):
    """There is no such part of chaos."""


def run_chaos(parts: Sequence[str], size: Size, *, json: Path | None = None) -> bool:
    """True where nothing was broken. No parts: all but the short one. Raises PartUnknown.

    The settings point at embedded servers that this process owns and may kill.
    """
    if unknown := [part for part in parts if part not in PARTS]:
        raise PartUnknown(f"There is no part {unknown[0]!r}: choose from {', '.join(PARTS)}.")
    outcomes: list[Outcome] = []
    for part in parts or [name for name in PARTS if name != SHORT]:
        outcomes.append(asyncio.run(PARTS[part](size)))  # type: ignore[arg-type]
        show(outcomes[-1])
        if json:
            write(outcomes, json)
    return not any(outcome.broken for outcome in outcomes)
