"""Which benchmarks there are. Apart from them, so that the command line starts quickly."""

from enum import StrEnum


class Bench(StrEnum):
    """A benchmark by name."""

    TURN = "turn"
    LOAD = "load"
    MEMORY = "memory"
    THREAD = "thread"
    PHASES = "phases"
    SOAK = "soak"


ALL = (Bench.TURN, Bench.LOAD, Bench.MEMORY, Bench.THREAD, Bench.PHASES)  # soak takes longer than the rest together
