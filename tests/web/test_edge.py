"""The outermost layer: ids, limits, and errors that tell nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from core.errors import TooManyRequests
from web import faults
from web.edge import Edge
from web.schemas import Words


class Body(BaseModel):
    """Any body."""

    text: Words


def make_app() -> FastAPI:
    app = FastAPI()
    faults.add_handlers(app)
    app.add_middleware(Edge, max_bytes=1000, body_seconds=0.2)

    @app.post("/echo")
    async def echo(body: Body) -> Body:
        return body

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("the secret is 42")

    @app.get("/busy")
    async def busy() -> None:
        raise TooManyRequests(retry_after_s=7)

    return app


def ask(method: str, path: str, **options: Any) -> httpx2.Response:
    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=make_app(), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def error(response: httpx2.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "detail"}
    assert body["detail"].endswith(".")
    return response.status_code, body["error"]


def test_a_sane_request_id_is_kept_and_a_strange_one_replaced() -> None:
    assert ask("GET", "/busy", headers={"X-Request-ID": "abc-12345"}).headers["X-Request-ID"] == "abc-12345"
    for strange in ("x", "a b c d e f g h", "é" * 9, "a" * 200):
        made = ask("GET", "/busy", headers={"X-Request-ID": strange.encode()}).headers["X-Request-ID"]
        assert made != strange
        assert len(made) == 32


def test_a_large_body_is_refused_also_without_a_length() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 300

    assert error(ask("POST", "/echo", content=b" " * 2000)) == (413, "BodyTooLarge")
    assert error(ask("POST", "/echo", content=pieces())) == (413, "BodyTooLarge")


def test_a_body_that_drips_is_cut_off() -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" "
            await asyncio.sleep(0.05)

    assert error(ask("POST", "/echo", content=drip())) == (408, "BodyTooSlow")


def test_the_unexpected_tells_nothing() -> None:
    response = ask("GET", "/broken")
    assert error(response) == (500, "HandrailError")
    assert "42" not in response.text


def test_too_many_requests_say_when_to_come_back() -> None:
    response = ask("GET", "/busy")
    assert error(response) == (429, "TooManyRequests")
    assert response.headers["Retry-After"] == "7"


BAD: list[tuple[bytes, str]] = [
    (b"", "The body must be"),
    (b"{", "not valid JSON"),
    (b"[]", "The body must be"),
    (b"null", "The body must be"),
    (b"\xff\xfe\x00", ""),
    (b'{"text": "\xff"}', ""),
    (b"[" * 900, ""),
    (b"{}", "`text` is missing"),
    (b'{"text": 5}', "`text` can't be used"),
    ('{"text": "ä"}'.encode("latin-1"), ""),
    (b'{"text": "\\ud800"}', "`text` can't be used"),
    (b'{"text": "a\\u0000"}', "`text` can't be used"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_a_bad_body_is_the_callers_fault_and_says_which_field(body: bytes, words: str) -> None:
    response = ask("POST", "/echo", content=body, headers={"Content-Type": "application/json"})
    status, name = error(response)
    assert status in {400, 422}
    assert name == "BadRequest"
    assert words in response.json()["detail"]


def test_unknown_routes_and_methods() -> None:
    assert error(ask("GET", "/nowhere")) == (404, "NotFound")
    assert error(ask("DELETE", "/echo")) == (405, "MethodNotAllowed")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level("CRITICAL"):
        yield
