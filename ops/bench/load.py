"""`handrail bench load`: turns per second on one core, many visitors at once, beside the floors in the same run."""

from rich.console import Console
from rich.table import Table

from ops.bench.rig import FLOORS, Round, ask_at_once, rig
from ops.bench.turn import spread

VISITORS = 200
MODEL_MS = 300


def run_load(rounds: int) -> None:
    """Measure and print."""
    table = Table("what", "turns/s", "ours / it", "CPU ms/turn", "done p50 / p95 (ms)")
    with rig(MODEL_MS, f"CHAT_THREADS={VISITORS} TURN_SECONDS=60", floors=tuple(FLOORS)) as running:
        got: dict[str, Round] = {}
        for system in running.systems:
            ask_at_once(system, VISITORS // 4)
            got[system.name] = ask_at_once(system, VISITORS, times=max(1, rounds // 20))
    ours = _per_second(got["handrail"])
    for name, done in got.items():
        rate = _per_second(done)
        waits = spread([wait.done * 1000 for wait in done.waits])
        table.add_row(name, f"{rate:.1f}", f"{ours / rate:.2f}", f"{done.cpu_ms:.1f}", waits)
    Console(width=130).print(f"{VISITORS} visitors at once, a model of {MODEL_MS} ms, the servers on one core:", table)


def _per_second(done: Round) -> float:
    return len(done.waits) / done.seconds
