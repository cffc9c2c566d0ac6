"""`handrail bench slack`: from a visitor's wish to Slack's message, and from a reply in Slack to the visitor's screen.

Through real processes, beside a Slack of our own that checks the contract and its rates, and answers at once: what is
measured is what Handrail adds to Slack's own time.
"""

import json
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import typer

from core.db import transaction
from core.models import Site, Staff, StaffRole
from core.models.people import EVERY_SITE
from ops.bench.rig import rig
from ops.slack.fake import Fake, People, slack
from ops.slack.workspace import Message

SITES = 8  # each with a channel of its own: Slack takes one post a second in each
ADA = "U1ADA"
WORDS = "Your parcel left today."
PATIENCE_S = 20.0
AIM_MS = 1_000.0


@dataclass
class Waits:
    """Milliseconds, one for each round."""

    posted: list[float] = field(default_factory=list)  # handoff → message in Slack
    claimed: list[float] = field(default_factory=list)  # button → answered
    shown: list[float] = field(default_factory=list)  # reply sent in Slack → on the visitor's screen


def run_slack(rounds: int) -> None:
    """Measure and print."""
    with slack() as fake:
        _prepare(fake)
        settings = " ".join(f"{name.removeprefix('HANDRAIL_')}={value}" for name, value in fake.environment.items())
        with rig(0, settings) as running, httpx2.Client(base_url=running.ours.url, timeout=PATIENCE_S) as client:
            people, waits = People(fake.there, _poster(client)), Waits()
            for number in range(-2, rounds):  # the first two warm up
                _round(client, people, number % SITES, waits if number >= 0 else Waits())
    for name, each in (("handoff → message in Slack", waits.posted), ("button → decided", waits.claimed)):
        typer.echo(_line(name, each))
    typer.echo(_line("reply in Slack → visitor's screen", waits.shown))
    calls, slowest = len(fake.there.calls), max(people.answers) * 1000
    typer.echo(f"{calls} calls of the Web API; the slowest answer to Slack took {slowest:.0f} ms of its 3,000.")


def _round(client: httpx2.Client, people: People, number: int, waits: Waits) -> None:
    made = client.post("/api/agent/session", json={"site_id": _site(number)}).raise_for_status().json()
    headers = {"Authorization": f"Bearer {made['visitor_token']}"}
    with _listening(client, made["thread_id"], headers) as heard:
        began = time.monotonic()
        asked = {"thread_id": made["thread_id"]}
        client.post("/api/agent/handoff", json=asked, headers=headers).raise_for_status()
        head = people.there.until(lambda: _head(people, number, began), PATIENCE_S)
        if head is None:
            raise AssertionError("No message came to Slack.")
        waits.posted.append((head.at - began) * 1000)
        began = time.monotonic()
        people.presses(ADA, head, "claim")
        waits.claimed.append((time.monotonic() - began) * 1000)
        window = people.presses(ADA, head, "reply")
        people.submits(ADA, window, WORDS)
        began = time.monotonic()
        people.submits(ADA, window, WORDS)
        waits.shown.append((heard.get(timeout=PATIENCE_S) - began) * 1000)


def _head(people: People, number: int, since: float) -> Message | None:
    with people.there.lock:
        found = [one for one in people.there.messages if one.channel == _channel(number) and one.at >= since]
    return next((one for one in found if "claim" in one.buttons()), None)


@contextmanager
def _listening(client: httpx2.Client, thread_id: str, headers: dict[str, str]) -> Iterator["queue.Queue[float]"]:
    """When staff's words reach the visitor's open stream."""
    heard: queue.Queue[float] = queue.Queue()
    ready = threading.Event()

    def listen() -> None:
        with client.stream("GET", f"/api/agent/thread/{thread_id}/events", headers=headers) as stream:
            for line in stream.iter_lines():
                ready.set()
                if line.startswith("data:") and json.loads(line[5:]).get("role") == "staff":
                    heard.put(time.monotonic())
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    ready.wait(PATIENCE_S)
    yield heard
    thread.join(PATIENCE_S)


def _prepare(fake: Fake) -> None:
    fake.there.add_user(ADA, "ada@shop.example", "Ada")
    with transaction() as session:
        ada = Staff(id=uuid4(), email="ada@shop.example", name="Ada")
        session.add(ada)
        session.flush()
        session.add(StaffRole(staff_id=ada.id, site_id=EVERY_SITE, role="agent"))
        for number in range(SITES):
            fake.there.add_channel(_channel(number), ADA)
            channel = _channel(number)
            site = Site(id=_site(number), name="Bench", api_key_hash="0" * 64, tools=[], slack_channel=channel)
            session.add(site)


def _poster(client: httpx2.Client) -> Any:
    def post(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        answer = client.post(path, content=body, headers=dict(headers))
        return answer.status_code, answer.json()

    return post


def _line(name: str, waits: list[float]) -> str:
    ordered = sorted(waits)
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95))
    met = "met" if p95 <= AIM_MS else "missed"
    return f"{name:<36} p50 {p50:6.0f} ms   p95 {p95:6.0f} ms   of {len(ordered)}; aim {AIM_MS:.0f} ms: {met}"


def _site(number: int) -> str:
    return f"bench-slack-{number}"


def _channel(number: int) -> str:
    return f"C{number}BENCH"
