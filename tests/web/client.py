"""A visitor for the tests: an HTTP client that has opened a session."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from tests.conftest import SITE


@dataclass(frozen=True)
class Guest:
    """A client with its token and thread."""

    client: TestClient
    thread_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What proves who calls."""
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, path: str, **body: Any) -> Any:
        """POST JSON to a visitor's door."""
        return self.client.post(f"/api/agent/{path}", json=body, headers=self.headers)

    def say(self, text: str, client_msg_id: str = "m1") -> Any:
        """Send a message."""
        return self.post("messages", thread_id=self.thread_id, user_msg=text, client_msg_id=client_msg_id)

    def thread(self) -> Any:
        """The conversation as JSON."""
        return self.client.get(f"/api/agent/thread/{self.thread_id}", headers=self.headers).json()


def open_session(client: TestClient, site_id: str = SITE) -> Guest:
    """A new visitor with a new conversation."""
    made = client.post("/api/agent/session", json={"site_id": site_id}).json()
    return Guest(client, made["thread_id"], made["visitor_token"])
