"""Visitors who ask and ask: through the real API, with the widget's patience, each message with an id of its own."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core.db import transaction
from core.models import Turn
from ops.chaos.house import House
from ops.chaos.model import ADDRESS

TICKETS = frozenset({"ticket", "two"})
KINDS = {"search": 8, "ticket": 4, "two": 3, "person": 2, "burst": 2}  # how often which
TIMEOUT_S = 15.0  # as the widget's
GIVE_UP_S = 120.0
LONGEST_TURN_S = 80.0
LOOK_S = 0.1


@dataclass
class Said:
    """One message and its fate; times are of the wall clock, 0 where it did not come to it."""

    kind: str
    number: int
    client_msg_id: str
    tried: float
    thread_id: UUID
    accepted: float = 0.0
    message_id: UUID | None = None
    turn_id: UUID | None = None
    ended: float = 0.0


class GaveUp(Exception):
    """Nobody answered a request for two minutes."""


@dataclass
class Town:
    """The visitors of one part."""

    house: House
    said: list[Said] = field(default_factory=list)
    retries: int = 0
    kinds: dict[str, int] = field(default_factory=lambda: dict(KINDS))
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[UUID, "asyncio.Future[float]"] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """Turns whose end somebody awaits."""
        return len(self._waiting)

    async def live(self, visitors: int, over: Callable[[], bool], pause_s: float = 0.0) -> None:
        """So many visitors, one conversation after another, until `over`; then what they said has ended, or never."""
        looking = asyncio.ensure_future(self._look())
        limits = httpx2.Limits(max_connections=visitors * 2, max_keepalive_connections=visitors * 2)
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, limits=limits) as client:
            await asyncio.gather(*(self._visitor(client, over, pause_s) for _ in range(visitors)))
        looking.cancel()

    async def _visitor(self, client: httpx2.AsyncClient, over: Callable[[], bool], pause_s: float) -> None:
        await asyncio.sleep(random.random() * 0.5)  # noqa: S311 - chance, not secrecy
        while not over():
            try:
                await self._talk(client, over, pause_s)
            except GaveUp:
                continue

    async def _talk(self, client: httpx2.AsyncClient, over: Callable[[], bool], pause_s: float) -> None:
        session = await self._post(client, "session", {"site_id": self.house.site}, {})
        headers = {"Authorization": f"Bearer {session['visitor_token']}"}
        for _ in range(random.randint(1, 4)):  # noqa: S311
            kind = random.choices(list(self.kinds), list(self.kinds.values()))[0]  # noqa: S311
            both = [await self._say(client, kind, session["thread_id"], headers)]
            if kind == "burst":
                both.append(await self._say(client, kind, session["thread_id"], headers))
            for said in both:
                await self._end_of(said)
            if kind == "person" or over() or any(not said.ended for said in both):
                return
            await asyncio.sleep(pause_s)

    async def _say(self, client: httpx2.AsyncClient, kind: str, thread: str, headers: dict[str, str]) -> Said:
        number = next(self._numbers)
        said = Said(kind, number, str(uuid4()), time.time(), UUID(thread))
        self.said.append(said)
        words = f"{'search' if kind == 'burst' else kind} {number:_}"  # so that it is no order's number
        if kind in TICKETS:  # a ticket goes only where the visitor wants its answers
            words = f"{words}, my address is {ADDRESS}"
        body = {"thread_id": thread, "user_msg": words, "client_msg_id": said.client_msg_id}
        answer = await self._post(client, "messages", body, headers)
        said.accepted = time.time()
        said.message_id = UUID(answer["message_id"])
        said.turn_id = UUID(answer["turn_id"]) if answer["turn_id"] else None
        return said

    async def _post(
        self, client: httpx2.AsyncClient, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> dict[str, Any]:
        """Try again, as the widget does and then its visitor by hand, until somebody accepts it."""
        began = time.time()
        for failures in itertools.count():
            port = random.choice(self.house.ports)  # noqa: S311 - a balancer in front of several
            try:
                response = await client.post(f"http://127.0.0.1:{port}/api/agent/{path}", json=body, headers=headers)
                if response.is_success:
                    return dict(response.json())
                if not response.is_server_error:
                    self.house.faults.append(f"POST {path}: {response.status_code} {response.text[:200]}")
                    raise GaveUp
            except (httpx2.HTTPError, ValueError):
                pass
            if time.time() - began > GIVE_UP_S:
                self.house.faults.append(f"POST {path}: nobody accepted it for {GIVE_UP_S:.0f} s")
                raise GaveUp
            self.retries += 1
            await asyncio.sleep(min(2.0, 0.1 * 2**failures) * (0.5 + random.random()))  # noqa: S311
        raise GaveUp

    async def _end_of(self, said: Said) -> None:
        if said.turn_id is None:
            return
        waiting = self._waiting.setdefault(said.turn_id, asyncio.get_running_loop().create_future())
        try:
            said.ended = await asyncio.wait_for(asyncio.shield(waiting), LONGEST_TURN_S)
        except TimeoutError:
            return

    async def _look(self) -> None:
        """Look into the table for those who wait: no news may be lost for want of a listener."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._waiting:
                continue
            for turn_id, ended in (await asyncio.to_thread(_ended, list(self._waiting))).items():
                waiting = self._waiting.pop(turn_id)
                if not waiting.done():
                    waiting.set_result(ended)


def _ended(turn_ids: list[UUID]) -> dict[UUID, float]:
    wanted = select(Turn.id, Turn.ended_at).where(Turn.id.in_(turn_ids), Turn.ended_at.is_not(None))
    try:
        with transaction() as session:
            return {turn_id: at.timestamp() for turn_id, at in session.execute(wanted) if at is not None}
    except SQLAlchemyError:  # the database is away
        return {}
