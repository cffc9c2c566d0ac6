"""Smoke."""

from fastapi.testclient import TestClient

from tests.web.desk.staff import browser_of

PAGES = [
    "/desk",
    "/desk/drafts",
    "/desk/tickets",
    "/desk/search",
    "/desk/search?q=hello",
    "/desk/audit",
    "/desk/staff",
    "/desk/me",
    "/admin/agent/kb",
    "/admin/agent/tools",
    "/admin/agent/metrics",
]


def test_it(client: TestClient) -> None:
    ada = browser_of(client, "ada@shop.example", "admin")
    for p in PAGES:
        a = ada.get(p)
        print(p, a.status_code, len(a.text), a.headers.get("server-timing"))
        assert a.status_code == 200, a.text
