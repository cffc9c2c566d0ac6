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
    DESK = "desk"
    REFUSALS = "refusals"
    SLACK = "slack"
    PRIVACY = "privacy"
    INSTRUMENTS = "instruments"
    SEALING = "sealing"


ALL = (Bench.TURN, Bench.LOAD, Bench.MEMORY, Bench.THREAD, Bench.PHASES)  # the others take longer than all of these
# They have servers and data of their own.
ALONE = frozenset(
    {
        Bench.RETRIEVAL,
        Bench.INDEXING,
        Bench.WEBHOOKS,
        Bench.REFUSALS,
        Bench.SLACK,
        Bench.PRIVACY,
        Bench.DESK,
        Bench.INSTRUMENTS,
        Bench.SEALING,
    }
)
