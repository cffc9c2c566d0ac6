"""Zendesk: the Ticketing API, version 2 (developer.zendesk.com/api-reference/ticketing/tickets/tickets/)."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote

from web.helpdesk.case import Access, Case, Known, Request

TAG = "handrail"
# A closed ticket can't be changed any more, and only Zendesk itself closes one.
STATES = {"open": "open", "pending": "pending", "solved": "solved", "closed": "solved"}


class Zendesk:
    """Tickets are found again by `external_id`. An agent's token is `user/token`."""

    def authorization(self, access: Access) -> str:
        """Basic, with an API token."""
        return "Basic " + b64encode(f"{access.user}/token:{access.token}".encode()).decode()

    def look_up(self, case: Case) -> Request:
        """By the id that we gave it."""
        return Request("GET", f"/api/v2/tickets.json?external_id={quote(case.key, safe='')}")

    def found(self, said: dict[str, Any], case: Case, access: Access) -> Known | None:
        """The first of them; there is one at most."""
        listed = said.get("tickets")
        rows = listed if isinstance(listed, list) else []
        mine = [row for row in rows if isinstance(row, dict) and row.get("external_id") == case.key]
        return self._known(mine[0], access) if mine else None

    def create(self, case: Case) -> Request:
        """A ticket of the visitor's, or of our own user's while no address is known."""
        ticket: dict[str, Any] = {
            "subject": case.subject,
            "comment": {"body": case.body, "public": False},
            "priority": case.priority,
            "status": STATES[case.status],
            "external_id": case.key,
            "tags": [TAG],
        }
        return Request("POST", "/api/v2/tickets.json", {"ticket": ticket | self._requester(case)})

    def created(self, said: dict[str, Any], access: Access) -> Known | None:
        """Its id."""
        row = said.get("ticket")
        return self._known(row, access) if isinstance(row, dict) else None

    def reply(self, id_: str, words: str) -> Request:
        """Not public: the visitor has it from us already, and must not get it twice."""
        comment = {"body": words, "public": False}
        return Request("PUT", f"/api/v2/tickets/{id_}.json", {"ticket": {"comment": comment}})

    def change(self, id_: str, case: Case) -> Request:
        """State and requester."""
        ticket = {"status": STATES[case.status]} | self._requester(case)
        return Request("PUT", f"/api/v2/tickets/{id_}.json", {"ticket": ticket})

    def remove(self, id_: str) -> Request:
        """Into Zendesk's own bin, which it empties after 30 days. The token's user must be allowed to delete."""
        return Request("DELETE", f"/api/v2/tickets/{quote(id_, safe='')}.json")

    def _requester(self, case: Case) -> dict[str, Any]:
        if not case.email:
            return {}
        return {"requester": {"email": case.email, "name": case.email.partition("@")[0]}}

    def _known(self, row: dict[str, Any], access: Access) -> Known | None:
        id_ = row.get("id")
        return Known(str(id_), f"{access.url}/agent/tickets/{id_}") if isinstance(id_, int) else None
