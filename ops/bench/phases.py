"""`handrail bench phases`: where a turn's milliseconds go, as the visitor, the model and the journal saw it."""

from collections import defaultdict
from itertools import pairwise
from statistics import median

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from core import db
from ops.bench.rig import Rig, ask_at_once, rig
from ops.bench.visitors import Waited

PIECE_MS = 2
PHASES = (
    "accepted: POST to 202",
    "queue, claim, case, question to the model",
    "plan read and recorded, search, recorded, question to the model",
    "the model writes its first sentence",
    "guards, stream: until the visitor has it",
    "the model writes the rest; checked, recorded, told: until done",
)
JOURNAL = text("""
    SELECT event ->> 'type' AS event,
           extract(epoch FROM recorded_at - lag(recorded_at) OVER (PARTITION BY turn_id ORDER BY seq)) * 1000 AS ms
    FROM turn_events WHERE turn_id IN (SELECT id FROM turns ORDER BY created_at DESC LIMIT :turns)
    ORDER BY turn_id, seq
""")


def run_phases(rounds: int) -> None:
    """Measure and print."""
    with rig(0, piece_ms=PIECE_MS) as running:
        ask_at_once(running.ours, 1, times=2)
        done = ask_at_once(running.ours, 1, times=rounds)
        split = [_split(running, wait) for wait in done.waits]
    table = Table("phase", "p50 ms", title="What the visitor waits for")
    for name, values in zip(PHASES, zip(*split, strict=True), strict=True):
        table.add_row(name, f"{median(values) * 1000:.1f}")
    table.add_row("in all", f"{median(wait.done for wait in done.waits) * 1000:.1f}", style="bold")
    console = Console(width=130)
    console.print(table, _journal(rounds))
    cpu = ", ".join(f"{name} {seconds * 1000 / rounds:.1f}" for name, seconds in done.cpu.items())
    console.print(f"CPU ms/turn: {cpu}. The model writes a word each {PIECE_MS} ms.")


def _split(running: Rig, wait: Waited) -> tuple[float, ...]:
    seen = running.seen(wait.ref)
    first, second = seen.asked[0], seen.asked[-1]
    moments = (wait.began_at, wait.accepted_at, first, second, seen.sentence, wait.first_at, wait.done_at)
    return tuple(after - before for before, after in pairwise(moments))


def _journal(turns: int) -> Table:
    """From one record's beginning to the next one's. What is recorded together takes no time."""
    waits: dict[str, list[float]] = defaultdict(list)
    with db.transaction() as session:
        for row in session.execute(JOURNAL, {"turns": turns}):
            waits[row.event].append(float(row.ms or 0))
    table = Table("up to the event", "p50 ms", title="In the journal")
    for event, values in waits.items():
        table.add_row(event, f"{median(values):.1f}")
    return table
