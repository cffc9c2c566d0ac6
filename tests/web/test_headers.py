"""Security headers on every door, whatever it answers."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from core.models import Site
from core.settings import get_settings
from tests.web.client import Guest
from tests.web.desk.staff import browser_of
from web.app import make_app

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
}
PRESENT = ("content-security-policy", "permissions-policy", "referrer-policy", "x-frame-options", "x-request-id")
DOORS = ["/healthz", "/readyz", "/metrics", "/api/docs", "/api/openapi.json", "/nowhere", "/desk", "/desk/login"]
MORE = ["/desk/nowhere", "/desk/static/desk.css", "/widget/widget.js", "/api/agent/thread/x", "/webhooks/wordpress/x"]


@pytest.mark.parametrize("path", DOORS + MORE)
def test_every_answer_has_them(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    for name, value in EVERYWHERE.items():
        assert answer.headers[name] == value
    for name in PRESENT:
        assert len(answer.headers.get_list(name)) == 1, name
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy
    assert "strict-transport-security" not in answer.headers, "over http it would mean nothing"


def test_what_is_data_can_be_nothing_else(client: TestClient, guest: Guest) -> None:
    for answer in (client.get("/healthz"), client.get("/api/openapi.json"), guest.say("Hello")):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; base-uri 'none'")
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_refusals_have_them_too(client: TestClient) -> None:
    large = client.post("/api/agent/messages", content=b"x" * 70_000)
    assert (large.status_code, large.headers["x-content-type-options"]) == (413, "nosniff")
    assert "default-src 'none'" in large.headers["content-security-policy"]


def test_over_https_browsers_are_told_to_stay_there(session: Session, site: Site) -> None:
    session.commit()
    trusting = get_settings().model_copy(update={"trusted_proxies": ("10.0.0.0/8",)})
    for peer, told in (("10.0.0.5", True), ("198.51.100.7", False)):
        with TestClient(make_app(trusting), client=(peer, 1)) as client:
            answer = client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
            assert ("strict-transport-security" in answer.headers) is told


@pytest.fixture
def behind_a_proxy(session: Session, site: Site) -> Iterator[TestClient]:
    session.commit()
    trusting = get_settings().model_copy(update={"trusted_proxies": ("10.0.0.0/8",), "profile": "production"})
    with TestClient(make_app(trusting), client=("10.0.0.5", 1)) as client:
        yield client


def test_cookies_of_the_desk_are_for_https_and_this_host_alone(behind_a_proxy: TestClient) -> None:
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    form = behind_a_proxy.get("/desk/login", headers=told)
    cookie = form.headers["set-cookie"].lower()
    for part in ("httponly", "secure", "samesite=strict", "path=/desk/login"):
        assert part in cookie


def test_the_desk_behind_a_proxy_that_is_not_listed_stays_shut(session: Session, site: Site) -> None:
    session.commit()
    unlisting = get_settings().model_copy(update={"profile": "production"})
    with TestClient(make_app(unlisting), client=("10.0.0.5", 1), base_url="http://help.shop.example") as client:
        answer = client.get("/desk/login", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 403
    assert "HANDRAIL_TRUSTED_PROXIES" in answer.text


def test_pages_of_the_desk_run_nothing_inline(client: TestClient) -> None:
    page = browser_of(client, "ada@shop.example", "admin").get("/desk")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text


def test_the_contract_reads_without_a_script_and_without_anybody_elses_server(client: TestClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "https://" not in page.text.replace("https://shop.example", "")
    for path in client.get("/api/openapi.json").json()["paths"]:
        assert path.replace("{", "&#123;").replace("}", "&#125;") in page.text or path in page.text
