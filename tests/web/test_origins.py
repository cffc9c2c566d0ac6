"""Whose pages may ask: by site, with preflights; and another site's page can't use a token."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from core.models import Site
from core.settings import get_settings
from ops.cli import app
from tests.conftest import SITE, make_site
from tests.web.client import Guest, open_session
from web.app import make_app
from web.origins import OriginUnreadable, normal

OURS, OTHERS, STRANGER = "https://shop.example", "https://other.example:8443", "https://evil.example"
ELSEWHERE = "https://everywhere.example"
OTHER_SITE = "other-shop"


@pytest.fixture
def shops(session: Session, site: Site) -> Iterator[TestClient]:
    site.origins = [OURS]
    make_site(session, OTHER_SITE).origins = [OTHERS]
    make_site(session, "plain")
    session.commit()
    with TestClient(make_app(get_settings().model_copy(update={"allowed_origins": (ELSEWHERE,)}))) as opened:
        yield opened


def asked(guest: Guest, origin: str | None) -> tuple[int, str | None]:
    told = {"Origin": origin} if origin is not None else {}
    answer = guest.client.get(f"/api/agent/thread/{guest.thread_id}", headers=guest.headers | told)
    return answer.status_code, answer.headers.get("access-control-allow-origin")


def test_a_token_works_on_its_own_sites_pages_alone(shops: TestClient) -> None:
    guest = open_session(shops)
    assert asked(guest, OURS) == (200, OURS)
    assert asked(guest, None) == (200, None), "whoever is no browser tells no page"
    assert asked(guest, "http://testserver") == (200, None), "our own page"
    for foreign in (
        OTHERS,
        STRANGER,
        "null",
        ELSEWHERE,
        OURS + ".evil.example",
        "http://shop.example",
        OURS + ":444",
        "",
    ):
        status, told = asked(guest, foreign)
        assert status == (200 if foreign == "" else 403)
        assert told in ({foreign, None} if foreign in {OTHERS, ELSEWHERE} else {None})


def test_a_site_that_lists_none_takes_those_of_the_settings(shops: TestClient) -> None:
    guest = open_session(shops, "plain")
    assert asked(guest, ELSEWHERE) == (200, ELSEWHERE)
    assert asked(guest, OURS)[0] == 403


def test_every_visitors_door_refuses_another_sites_page(shops: TestClient) -> None:
    contract = shops.get("/api/openapi.json").json()["paths"]
    guest = open_session(shops)
    tried = 0
    for path, methods in contract.items():
        for method, operation in methods.items():
            if operation.get("security") == [{"VisitorToken": []}]:
                asked_path = path.format(thread_id=guest.thread_id)
                answer = shops.request(
                    method.upper(), asked_path, headers=guest.headers | {"Origin": STRANGER}, json={}
                )
                assert (answer.status_code, answer.json()["error"]) == (403, "OriginRefused"), path
                tried += 1
    assert tried >= 9


def test_no_page_of_another_site_opens_a_session(shops: TestClient) -> None:
    def opened(origin: str) -> int:
        return shops.post("/api/agent/session", json={"site_id": SITE}, headers={"Origin": origin}).status_code

    assert [opened(origin) for origin in (OURS, OTHERS, STRANGER)] == [200, 403, 403]


@pytest.mark.parametrize(("origin", "allowed"), [(OURS, True), (OTHERS, True), (ELSEWHERE, True), (STRANGER, False)])
def test_a_browser_that_asks_first_is_told(shops: TestClient, origin: str, allowed: bool) -> None:  # noqa: FBT001
    asks = {
        "Origin": origin,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "x-device-id",
    }
    answer = shops.options("/api/agent/data", headers=asks)
    assert answer.status_code == (204 if allowed else 403)
    assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if allowed:
        assert "DELETE" in answer.headers["access-control-allow-methods"]
        assert "X-Device-ID" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers


def test_refusals_can_be_read_by_the_page_that_may_ask(shops: TestClient) -> None:
    answer = shops.get("/api/agent/thread/none", headers={"Origin": OURS})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, OURS)
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    large = shops.post("/api/agent/messages", content=b"x" * 70_000, headers={"Origin": OURS})
    assert (large.status_code, large.headers["access-control-allow-origin"]) == (413, OURS)


def test_files_for_everybody_stay_so(shops: TestClient) -> None:
    assert shops.get("/widget/widget.js", headers={"Origin": STRANGER}).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", OURS),
        (" https://Shop.Example/ ", OURS),
        ("https://shop.example:443", OURS),
        ("http://localhost:8081", "http://localhost:8081"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origins_are_kept_as_browsers_spell_them(given: str, kept: str) -> None:
    assert normal(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        *("", "*", "null", "shop.example", "https://", "ftp://shop.example", "https://shop.example/path"),
        *("https://a@b.example", "https://shop.example?x", "javascript:alert(1)", "https://*.shop.example"),
        *("https://a b.example", "https://a:b"),
    ],
)
def test_what_is_no_origin_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(OriginUnreadable, match=r"like https://shop\.example"):
        normal(given)


def run(*line: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["site", "origins", *line])
    return result.exit_code, result.output + str(result.exception or "")


def test_the_command_lists_sets_and_clears(session: Session, site: Site) -> None:
    session.commit()
    assert "lists none" in run(SITE)[1]
    assert run(SITE, "https://Shop.example/", "https://shop.example", OTHERS) == (0, f"{OURS}\n{OTHERS}\n")
    session.refresh(site)
    assert site.origins == [OURS, OTHERS]
    assert run(SITE) == (0, f"{OURS}\n{OTHERS}\n")
    assert "lists none" in run(SITE, "--none")[1]
    code, said = run(SITE, "shop.example")
    assert code != 0
    assert "https://shop.example" in said
    assert run("nobody", OURS)[0] != 0
