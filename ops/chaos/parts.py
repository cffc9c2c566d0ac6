"""The parts of chaos: what is killed in each, how often, and what goes on meanwhile."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import redis

from ops.chaos.house import House, Kill, house
from ops.chaos.points import Deck
from ops.chaos.visitors import Town
from ops.chaos.watch import SETTLE_S, Outcome, discover, watch

AWAY_S = 30.0
LEAST_THREADS = "1"  # of the worker that is left alone: the others are to get the work


@dataclass(frozen=True)
class Size:
    """How much of it: rounds for each kind of process, messages for PostgreSQL's part."""

    rounds: int = 200
    messages: int = 5_000


async def kill_workers(size: Size) -> Outcome:
    """Workers die at every write of a turn, and at random moments; one is left alone."""
    with house("worker") as place:
        deck = Deck((await discover(place))["worker"], size.rounds)
        place.keep_apis(1)
        place.keep("scheduler")
        place.keep("worker", HANDRAIL_CHAT_THREADS=LEAST_THREADS)
        place.keep_dying("worker", deck, 4)
        place.keep_shooting("worker", deck, (1.0, 6.0))
        return await watch(place, {"worker": deck}, town=Town(place), hurting=None)


async def kill_apis(size: Size) -> Outcome:
    """Three APIs behind a balancer die at every write of a request, and at random moments."""
    with house("api") as place:
        deck = Deck((await discover(place))["api"], size.rounds)
        place.keep("scheduler")
        place.keep("worker", 2)
        place.keep_dying("api", deck, 2)
        place.keep_shooting("api", deck, (1.0, 5.0), first=2)
        return await watch(place, {"api": deck}, town=Town(place), hurting=None)


async def kill_schedulers(size: Size) -> Outcome:
    """Schedulers die at every bell, and at random moments, while workers die too, so that sweeps are needed."""
    with house("scheduler") as place:
        deck, workers = Deck((await discover(place))["scheduler"], size.rounds), Deck((), 0)
        place.keep_apis(1)
        place.keep("worker")
        place.keep_shooting("worker", workers, (2.0, 6.0))
        place.keep_dying("scheduler", deck, 3)
        place.keep_shooting("scheduler", deck, (1.0, 5.0))
        return await watch(place, {"scheduler": deck, "worker": workers}, town=Town(place), hurting=None)


async def hurt_valkey(_: Size) -> Outcome:
    """Valkey is killed, comes back empty, is flushed, and is away for half a minute."""
    with house("valkey") as place:
        deck = Deck((), 0)
        _everybody(place)

        async def hurt() -> None:
            for act in (*(_killed, _emptied, _flushed) * 6, _away, _killed, _emptied, _flushed, _away):
                await asyncio.sleep(random.uniform(3, 8))  # noqa: S311 - chance, not secrecy
                await _hurt(place, deck, act)
            await asyncio.sleep(SETTLE_S)

        return await watch(place, {"valkey": deck}, town=Town(place), hurting=hurt())


async def stop_postgres(size: Size) -> Outcome:
    """PostgreSQL is stopped `immediate` every 5 to 40 s, until enough was said."""
    with house("postgres") as place:
        deck, town = Deck((), 0), Town(place)
        _everybody(place)

        async def hurt() -> None:
            while len(town.said) < size.messages:
                await asyncio.sleep(random.uniform(5, 40))  # noqa: S311
                await _hurt(place, deck, _stopped)

        return await watch(place, {"postgres": deck}, town=town, hurting=hurt())


async def a_little_of_all(size: Size) -> Outcome:
    """The short form: workers, API and scheduler die at some of their points, then Valkey and PostgreSQL do."""
    with house("short") as place:
        place.patience_s = 5.0
        points = await discover(place, seconds=4.0)
        decks = {
            "worker": Deck(points["worker"], min(size.rounds, 20)),
            "api": Deck(points["api"], 3),
            "scheduler": Deck(points["scheduler"], 2),
            "server": (servers := Deck((), 0)),
        }
        place.keep("worker", HANDRAIL_CHAT_THREADS=LEAST_THREADS)
        place.keep_dying("worker", decks["worker"], 3)
        place.keep("api")
        place.keep_dying("api", decks["api"], 1, first=1)
        place.ports = place.ports[:2]
        place.keep("scheduler")
        place.keep_dying("scheduler", decks["scheduler"], 1)

        async def hurt() -> None:
            while not all(deck.done for deck in decks.values()):  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.1)
            for act in (_flushed, _killed, _stopped):
                await _hurt(place, servers, act)
                await asyncio.sleep(1.0)

        return await watch(place, decks, visitors=12, town=Town(place), hurting=hurt())


SHORT = "short"
PARTS: dict[str, Callable[[Size], Awaitable[Outcome]]] = {
    "worker": kill_workers,
    "api": kill_apis,
    "scheduler": kill_schedulers,
    "valkey": hurt_valkey,
    "postgres": stop_postgres,
    SHORT: a_little_of_all,
}
Act = Callable[[House], Awaitable[str]]


def _everybody(place: House) -> None:
    place.keep_apis(2)
    place.keep("scheduler")
    place.keep("worker", 2)


async def _hurt(place: House, deck: Deck, act: Act) -> None:
    began = time.time()
    what = await act(place)
    deck.drawn(what, died=True)
    place.kills.append(Kill("server", what, time.time(), began))


async def _killed(place: House) -> str:
    place.valkey.kill(signal.SIGKILL)
    place.valkey.start()
    return "Valkey killed"


async def _emptied(place: House) -> str:
    place.valkey.kill(signal.SIGKILL)
    place.valkey.forget_data()
    place.valkey.start()
    return "Valkey killed, its data gone"


async def _flushed(place: House) -> str:
    redis.Redis.from_url(place.valkey.addresses.redis_url).flushall()
    return "Valkey flushed"


async def _away(place: House) -> str:
    place.valkey.kill(signal.SIGKILL)
    await asyncio.sleep(AWAY_S)
    place.valkey.start()
    return f"Valkey away for {AWAY_S:.0f} s"


async def _stopped(place: House) -> str:
    place.postgres.kill(signal.SIGQUIT)
    place.postgres.start()
    return "PostgreSQL stopped immediate"
