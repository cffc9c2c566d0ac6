"""Who may do what: every route of the desk against every role, and ids of other sites."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import db
from core.models import AuditEntry, Document, Erasure, EvalRun, Handoff, Message, Note, StaffRole, Ticket
from orchestrator import review
from tests.conftest import SITE, make_site
from tests.web.desk.house import furnish
from tests.web.desk.staff import Browser, browser_of, make_staff
from web.desk.doors import ROUTERS
from web.desk.rights import RIGHTS, ROLES, Right

# To add a route: say here which right it asks for; None: whoever is logged in; "open": anybody.
RULES: dict[tuple[str, str], Right | str | None] = {
    ("GET", "/desk/login"): "open",
    ("POST", "/desk/login"): "open",
    ("GET", "/desk/oidc"): "open",
    ("GET", "/desk/oidc/back"): "open",
    ("GET", "/desk/{path:path}"): "open",  # says that there is no such page
    ("POST", "/desk/logout"): None,
    ("GET", "/desk/me"): None,
    ("POST", "/desk/me/password"): None,
    ("GET", "/desk"): Right.READ,
    ("GET", "/desk/live"): Right.READ,
    ("GET", "/desk/threads/{thread_id}"): Right.READ,
    ("GET", "/desk/threads/{thread_id}/evidence/{message_id}"): Right.READ,
    ("POST", "/desk/threads/{thread_id}/claim"): Right.ANSWER,
    ("POST", "/desk/threads/{thread_id}/take"): Right.TAKE,
    ("POST", "/desk/threads/{thread_id}/reply"): Right.ANSWER,
    ("POST", "/desk/threads/{thread_id}/note"): Right.ANSWER,
    ("POST", "/desk/threads/{thread_id}/return"): Right.ANSWER,
    ("POST", "/desk/threads/{thread_id}/resolve"): Right.ANSWER,
    ("GET", "/desk/threads/{thread_id}/erase"): Right.ERASE,
    ("POST", "/desk/threads/{thread_id}/erase"): Right.ERASE,
    ("GET", "/desk/privacy"): Right.AUDIT,
    ("GET", "/desk/privacy/receipts/{receipt_id}"): Right.READ,
    ("GET", "/desk/drafts"): Right.READ,
    ("POST", "/desk/drafts/{name}/approve"): Right.ANSWER,
    ("POST", "/desk/drafts/{name}/refuse"): Right.ANSWER,
    ("GET", "/desk/search"): Right.READ,
    ("GET", "/desk/tickets"): Right.READ,
    ("GET", "/desk/tickets/{number}"): Right.READ,
    ("POST", "/desk/tickets/{number}/reply"): Right.ANSWER,
    ("POST", "/desk/tickets/{number}/assign"): Right.ANSWER,
    ("POST", "/desk/tickets/{number}/solve"): Right.ANSWER,
    ("POST", "/desk/tickets/{number}/reopen"): Right.ANSWER,
    ("GET", "/desk/staff"): Right.SEE_STAFF,
    ("POST", "/desk/staff/add"): Right.CHANGE_STAFF,
    ("POST", "/desk/staff/{staff_id}/role"): Right.CHANGE_STAFF,
    ("POST", "/desk/staff/{staff_id}/password"): Right.CHANGE_STAFF,
    ("POST", "/desk/staff/{staff_id}/disable"): Right.CHANGE_STAFF,
    ("GET", "/desk/audit"): Right.AUDIT,
    ("GET", "/admin/agent/kb"): Right.SEE_DOCUMENTS,
    ("GET", "/admin/agent/kb/documents/{document_id}"): Right.SEE_DOCUMENTS,
    ("POST", "/admin/agent/kb/upload"): Right.CHANGE_DOCUMENTS,
    ("POST", "/admin/agent/kb/{act}"): Right.CHANGE_DOCUMENTS,
    ("POST", "/admin/agent/kb/documents/{document_id}/{act}"): Right.CHANGE_DOCUMENTS,
    ("GET", "/admin/agent/tools"): Right.SEE_FIGURES,
    ("GET", "/admin/agent/metrics"): Right.SEE_FIGURES,
    ("GET", "/admin/agent/evals"): Right.SEE_FIGURES,
    ("GET", "/admin/agent/evals/{run_id}"): Right.SEE_FIGURES,
    ("POST", "/admin/agent/evals/{run_id}/accept"): Right.ACCEPT,
    ("GET", "/admin/agent/gaps"): Right.SEE_FIGURES,
    ("POST", "/desk/messages/{message_id}/case"): Right.ANSWER,
}
GUARDED = sorted(rule for rule in RULES if isinstance(RULES[rule], Right) and rule[1] != "/desk/live")
WATCHED = (AuditEntry, Handoff, Message, Note, StaffRole)  # what nobody changes without the right


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def rights_of(route: APIRoute) -> list[Right | None]:
    """The rights that its dependencies ask for."""
    calls = (each.call for each in route.dependant.dependencies)
    return [getattr(call, "right") for call in calls if hasattr(call, "right")]  # noqa: B009 - the type checker


def test_every_route_has_a_rule_and_asks_for_that_right() -> None:
    found = {(method, route.path): rights_of(route) for route in routes() for method in route.methods or ()}
    assert set(found) == set(RULES), "a new route needs a rule in this table"
    for rule, rights in found.items():
        assert rights == ([] if RULES[rule] == "open" else [RULES[rule]]), rule


def test_whatever_changes_something_takes_only_its_own_forms() -> None:
    for route in routes():
        if "POST" in (route.methods or ()) and route.path != "/desk/login":  # that one has a proof of its own
            entering = [each for each in route.dependant.dependencies if hasattr(each.call, "right")]
            assert [field.name for each in entering for field in each.body_params] == ["csrf"], route.path


@dataclass
class Place:
    """A furnished site, and what the routes need to know of it."""

    ids: dict[str, str]
    forms: dict[str, dict[str, str]] = field(default_factory=dict)

    def path(self, pattern: str) -> str:
        return pattern.format(**self.ids)


@pytest.fixture
def place(client: TestClient) -> Place:
    """The site SITE with everything in it, and somebody of its staff."""
    with db.transaction() as session:
        return furnished(session, SITE)


def furnished(session: Session, site: str) -> Place:
    thread = furnish(session, site)
    document = session.scalars(select(Document.id).where(Document.site_id == site)).first()
    ticket = session.scalars(select(Ticket.number).where(Ticket.site_id == site)).first()
    held = review.drafts(session, site)[0]
    spoken = select(Message.id).where(Message.thread_id == thread.id, Message.role == "agent")
    staff_id = make_staff(f"cleo@{site}.example", "agent", site)
    facts = {"counts": {"threads": 1}, "ids": [], "asked": [], "beyond": {}}
    receipt = Erasure(id=uuid4(), site_id=site, erased_by="staff", facts=facts)
    session.add(receipt)
    session.flush()
    ids = {
        "thread_id": thread.id,
        "message_id": session.scalars(spoken).first(),
        "number": ticket,
        "name": held.name,
        "document_id": document,
        "staff_id": staff_id,
        "run_id": session.scalars(select(EvalRun.id).where(EvalRun.site_id == site)).first(),
        "receipt_id": receipt.id,
        "act": "retry",
    }
    return Place({name: str(value) for name, value in ids.items()})


FORM = {
    "text": "Hello.",
    "note": "Hm.",
    "reason": "No.",
    "site": SITE,
    "role": "agent",
    "email": "new@shop.example",
    "name": "New",
    "to": "",
}


def ask(browser: Browser, method: str, path: str) -> Any:
    if method == "GET":
        return browser.get(path, follow_redirects=False)
    return browser.post(path, **FORM)


def state() -> list[int]:
    """How much there is of what may not change."""
    with db.transaction() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) or 0 for table in WATCHED]
        claimed = session.scalar(select(func.count()).where(Handoff.claimed_by.is_not(None))) or 0
        return [*counts, claimed]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_what_it_may_and_nothing_else(client: TestClient, place: Place, role: str) -> None:
    browser = browser_of(client, "ada@shop.example", role)
    for method, pattern in GUARDED:
        right = RULES[method, pattern]
        assert isinstance(right, Right)
        before = state()
        answer = ask(browser, method, place.path(pattern))
        if role in RIGHTS[right]:
            assert answer.status_code in {200, 303, 404, 409, 422}, (role, pattern, answer.text)
        else:
            assert answer.status_code == 403, (role, pattern, answer.status_code)
            assert state() == before, (role, pattern)


def test_who_is_not_logged_in_reaches_nothing(client: TestClient, place: Place) -> None:
    before = state()
    for method, pattern in GUARDED:
        answer = client.request(
            method, place.path(pattern), data=FORM if method == "POST" else None, follow_redirects=False
        )
        assert answer.status_code == 303, pattern
        assert answer.headers["location"].startswith("/desk/login"), pattern
    assert state() == before


def test_a_form_without_its_word_does_nothing(client: TestClient, place: Place) -> None:
    browser = browser_of(client, "ada@shop.example", "admin")
    before = state()
    for method, pattern in GUARDED:
        if method == "POST":
            path = place.path(pattern)
            assert browser.post(path, **(FORM | {"csrf": "x" * 43})).status_code == 403, pattern
            foreign = {"Sec-Fetch-Site": "cross-site"}
            assert browser.send(path, FORM, **foreign).status_code == 403, pattern
    assert state() == before


def test_ids_of_another_site_are_as_unknown_as_none(client: TestClient, session: Session) -> None:
    make_site(session, "other")
    session.flush()
    theirs = furnished(session, "other")
    none = Place(
        {
            **dict.fromkeys(("thread_id", "message_id", "document_id", "staff_id"), str(uuid4())),
            **dict.fromkeys(("receipt_id", "run_id"), str(uuid4())),
            "number": "987654",
            "name": "0.0",
            "act": "retry",
        }
    )
    session.commit()
    browser = browser_of(client, "ada@shop.example", "admin")  # of SITE alone
    before = state()
    for method, pattern in GUARDED:
        if "{" not in pattern or pattern.endswith("kb/{act}"):
            continue
        there, nowhere = ask(browser, method, theirs.path(pattern)), ask(browser, method, none.path(pattern))
        assert (there.status_code, nowhere.status_code) == (404, 404), pattern
    assert state() == before


def test_no_page_shows_anything_of_another_site(client: TestClient, session: Session) -> None:
    make_site(session, "other")
    session.flush()
    theirs = furnish(session, "other")
    session.commit()
    browser = browser_of(client, "ada@shop.example", "admin")
    for path in (
        "/desk",
        "/desk/drafts",
        "/desk/tickets",
        "/desk/search?q=jacket",
        "/desk/search",
        "/desk/audit",
        "/desk/privacy",
        "/desk/staff",
    ):
        for asked in (path, f"{path}{'&' if '?' in path else '?'}site=other"):
            page = browser.get(asked).text
            assert str(theirs.id) not in page, asked
            assert "ana@example.com" not in page, asked
    assert "Document 0" not in browser.get("/admin/agent/kb?site=other").text
    assert browser.post("/admin/agent/kb/retry", site="other").status_code == 422


def test_an_admin_of_one_site_rules_no_other(client: TestClient, session: Session) -> None:
    make_site(session, "other")
    session.commit()
    everywhere, both = make_staff("eve@shop.example", "admin", "*"), make_staff("bo@shop.example", "agent")
    with db.transaction() as opened:
        opened.add(StaffRole(staff_id=both, site_id="other", role="agent"))
    ada = browser_of(client, "ada@shop.example", "admin")
    assert ada.post(f"/desk/staff/{everywhere}/password").status_code == 403
    assert ada.post(f"/desk/staff/{both}/password").status_code == 403
    assert ada.post(f"/desk/staff/{both}/disable", disabled="1").status_code == 403
    for site in ("other", "*"):
        assert ada.post(f"/desk/staff/{both}/role", site=site, role="admin").status_code in {403, 422}
    assert ada.post(f"/desk/staff/{both}/role", site=SITE, role="supervisor").status_code == 303
    with db.transaction() as opened:
        held = {row.site_id: row.role for row in opened.scalars(select(StaffRole).where(StaffRole.staff_id == both))}
    assert held == {SITE: "supervisor", "other": "agent"}
