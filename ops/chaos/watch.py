"""One part from its first visitor to its verdict; and before it, which fail-points there are."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

import typer

from ops.chaos.house import House
from ops.chaos.points import Deck, numbered, read_trace
from ops.chaos.recovery import Spread, after_kills, lives, spread
from ops.chaos.verdict import Verdict, judge, wait_for_the_end
from ops.chaos.victims import Kind
from ops.chaos.visitors import KINDS, Town

LIMIT_S = 15.0  # lease + one sweep + the turn itself
VISITORS = 24
SETTLE_S = 3.0  # for processes to be there before the first visitor comes
TRACE_S = 10.0
TELL_S = 30.0
LONGEST_S = 2_400.0  # a part that is not done by then ends all the same, and says so


@dataclass
class Outcome:
    """What a part has to show."""

    name: str
    verdict: Verdict
    rounds: dict[str, int]  # deaths by place
    never: list[str]
    after_kill: Spread
    accepted_to_end: Spread
    seconds: float
    retries: int
    faults: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        """Every broken promise of this part."""
        late = [f"{self.after_kill.over} turns ended later than {LIMIT_S:.0f} s after the kill that hit them"]
        return self.verdict.broken + self.faults + (late if self.after_kill.over else [])


async def discover(place: House, seconds: float = TRACE_S) -> dict[Kind, list[str]]:
    """The fail-points of a few turns of every kind, for each kind of process, by its own trace."""
    kinds: tuple[Kind, ...] = ("worker", "api", "scheduler")
    files = {kind: place.log / f"{place.site}-{kind}.trace" for kind in kinds}
    victims = [place.start(kind, f"TRACE:{file}", place.ports[0]) for kind, file in files.items()]
    town = Town(place, kinds=dict.fromkeys(KINDS, 1))
    await asyncio.sleep(SETTLE_S)
    until = time.time() + seconds
    await town.live(4, lambda: time.time() > until and len(town.said) >= seconds * 2)
    for victim in victims:
        victim.end()
        victim.process.join()  # its port is free then
    found = {kind: read_trace(file) for kind, file in files.items()}
    return {
        "worker": found["worker"],
        "api": numbered(found["api"], 3),  # its threads count on from request to request
        "scheduler": numbered(found["scheduler"], 2),
    }


async def watch(
    place: House, decks: Mapping[str, Deck], *, visitors: int = VISITORS, town: Town, hurting: Awaitable[None] | None
) -> Outcome:
    """Let the visitors in until every deck (or the hurting) is done, then look what has come of it."""
    began = time.monotonic()
    work = asyncio.ensure_future(hurting) if hurting else None
    tell = _Ticker(began)

    def over() -> bool:
        tell(f"{place.site}: {sum(deck.total for deck in decks.values())} deaths, {len(town.said)} messages")
        if time.monotonic() - began > LONGEST_S:
            place.faults.append(f"not done after {LONGEST_S:.0f} s")
            return True
        return work.done() if work else all(deck.done for deck in decks.values())

    await asyncio.sleep(SETTLE_S)
    await town.live(visitors, over)
    if work:
        await work
    await asyncio.to_thread(wait_for_the_end, place.site)
    await place.close()
    return _outcome(place, decks, town, time.monotonic() - began)


def _outcome(place: House, decks: Mapping[str, Deck], town: Town, seconds: float) -> Outcome:
    turns = lives(place.site)
    return Outcome(
        name=place.site.split("-")[1],
        verdict=judge(place.site, town.said),
        rounds={f"{who}: {name}": count for who, deck in decks.items() for name, count in deck.by_name().items()},
        never=[each for deck in decks.values() for each in (deck.never if deck.rounds >= len(deck.points) else ())],
        after_kill=spread(after_kills(place.kills, turns), LIMIT_S),
        accepted_to_end=spread((ended - created for created, ended in turns.values()), LIMIT_S),
        seconds=seconds,
        retries=town.retries,
        faults=[f"{fault} ({count} times)" for fault, count in Counter(place.faults).items()],
    )


class _Ticker:
    """Says how far it is, every half a minute."""

    def __init__(self, began: float) -> None:
        self._began = self._last = began

    def __call__(self, words: str) -> None:
        if (now := time.monotonic()) - self._last > TELL_S:
            self._last = now
            typer.echo(f"  {now - self._began:.0f} s  {words}", err=True)
