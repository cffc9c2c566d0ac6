"""The results as a page of the documentation: one row for each fault, nothing in it that changes from run to run."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from ops.faults.trial import CLIENTS, GRACE_S, Verdict

PAGE = Path(__file__).parents[2] / "docs/model-faults.md"
HEAD = """# What a turn makes of a model's faults

Written by `make faults`, which takes whole turns (real database, journal, guards and tools) against two fake model
servers that others wrote, PyPI's `llmock` and npm's `@copilotkit/aimock`, with every fault that they offer for the two
APIs that Handrail speaks, and with both of its clients. Each turn must end within its limit in one reply: an answer, a
handoff, or a stated failure with a ticket. And its journal must replay to the byte.

- *hits*: whether the fault is there from the **question** on (the call that plans), or only for the **answer**, after a
  search that went well.
- *sees*: what the OpenAI client and the Anthropic client make of it, call by call; once where both see the same.
- *alone*: how the turn ends where that model is the only one. *with fallback*: where the built-in brain stands
  behind it.

Every turn below ended within {limit:g} seconds: the turn's {turn:g} and {grace:g} for writing the end down.
{wrong}
| server | fault | hits | sees | alone | with fallback |
|---|---|---|---|---|---|
"""


def page(verdicts: Iterable[Verdict], turn_seconds: float) -> str:
    """The whole page."""
    kept = list(verdicts)
    wrong = [f"- **{one.server}, {one.fault}** ({one.client}): {'; '.join(one.wrong)}" for one in kept if one.wrong]
    head = HEAD.format(
        limit=turn_seconds + GRACE_S,
        turn=turn_seconds,
        grace=GRACE_S,
        wrong="\n" + "\n".join(["Not so:", *wrong, ""]) if wrong else "",
    )
    order = list(dict.fromkeys(_key(one) for one in kept))
    rows = groupby(sorted(kept, key=lambda one: order.index(_key(one))), _key)
    return head + "".join(_row(key, list(some)) for key, some in rows)


def rows(text: str) -> list[tuple[str, str, str]]:
    """Server, fault and hits of each row of a page."""
    cells = ([cell.strip() for cell in line.split("|")[1:4]] for line in text.splitlines() if line.startswith("| "))
    return [(server, fault, hits) for server, fault, hits in cells if server != "server"]


def _key(one: Verdict) -> tuple[str, str, str]:
    return one.server, one.fault, one.hits


def _row(key: tuple[str, str, str], some: list[Verdict]) -> str:
    by = {(one.client, one.fallback): one for one in some}
    seen = _same([_seen(by[client, False]) for client in CLIENTS])
    alone, backed = (_same([by[client, fallback].outcome for client in CLIENTS]) for fallback in (False, True))
    return f"| {' | '.join((*key, seen, alone, backed))} |\n"


def _seen(one: Verdict) -> str:
    """What came, call by call; a thing that comes several times in a row is told once."""
    told = [(what, len(list(times))) for what, times in groupby(one.seen)]
    return ", then ".join(what + (f" ({times} times)" if times > 1 else "") for what, times in told).replace("|", "/")


def _same(values: list[str]) -> str:
    return values[0] if len(set(values)) == 1 else " / ".join(values)
