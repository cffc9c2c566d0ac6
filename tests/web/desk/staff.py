"""Somebody of the staff for the tests: an account with a role, and a browser that is logged in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from core import db
from core.models import StaffSession
from core.settings import get_settings
from tests.conftest import SITE
from web.desk import accounts, passwords, sessions
from web.desk.entry import PLAIN_COOKIE

PASSWORD = "four words that fit"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Browser:
    """A browser of somebody of the staff: the test's client with a cookie of its own, and its forms' word."""

    client: TestClient
    token: str
    csrf: str

    def get(self, path: str, **more: Any) -> Any:
        """A page."""
        return self.client.get(path, headers=self._headers({}), **more)

    def post(self, path: str, **form: str) -> Any:
        """Send a form; where it leads is not followed."""
        return self.send(path, form)

    def send(self, path: str, form: Mapping[str, str], **headers: str) -> Any:
        """As `post`, with headers that a browser adds by itself."""
        sent, headers = {"csrf": self.csrf, **form}, self._headers(headers)
        return self.client.post(path, data=sent, headers=headers, follow_redirects=False)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"Cookie": f"{PLAIN_COOKIE}={self.token}", **more}


def csrf_of(html: str) -> str:
    """The form's word."""
    found = CSRF.search(html)
    assert found is not None, html
    return found[1]


@cache
def _hashed() -> str:
    """Made once: it is meant to take long."""
    return passwords.hashed(PASSWORD)


def make_staff(email: str, role: str = "", site: str = SITE) -> UUID:
    """An account whose password is `PASSWORD`, with a role if one is given."""
    with db.transaction() as session:
        staff = accounts.add(session, email, email.partition("@")[0].title())
        staff.password_hash = _hashed()
        if role:
            accounts.give_role(session, staff, site, role)
        return staff.id


def log_in(client: TestClient, email: str, password: str = PASSWORD) -> Any:
    """Log in with the form; the answer, not followed."""
    form = client.get("/desk/login").text
    sent = {"email": email, "password": password, "csrf": csrf_of(form)}
    return client.post("/desk/login", data=sent, follow_redirects=False)


def browser_of(client: TestClient, email: str, role: str = "", site: str = SITE) -> Browser:
    """A browser in which a new account is logged in, without the form: its check is meant to take long."""
    staff_id = make_staff(email, role, site)
    with db.transaction() as session:
        token = sessions.begin(session, get_settings(), staff_id, old="", address="testclient", browser="test")
        made = session.get_one(StaffSession, sessions.token_hash(token))
        return Browser(client, token, made.csrf)
