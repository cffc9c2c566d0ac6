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
    RETRIEVAL = "retrieval"
    INDEXING = "indexing"
    WEBHOOKS = "webhooks"
    REFUSALS = "refusals"


ALL = (Bench.TURN, Bench.LOAD, Bench.MEMORY, Bench.THREAD, Bench.PHASES)  # the others take longer than all of these
ALONE = frozenset({Bench.RETRIEVAL, Bench.INDEXING, Bench.WEBHOOKS, Bench.REFUSALS})  # they have servers of their own
