"""Floors of the gateway: what taking a signed event costs at the least.

`python -m ops.bench.webhook_floors NAME PORT`
echo: FastAPI, verified, not stored. each: FastAPI, one commit an event. limit: raw ASGI, one row each, commits shared.
"""

import asyncio
import hashlib
import hmac
import json
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from core import db
from core.settings import get_settings
from ops.bench.webhook_senders import SECRET

TABLE = "CREATE TABLE IF NOT EXISTS bench_webhooks (id text PRIMARY KEY, body bytea)"
INSERT = "INSERT INTO bench_webhooks VALUES (%s, %s) ON CONFLICT DO NOTHING"
MANY = "INSERT INTO bench_webhooks SELECT * FROM unnest(%s::text[], %s::bytea[]) ON CONFLICT DO NOTHING"


def verified(headers: Any, raw: bytes) -> str:
    """The event's id, if its signature fits."""
    stamp = headers["x-wp-timestamp"].encode()
    expected = hmac.new(SECRET.encode(), stamp + b"." + raw, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, headers["x-wp-signature"])
    return str(json.loads(raw)["id"])


def url() -> str:
    """The database as psycopg wants to hear of it."""
    return get_settings().database_url.replace("postgresql+psycopg", "postgresql")


def echo() -> ASGIApp:
    """Verify and answer."""
    app = FastAPI()

    @app.post("/webhooks/wordpress", status_code=202)
    async def take(request: Request) -> dict[str, str]:
        return {"id": verified(request.headers, await request.body())}

    return app


def each() -> ASGIApp:
    """One commit for each event, in a thread, on a pool."""
    app = FastAPI()

    def keep(event_id: str, raw: bytes) -> None:
        with db.new_session() as session, session.begin():
            session.connection().exec_driver_sql(INSERT, (event_id, raw))

    @app.post("/webhooks/wordpress", status_code=202)
    async def take(request: Request) -> dict[str, str]:
        raw = await request.body()
        event_id = verified(request.headers, raw)
        await run_in_threadpool(keep, event_id, raw)
        return {"id": event_id}

    return app


class Limit:
    """Raw ASGI; whoever comes while a commit is under way shares the next one."""

    def __init__(self) -> None:
        """Connect at the first event."""
        self.waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self.came = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one event."""
        if scope["type"] != "http":
            return
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        event_id = verified(headers, raw)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((event_id, raw, done))
        self.came.set()
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.write())
        await done
        body = json.dumps({"id": event_id}).encode()
        length = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 202, "headers": length})
        await send({"type": "http.response.body", "body": body})

    async def write(self) -> None:
        """Write what waits until nothing does."""
        async with await psycopg.AsyncConnection.connect(url(), autocommit=True) as connection:
            while True:
                await self.came.wait()
                self.came.clear()
                batch, self.waiting = self.waiting, []
                await connection.execute(MANY, ([one for one, _, _ in batch], [raw for _, raw, _ in batch]))
                for _, _, done in batch:
                    done.set_result(None)


FLOORS: dict[str, Callable[[], Any]] = {"echo": echo, "each": each, "limit": Limit}


def make_table() -> None:
    """Where floors write."""
    with psycopg.connect(url(), autocommit=True) as connection:
        connection.execute(TABLE)


if __name__ == "__main__":
    uvicorn.run(FLOORS[sys.argv[1]](), port=int(sys.argv[2]), log_level="warning", access_log=False, lifespan="off")
