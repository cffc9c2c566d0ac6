"""The faults of PyPI's `llmock`, each of those that its documentation lists."""

from typing import Any

from llmock.chaos import ChaosSettings, StreamChaos
from llmock.pytest_plugin import LLMock
from llmock.scenarios import Reply, ToolCall
from llmock.testing import LLMockServer

from ops.faults.fault import Fault, Hits, both
from ops.faults.script import ANSWER, SEARCH

STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 529)
BROKEN_CALLS = ("malformed_arguments", "unknown_tool")
LATER = 30.0  # longer than any turn


class Llmock:
    """One server in this process, on a real socket."""

    name = "llmock"

    def __init__(self) -> None:
        """Start it."""
        self.server = LLMockServer().start()
        self.mock = LLMock(self.server)

    def url(self, client: str) -> str:
        """Where a client of this kind finds it."""
        return str(self.mock.base_url({"openai": "openai", "claude": "anthropic"}[client]))

    def reset(self) -> None:
        """Nothing is wrong: the next answer calls the search, all after it answer."""
        self.mock.reset()
        self.mock.call_tool("search_kb", SEARCH).reply(ANSWER, times=None)

    def says(self, *replies: Reply) -> None:
        """Forget what would be said, and say this."""
        self.server.state.scenarios.clear()
        self.mock.add(*replies)

    def breaks(self, kind: str, *, once: bool = False) -> None:
        """Spoil its calls in this way; after a spoilt one comes another try."""
        self.says(_calls("search_kb", times=2 if once else None), Reply(text=ANSWER, times=None))
        self.mock.break_tool_call(kind, times=1 if once else None)

    def stop(self) -> None:
        """Stop it."""
        self.server.stop()


def _rates(server: Llmock, **chaos: Any) -> None:
    settings = ChaosSettings(**chaos)
    server.server.state.chaos = settings
    server.server.app.state.chaos_settings = settings


def _stream_rate(server: Llmock, kind: str) -> None:
    server.server.state.stream_chaos = StreamChaos(fault_rates=((kind, 1.0),), max_after_chunks=1)


def _calls(*names: str, times: int | None = None) -> Reply:
    return Reply(tool_calls=tuple(ToolCall(name, SEARCH) for name in names), times=times)


def _words(kind: str) -> str:
    return kind.replace("_", " ")


FAULTS: tuple[Fault[Llmock], ...] = (
    *(Fault(f"{status}, every time", lambda s, n=status: s.mock.fail(n, times=None)) for status in STATUSES),  # type: ignore[misc]
    Fault("503 in the answer", lambda s: s.mock.fail(503, times=None), Hits.ANSWER),
    *both("503, once", lambda s: s.mock.fail(503)),
    *both("429 with a short Retry-After, once", lambda s: s.mock.rate_limit(retry_after=0.05)),
    *both("429 with a long Retry-After", lambda s: s.mock.rate_limit(times=None, retry_after=LATER)),
    *both("outage", lambda s: s.mock.outage()),
    *both("context overflow, once", lambda s: s.mock.context_overflow()),
    *both("context overflow, every time", lambda s: s.mock.context_overflow(times=None)),
    *both("a context window of 10 tokens", lambda s: s.mock.limits(context_window=10)),
    *both("a quota of one request a minute", lambda s: s.mock.limits(rpm=1)),
    *both("a quota of ten tokens a minute", lambda s: s.mock.limits(tpm=10)),
    *both("delay of 0.3 s", lambda s: s.mock.delay(0.3)),
    *both("delay without end", lambda s: s.mock.delay(LATER, times=None), slow=True),
    *both("first token after 0.3 s", lambda s: s.mock.slow_first_token(0.3)),
    *both("no first token", lambda s: s.mock.slow_first_token(LATER, times=None), slow=True),
    *(
        fault
        for after in (0, 1, 3)
        for fault in (
            *both(f"disconnect after {after} chunks", lambda s, n=after: s.mock.disconnect(after_chunks=n, times=None)),  # type: ignore[misc]
            *both(f"truncate after {after} chunks", lambda s, n=after: s.mock.truncate(after_chunks=n, times=None)),  # type: ignore[misc]
            *both(f"corrupt after {after} chunks", lambda s, n=after: s.mock.corrupt(after_chunks=n, times=None)),  # type: ignore[misc]
        )
    ),
    *both("disconnect, once", lambda s: s.mock.disconnect(after_chunks=1)),
    *both("stall after 1 chunk", lambda s: s.mock.stall(after_chunks=1, seconds=LATER, times=None), slow=True),
    Fault(
        "stall after 3 chunks",
        lambda s: s.mock.stall(after_chunks=3, seconds=LATER, times=None),
        Hits.ANSWER,
        slow=True,
    ),
    Fault("slow chunks (400 ms)", lambda s: s.mock.pace(400), Hits.ANSWER, slow=True),
    Fault("errors at a rate of 1", lambda s: _rates(s, error_rates={500: 1.0})),
    Fault("latency of 30 s", lambda s: _rates(s, latency_ms=30_000), slow=True),
    *(
        Fault(f"stream fault at a rate of 1: {kind}", lambda s, k=kind: _stream_rate(s, k))  # type: ignore[misc]
        for kind in ("disconnect", "truncate", "malformed")
    ),
    *(Fault(f"{_words(kind)}, once", lambda s, k=kind: s.breaks(k, once=True)) for kind in BROKEN_CALLS),  # type: ignore[misc]
    *(Fault(f"{_words(kind)}, every time", lambda s, k=kind: s.breaks(k)) for kind in BROKEN_CALLS),  # type: ignore[misc]
    Fault("calls a tool for ever", lambda s: s.says(_calls("search_kb"))),
    Fault("calls ten tools at once, for ever", lambda s: s.says(_calls(*["create_ticket"] * 10))),
    Fault("calls without arguments", lambda s: s.says(Reply(tool_calls=(ToolCall("search_kb"),), times=None))),
    *both("answers nothing", lambda s: s.says(Reply(text="", times=None))),
    *both("ends for length", lambda s: s.says(Reply(text=ANSWER, finish_reason="length", times=None))),
    *both("ends by a content filter", lambda s: s.says(Reply(text=ANSWER, finish_reason="content_filter", times=None))),
    *both("answers from nowhere", lambda s: s.says(Reply(text="You have 365 days [c99].", times=None))),
)
