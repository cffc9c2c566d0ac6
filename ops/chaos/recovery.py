"""How long it took: from a kill to the end of what it hit, and from each acceptance to the end."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select

from core.db import transaction
from core.models import Message, Turn
from ops.chaos.house import Kill

SERVER = "server"


@dataclass(frozen=True)
class Spread:
    """Seconds: how many were measured, the middle, the slow end, the slowest, and how many passed the limit."""

    count: int
    p50: float
    p95: float
    most: float
    over: int

    def as_json(self) -> dict[str, float]:
        """For the result file."""
        return {name: round(value, 2) for name, value in asdict(self).items()}


def spread(values: Iterable[float], limit: float) -> Spread:
    """The spread of `values`."""
    ordered = sorted(values) or [0.0]
    middle, slow = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95))
    return Spread(len(ordered), middle, slow, ordered[-1], sum(value > limit for value in ordered))


def lives(site: str) -> dict[UUID, tuple[float, float]]:
    """When each turn's newest message was stored and when it ended, by the database's clock, which is ours."""
    query = select(Turn.id, Message.created_at, Turn.ended_at).join(Message, Message.turn_id == Turn.id)
    query = query.where(Turn.site_id == site, Message.role == "visitor", Turn.ended_at.is_not(None))
    found: dict[UUID, tuple[float, float]] = {}
    with transaction() as session:
        for turn_id, created, ended in session.execute(query.order_by(Message.position.desc())):
            if ended is not None:
                found[turn_id] = (created.timestamp(), ended.timestamp())  # the oldest message's stays
    return found


def after_kills(kills: Sequence[Kill], turns: dict[UUID, tuple[float, float]]) -> list[float]:
    """Seconds from the last kill that hit a turn to its end; from a server's return, where one was away."""
    last: dict[UUID, float] = {}
    for kill in sorted(kills, key=lambda kill: kill.at):
        for turn_id in kill.held if kill.kind != SERVER else _open_then(kill, turns):
            last[turn_id] = kill.at
    return [max(0.0, turns[turn_id][1] - at) for turn_id, at in last.items() if turn_id in turns]


def _open_then(kill: Kill, turns: dict[UUID, tuple[float, float]]) -> list[UUID]:
    """The turns that were open at any moment while the server was away."""
    return [turn_id for turn_id, (began, ended) in turns.items() if began < kill.at and ended > kill.began]
