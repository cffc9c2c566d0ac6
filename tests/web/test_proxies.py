"""Who calls: said by proxies that are listed, and never by the caller."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from core.errors import SettingsRefused
from core.settings import get_settings
from tests.web.live import serving
from web.proxies import Proxies, Trusted, far_end, network_of

OURS = Trusted(["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"])


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["1.1.1.1", "203.0.113.9"], "203.0.113.9"),  # the caller made the first one up
        (["1.1.1.1", "203.0.113.9", "10.0.0.7"], "203.0.113.9"),  # through two of ours
        (["10.0.0.1", "203.0.113.9", "10.0.0.7", "10.0.0.8"], "203.0.113.9"),  # who claims to be a proxy is none
        (["10.0.0.5", "10.0.0.6"], "10.0.0.5"),  # somebody inside
        (["203.0.113.9:4711", "[2001:db8::5]:80"], "203.0.113.9"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["2a00:1450:4001::5%eth0"], "2a00:1450:4001::5"),
        (["203.0.113.9", "unknown"], None),  # nobody vouches for what stands left of it
        (["203.0.113.9", "unknown", "10.0.0.7"], "10.0.0.7"),
        (["' OR 1=1 --"], None),
        ([], None),
        (["1.1.1.1"] * 5_000 + ["10.0.0.7"], "1.1.1.1"),
        (["10.0.0.7"] * 5_000, "10.0.0.7"),
    ],
)
def test_the_header_is_read_from_the_right(said: list[str], caller: str | None) -> None:
    assert far_end(said, OURS) == caller


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2a00:1450:4001:80b:1:2:3:4", "2a00:1450:4001:80b::/64"),
        ("2a00:1450:4001:80b::", "2a00:1450:4001:80b::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("testclient", "testclient"),
    ],
)
def test_a_place_is_an_address_or_a_network_of_ipv6(address: str, place: str) -> None:
    assert network_of(address) == place


@pytest.mark.parametrize("listed", ["10.0.0.0/40", "10.0.0.1/8", "proxy.shop.example", "", "*"])
def test_a_list_that_can_not_be_read_is_refused_with_advice(listed: str) -> None:
    with pytest.raises(SettingsRefused, match="HANDRAIL_TRUSTED_PROXIES"):
        Trusted([listed])


def seen(peer: tuple[str, int] | None, trusted: Trusted, **headers: str) -> dict[str, Any]:
    """What the application hears of a request from `peer`."""
    app = FastAPI()

    @app.get("/")
    def who(request: Request) -> dict[str, Any]:
        return {"host": request.client.host if request.client else None, "scheme": request.url.scheme}

    app.add_middleware(Proxies, trusted=trusted)
    asked = TestClient(app, client=peer or ("-", 1))
    if peer is None:
        inner = asked.app

        async def over_a_socket(scope: Any, receive: Any, send: Any) -> None:
            await inner(scope | {"client": None}, receive, send)

        asked = TestClient(over_a_socket)
    found = asked.get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    return dict(found.json())


def test_only_listed_proxies_are_believed() -> None:
    told = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https", "Forwarded": "for=9.9.9.9"}
    assert seen(("10.1.2.3", 9), OURS, **told) == {"host": "203.0.113.9", "scheme": "https"}
    assert seen(("198.51.100.1", 9), OURS, **told) == {"host": "198.51.100.1", "scheme": "http"}
    assert seen(("10.1.2.3", 9), Trusted([]), **told) == {"host": "10.1.2.3", "scheme": "http"}
    assert seen(None, Trusted(["unix"]), **told) == {"host": "203.0.113.9", "scheme": "https"}
    assert seen(None, Trusted(["10.0.0.0/8"]), **told) == {"host": None, "scheme": "http"}


def test_a_scheme_that_is_none_is_not_taken() -> None:
    assert seen(("10.1.2.3", 9), OURS, X_Forwarded_Proto="javascript")["scheme"] == "http"
    assert seen(("10.1.2.3", 9), OURS, X_Forwarded_Proto="https, http")["scheme"] == "http"  # what ours said last


def test_other_kinds_of_traffic_pass() -> None:
    heard: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        heard.append(scope["type"])

    asyncio.run(Proxies(inner, trusted=OURS)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert heard == ["lifespan"]


@pytest.mark.usefixtures("committed")
def test_the_server_itself_believes_nobody() -> None:
    """Uvicorn believes its own machine by default; ours must not."""
    with serving(get_settings().model_copy(update={"sessions_per_minute": 3})) as live:
        tries = [
            live.client.post(
                "/api/agent/session", json={"site_id": "demo-test"}, headers={"X-Forwarded-For": f"203.0.113.{n}"}
            ).status_code
            for n in range(4)
        ]
    assert tries == [200, 200, 429, 429], "the visitor of `serving` was the first of three"
