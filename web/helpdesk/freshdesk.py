"""Freshdesk: the API, version 2 (developers.freshdesk.com/api/#tickets)."""

from base64 import b64encode
from html import escape
from typing import Any
from urllib.parse import quote

from web.helpdesk.case import Access, Case, Known, Request

PRIORITIES = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
STATES = {"open": 2, "pending": 3, "solved": 4, "closed": 5}
CHAT = 7  # where the ticket came from


class Freshdesk:
    """Tickets are found again by a tag of their own: there is no other id that we may give. The token is the user."""

    def authorization(self, access: Access) -> str:
        """Basic, with the API key and any password."""
        return "Basic " + b64encode(f"{access.token}:X".encode()).decode()

    def look_up(self, case: Case) -> Request:
        """By its tag. The search may lag some minutes behind; what comes again within them is made again."""
        wanted = quote(f"\"tag:'{case.key}'\"", safe="")
        return Request("GET", f"/api/v2/search/tickets?query={wanted}")

    def found(self, said: dict[str, Any], case: Case, access: Access) -> Known | None:
        """The first that bears our tag."""
        listed = said.get("results")
        rows = listed if isinstance(listed, list) else []
        mine = [row for row in rows if isinstance(row, dict) and case.key in (row.get("tags") or ())]
        return self.created(mine[0], access) if mine else None

    def create(self, case: Case) -> Request:
        """A ticket must have somebody's address: our user's stands in until the visitor's is known."""
        body = {
            "subject": case.subject,
            "description": _as_html(case.body),
            "email": case.email or case.stand_in,
            "priority": PRIORITIES[case.priority],
            "status": STATES[case.status],
            "source": CHAT,
            "tags": [case.key],
        }
        return Request("POST", "/api/v2/tickets", body)

    def created(self, said: dict[str, Any], access: Access) -> Known | None:
        """Its id."""
        id_ = said.get("id")
        return Known(str(id_), f"{access.url}/a/tickets/{id_}") if isinstance(id_, int) else None

    def reply(self, id_: str, words: str) -> Request:
        """As a note: a reply would be mailed to the visitor, who has it from us."""
        return Request("POST", f"/api/v2/tickets/{id_}/notes", {"body": _as_html(words), "private": True})

    def change(self, id_: str, case: Case) -> Request:
        """State, and the visitor's address."""
        named = {"email": case.email} if case.email else {}
        return Request("PUT", f"/api/v2/tickets/{id_}", {"status": STATES[case.status]} | named)

    def remove(self, id_: str) -> Request:
        """Into Freshdesk's own bin, which it empties after 30 days."""
        return Request("DELETE", f"/api/v2/tickets/{quote(id_, safe='')}")


def _as_html(words: str) -> str:
    return escape(words).replace("\n", "<br>")
