"""A visit through the public API: session, messages, the event stream; nothing that a browser could not do."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx2

from core.errors import Unavailable
from ops.simulation.minds import Mind, reached
from ops.simulation.persona import Persona

PATIENCE_S = 30.0  # for one reply; a turn's own deadline is well below
SILENT = "silent"
ENDED = "done"


@dataclass
class Visit:
    """What came of it: lines as (who, words) in order, the outcome of each turn, and how it ended."""

    thread_id: UUID
    lines: list[tuple[str, str]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    turn_ids: list[UUID] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # from each message to the end of its turn
    ended: str = ""  # satisfied, done (nothing left to say), patience, person, silent

    @property
    def replies(self) -> list[str]:
        """The agent's words, one text for each turn."""
        return [words for who, words in self.lines if who == "agent"]


@dataclass(frozen=True)
class Door:
    """One open conversation and its stream."""

    client: httpx2.Client
    thread_id: str
    headers: dict[str, str]
    events: Iterator[tuple[str, dict[str, object]]]

    def say(self, words: str) -> str | None:
        """Send a message: its turn's id, or None where no bot answers."""
        sent = {"thread_id": self.thread_id, "user_msg": words, "client_msg_id": uuid4().hex}
        answer = self.client.post("/api/agent/messages", json=sent, headers=self.headers).raise_for_status()
        found = answer.json()["turn_id"]
        return str(found) if found else None

    def heard(self, turn_id: str) -> tuple[str, str]:
        """The words of this turn, and its outcome. Raises Unavailable where the stream ends before."""
        words: list[str] = []
        for kind, data in self.events:
            if kind == "message" and data["role"] == "agent":
                words.append(str(data["content"]))
            if kind == ENDED and data["turn_id"] == turn_id:
                return "\n".join(words), str(data["outcome"])
        raise Unavailable(f"The stream ended before the turn {turn_id} did: look at the worker's log.")

    def call_person(self) -> None:
        """Ask for a person with the button."""
        asked = {"thread_id": self.thread_id, "reason": "I give up."}
        self.client.post("/api/agent/handoff", json=asked, headers=self.headers).raise_for_status()


def visit(client: httpx2.Client, site_id: str, persona: Persona, mind: Mind) -> Visit:
    """Talk until the goal is reached, nothing is left to say, or patience is at its end."""
    with _door(client, site_id, persona) as door:
        made = Visit(UUID(door.thread_id))
        words: str | None = mind.opening()
        while words is not None:
            if len(made.seconds) >= persona.patience:
                made.ended = "patience"
                break
            if not _exchange(door, made, words):
                return made
            words = mind.next(made.replies)
        if reached(persona, made.replies):
            made.ended = "satisfied"
        elif persona.gives_up == "person":
            door.call_person()
            made.ended = "person"
        return made


def _exchange(door: Door, made: Visit, words: str) -> bool:
    """One message and its reply; False where nobody answers any more."""
    began = time.monotonic()
    made.lines.append(("visitor", words))
    turn_id = door.say(words)
    if turn_id is None:
        made.ended = SILENT
        return False
    reply, outcome = door.heard(turn_id)
    made.lines.append(("agent", reply))
    made.outcomes.append(outcome)
    made.turn_ids.append(UUID(turn_id))
    made.seconds.append(time.monotonic() - began)
    made.ended = ENDED
    return True


@contextmanager
def _door(client: httpx2.Client, site_id: str, persona: Persona) -> Iterator[Door]:
    asked: dict[str, str] = {"site_id": site_id}
    if persona.signed_in:  # the demo shop vouches for its customers
        vouched = client.get("/demo/identity", params={"customer": persona.signed_in}).raise_for_status()
        asked |= vouched.json()
    session = client.post("/api/agent/session", json=asked).raise_for_status().json()
    headers = {"Authorization": f"Bearer {session['visitor_token']}"}
    thread_id = session["thread_id"]
    with client.stream("GET", f"/api/agent/thread/{thread_id}/events", headers=headers) as stream:
        stream.raise_for_status()
        yield Door(client, thread_id, headers, _events(stream))


def _events(stream: httpx2.Response) -> Iterator[tuple[str, dict[str, object]]]:
    kind = ""
    for line in stream.iter_lines():
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:") and kind:
            yield kind, json.loads(line[5:])
        elif not line:
            kind = ""
