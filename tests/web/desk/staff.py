"""Somebody of the staff for the tests: an account with a role, and a browser that is logged in."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from core import db
from core.settings import get_settings
from tests.conftest import SITE
from web.desk import accounts, passwords, sessions
from web.desk.entry import PLAIN_COOKIE

PASSWORD = "four words that fit"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Browser:
    """A browser of somebody of the staff."""

    client: TestClient
    email: str = ""

    def get(self, path: str, **more: Any) -> Any:
        """A page."""
        return self.client.get(path, **more)

    def csrf(self) -> str:
        """The word that this login's forms carry."""
        return csrf_of(self.client.get("/desk/me").text)

    def post(self, path: str, **form: str) -> Any:
        """Send a form; where it leads is not followed."""
        return self.client.post(path, data={"csrf": self.csrf()} | form, follow_redirects=False)


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
    return Browser(TestClient(client.app, cookies={PLAIN_COOKIE: token}), email)
