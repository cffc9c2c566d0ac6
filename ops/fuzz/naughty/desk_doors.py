"""The fields of the desk: every form field, every query and every id in a path, of every route that it has."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import select

from core.db import transaction
from core.models import Document, Staff, StaffSession, Ticket
from core.models.people import EVERY_SITE
from core.settings import Settings
from ops.fuzz.house import SITE, House
from ops.fuzz.naughty.run import Field
from web.desk import accounts, sessions
from web.desk.doors import ROUTERS
from web.desk.entry import PLAIN_COOKIE

ENDLESS = frozenset({"/desk/live"})
APART = frozenset({"/desk/logout", "/desk/login"})  # they end or begin logins; the login form is sent without one
PLAIN = {"email": "ada@shop.example", "site": SITE, "role": "agent", "number": "1", "day": "", "priority": "high"}


@dataclass
class Desk:
    """A browser of an admin; a new one whenever a form has ended the login."""

    client: httpx2.Client
    settings: Settings
    token: str = ""
    csrf: str = ""

    def log_in(self) -> None:
        """A new account, and a login."""
        with transaction() as session:
            staff = accounts.add(session, f"{uuid4().hex}@shop.example", "Fuzz")
            accounts.give_role(session, staff, EVERY_SITE, "admin")
            self.token = sessions.begin(session, self.settings, staff.id, old="", address="127.0.0.1", browser="fuzz")
            self.csrf = session.get_one(StaffSession, sessions.token_hash(self.token)).csrf

    def send(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> httpx2.Response:
        """A page or a form, as a browser sends it."""
        cookie = {"Cookie": f"{PLAIN_COOKIE}={self.token}"}
        if method == "GET":
            answer = self.client.get(path, params=query, headers=cookie)
        else:
            data = {"csrf": self.csrf, **form}
            answer = self.client.post(path, params=query, data=data, headers=cookie)
        if answer.headers.get("location", "").startswith("/desk/login"):
            self.log_in()
        return answer


def fields(house: House, client: httpx2.Client, settings: Settings) -> Iterator[Field]:
    """All of them, on a desk with a conversation, a ticket and a document."""
    desk = Desk(client, settings)
    desk.log_in()
    ids = _furnish(house, client, desk)
    for route in routes():
        names = [name for name in _texts(route) if name != "csrf"]
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for name in names:
                yield Field(f"{method} {route.path} {name}", _sending(desk, route, method, name, ids))


def routes() -> list[APIRoute]:
    """The desk's routes that answer at once."""
    found = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return [route for route in found if route.path not in ENDLESS | APART]


def _texts(route: APIRoute) -> list[str]:
    """Names of what can be sent as text: in the path, the query, the form. Files are another matter."""
    found: list[str] = []
    waiting: list[Dependant] = [route.dependant]
    while waiting:
        one = waiting.pop()
        waiting += one.dependencies
        params = (*one.path_params, *one.query_params, *one.body_params)
        found += [param.alias for param in params if "UploadFile" not in str(param.field_info.annotation)]
    return list(dict.fromkeys(found))


def _sending(desk: Desk, route: APIRoute, method: str, name: str, ids: dict[str, str]) -> Callable[[str], Any]:
    in_path = {param.alias for param in route.dependant.path_params}
    in_query = {param.alias for param in route.dependant.query_params}

    def send(text: str) -> httpx2.Response:
        given = {other: ids.get(other, PLAIN.get(other, "Hello")) for other in _texts(route)} | {name: text}
        path = route.path.replace("{path:path}", "{path}")
        for part in in_path:
            path = path.replace(f"{{{part}}}", quote(given[part], safe="", errors="replace") or "-")
        query = {part: given[part] for part in in_query}
        form = {part: value for part, value in given.items() if part not in in_path | in_query | {"csrf"}}
        return desk.send(method, path, query, form)

    return send


def _furnish(house: House, client: httpx2.Client, desk: Desk) -> dict[str, str]:
    """A conversation that a person has, a ticket, a document and somebody of the staff: their ids by parameter."""
    ana = house.visitor()
    house.answered(ana)
    sent: dict[str, Any] = {"thread_id": ana.thread_id}
    client.post("/api/agent/handoff", json=sent | {"reason": "A person, please."}, headers=ana.headers)
    letter = {"name": "Ana", "email": "ana@example.com", "question": "Where is it?", "client_msg_id": uuid4().hex}
    client.post("/api/agent/contact", json=sent | letter, headers=ana.headers)
    desk.send("POST", f"/desk/threads/{ana.thread_id}/claim", {}, {})
    file = {"file": ("returns.md", b"# Returns\n\nYou can return it within 30 days.\n", "text/markdown")}
    form = {"csrf": desk.csrf, "site": SITE}
    client.post("/admin/agent/kb/upload", data=form, files=file, headers={"Cookie": f"{PLAIN_COOKIE}={desk.token}"})
    with transaction() as session:
        colleague = accounts.add(session, f"{uuid4().hex}@shop.example", "Colleague")
        accounts.give_role(session, colleague, SITE, "agent")
        return {
            "thread_id": ana.thread_id,
            "number": str(session.scalars(select(Ticket.number).limit(1)).one()),
            "document_id": str(session.scalars(select(Document.id).limit(1)).one()),
            "staff_id": str(session.scalars(select(Staff.id).where(Staff.email == colleague.email)).one()),
            "act": "retry",
        }
