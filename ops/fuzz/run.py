"""schemathesis against a running Handrail, with all of its checks: what is wrong, door by door."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.config._checks import NEGATIVE_DATA_REJECTION_EXPECTED_STATUSES as REFUSALS
from schemathesis.engine import events, from_schema

from ops.fuzz import signing, texts
from ops.fuzz.contract import narrowed
from ops.fuzz.house import API_KEY, SITE, House, Peer

SHORT = 1  # examples of each door and phase
TIMEOUT_S = 20.0
METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"]


@dataclass
class Found:
    """What a run did: calls by door, and what went wrong, once for each kind of fault at each door."""

    calls: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def as_lines(self) -> Iterator[str]:
        """For people."""
        yield f"{sum(self.calls.values())} calls at {len(self.calls)} doors in {self.seconds:.0f} s"
        yield "Answers: " + ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        yield "Checks: " + ", ".join(f"{name} {count}" for name, count in sorted(self.checks.items()))
        for fault in self.faults.values():
            yield f"! {fault}"
        yield f"{len(self.faults)} faults."


def fuzz(house: House, *, examples: int = SHORT, seed: int = 1, only: str = ".") -> Found:
    """Try every door. The same `seed` tries the same things in the same order, but for ids that the server makes.

    With `SHORT` examples one method that a door does not know stands for all of them.
    """
    texts.register()
    peers = {name: house.visitor() for name in ("ana", "ben")}
    ids: dict[str, list[str]] = {"thread_id": [], "message_id": []}
    for peer in peers.values():
        ids["thread_id"].append(peer.thread_id)
        ids["message_id"].append(house.answered(peer))
    signing.register(house, frozenset(peer.headers["Authorization"] for peer in peers.values()))
    found, began = Found(), time.monotonic()
    with TemporaryDirectory() as folder:
        config = SchemathesisConfig.from_dict(_config(house, peers, Path(folder), examples, seed))
        contract = narrowed(httpx2.get(f"{house.url}/api/openapi.json").json(), ids)
        schema = schemathesis.openapi.from_dict(contract, config=config).include(path_regex=only)
        for event in from_schema(schema).execute():
            _note(found, event)
    found.seconds = time.monotonic() - began
    return found


def _config(house: House, peers: Mapping[str, Peer], folder: Path, examples: int, seed: int) -> dict[str, Any]:
    file = folder / "users.json"
    file.write_text(json.dumps({"auth": [_user(name, peer) for name, peer in peers.items()]}))
    return {
        "seed": seed,
        "base-url": house.url,
        "auth": {"wfc": {"path": str(file)}},
        "cache": {"enabled": False},
        "continue-on-failure": True,
        "max-stream-events": 1,
        "request-timeout": TIMEOUT_S,
        "suppress-health-check": ["all"],
        # NUL in a webhook's free data is refused, which no schema can say; tests of ours send it to every door.
        "generation": {"mode": "all", "max-examples": examples, "database": "none", "allow-x00": False},
        "phases": {"coverage": {"unexpected-methods": ["PUT"] if examples == SHORT else METHODS}},
        "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSALS, "413"]}},
        "operations": [
            # What Slack sends is Slack's contract, not ours to write down.
            {"include-path-regex": "^/slack/", "checks": {"positive_data_acceptance": {"enabled": False}}},
            # Nobody announced a worker: that is what it is there to say.
            {"include-path": "/readyz", "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]}}},
        ],
    }


def _user(name: str, peer: Peer) -> dict[str, Any]:
    """A visitor who also holds the site's key, and has whatever must be signed signed: `signing`."""
    headers = {**peer.headers, "X-API-Key": f"{API_KEY}-{SITE}"} | signing.WANTED
    return {"name": name, "fixedHeaders": [{"name": key, "value": value} for key, value in headers.items()]}


def _note(found: Found, event: events.EngineEvent) -> None:
    if isinstance(event, events.NonFatalError):
        found.faults[f"{event.label}: {event.value!r}"[:300]] = f"{event.label}: {event.value!r}"[:1500]
    if isinstance(event, events.FatalError):
        raise event.exception
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            found.statuses[interaction.response.status_code] += 1
    for case_id, node in event.recorder.cases.items():
        found.calls[node.value.operation.label] += 1
        for check in event.recorder.checks.get(case_id, []):
            found.checks[check.name] += 1
            if check.failure_info is not None:
                failure = check.failure_info.failure
                key = f"{node.value.operation.label}: {failure.title}"
                found.faults.setdefault(key, f"{key}\n{failure.message}\n{check.failure_info.code_sample}")
