"""One request's whole way under one id: door, queue, worker, model, and what leaves for another service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import select

from brain.openai_chat import OpenAIChat
from brain.pool import shared_client
from core import bus
from core.counting import COUNTS, SUM, TALLY
from core.db import transaction
from core.models import Outgoing, Site, Turn
from core.queue import Job, celery_app
from core.settings import Settings, get_settings
from core.tracing import HOOKS, mark
from kb.embeddings.openai_embeddings import connect as connect_embedder
from kb.search.reranker import connect as connect_reranker
from orchestrator.figures import FIGURES
from orchestrator.inbox import accept, open_thread
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.brain.hosted import EVENTS, OPENAI, chunk
from tests.conftest import SITE
from tests.orchestrator.test_turn import shop  # noqa: F401 - a fixture
from tests.spans import path, spans  # noqa: F401 - a fixture
from tests.web.client import Guest, open_session
from tests.web.receiver import SECRET, Receiver, receiving
from tools.catalog import TOOLS
from tools.woocommerce import connect as connect_shop
from web.app import make_app
from web.outgoing.delivery import Courier

REQUEST = "0af7651916cd43dd8448eb211c80319c"
WORDS = "Ada Lovelace wants a person to look at her Vesper lantern"
CALL = {"reason": WORDS, "transcript_excerpt": WORDS}


@dataclass
class Model:
    """A hosted model that calls for a person, and what it was asked with."""

    heard: list[httpx2.Request] = field(default_factory=list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Call the tool."""
        self.heard.append(request)
        function = {"name": "handoff_human", "arguments": json.dumps(CALL)}
        call = {"index": 0, "id": "x1", "type": "function", "function": function}
        pieces = (chunk(tool_calls=[call]), chunk("tool_calls"), OPENAI.end)
        return httpx2.Response(200, headers=EVENTS, content=OPENAI.stream(*pieces))

    def brain(self, settings: Settings) -> OpenAIChat:
        """Its client, as the shared one is made."""
        http = httpx2.Client(transport=httpx2.MockTransport(self.answer), event_hooks=HOOKS)
        return OpenAIChat(settings, "model-1", http=http)


@pytest.fixture
def there(shop: Site) -> Iterator[Receiver]:
    """A receiver that the test's site tells of handoffs."""
    with receiving() as receiver:
        with transaction() as session:
            site = session.get_one(Site, SITE)
            site.notices_url, site.notices_secret = receiver.url, SECRET
        yield receiver


def bell() -> dict[str, Any]:
    """What the door has rung: the message's headers."""
    stored: Any = bus.client().rpop("chat")
    headers: dict[str, Any] = json.loads(stored)["headers"]
    return headers


def run(headers: dict[str, Any], guest: Guest, world: World) -> None:
    """Take the turn as a worker's job does that heard this bell."""

    @celery_app.task(name="probe", shared=False)
    def probe() -> None:
        take_turn(UUID(guest.thread_id), world)

    probe.push_request(**headers, delivery_info={"routing_key": "chat"})
    try:
        probe()
    finally:
        probe.pop_request()
        celery_app.tasks.pop("probe")


def ask(client: TestClient, guest: Guest) -> httpx2.Response:
    """The visitor writes, as the widget does."""
    sent = {"thread_id": guest.thread_id, "user_msg": WORDS, "client_msg_id": "m1"}
    bus.client().delete("chat")
    return client.post("/api/agent/messages", json=sent, headers=guest.headers | {"X-Request-ID": REQUEST})


@dataclass
class Walk:
    """What was seen on the way."""

    answer: httpx2.Response
    bell: dict[str, Any]
    model: Model
    receiver: Receiver


@pytest.fixture
def walk(spans: InMemorySpanExporter, there: Receiver) -> Walk:
    """One message from the door to a notice elsewhere."""
    settings, model = get_settings().model_copy(update={"outgoing_private_hosts": ("127.0.0.1",)}), Model()
    with TestClient(make_app(settings)) as client:
        guest = open_session(client)
        spans.clear()
        answer = ask(client, guest)
    heard = bell()
    run(heard, guest, World(settings, (model.brain(settings),), TOOLS))
    assert Courier(settings).deliver_one()
    return Walk(answer, heard, model, there)


def test_everybody_on_the_way_knows_the_request(walk: Walk) -> None:
    assert walk.answer.headers["X-Request-ID"] == REQUEST
    assert (walk.bell["task"], walk.bell["request_id"]) == (Job.TAKE_TURN, REQUEST)
    assert walk.model.heard[0].headers["X-Request-ID"] == REQUEST
    assert walk.receiver.requests[0].headers["x-request-id"] == REQUEST
    with transaction() as session:
        assert session.scalars(select(Turn.request_id)).one() == REQUEST
        assert set(session.scalars(select(Outgoing.request_id))) == {REQUEST}


def test_the_trace_has_the_same_id_and_hangs_together(walk: Walk, spans: InMemorySpanExporter) -> None:
    made = spans.get_finished_spans()
    ours = [span for span in made if span.context and f"{span.context.trace_id:032x}" == REQUEST]
    names = {path(span, made) for span in ours}
    for name in (
        "request",
        "request/sql",
        "request/job/turn/plan/model",
        "request/job/turn/tool/tool",
        "request/job/turn/tool/tool/sql",
        "request/job/turn/record/sql",
        "outgoing",
    ):
        assert name in names
    assert walk.model.heard[0].headers["traceparent"].split("-")[1] == REQUEST
    assert walk.receiver.requests[0].headers["traceparent"].split("-")[1] == REQUEST


def test_no_span_says_what_the_visitor_said(walk: Walk, spans: InMemorySpanExporter) -> None:
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    assert len(told) > 1000
    for word in WORDS.split():
        assert f" {word}" not in told
    assert "Lovelace" not in told
    assert "Vesper" not in told


def test_the_door_says_where_its_time_went(walk: Walk) -> None:
    phases = dict(one.split(";dur=") for one in walk.answer.headers["Server-Timing"].split(", "))
    assert list(phases) == ["auth", "limit", "db", "ring", "app"]
    spent = {name: float(ms) for name, ms in phases.items()}
    assert spent["db"] > 0
    assert sum(spent.values()) - spent["app"] <= spent["app"] + 0.5


def test_a_turn_whose_bell_was_lost_is_still_that_requests(spans: InMemorySpanExporter, there: Receiver) -> None:
    settings, model = get_settings(), Model()
    with TestClient(make_app(settings)) as client:
        guest = open_session(client)
        ask(client, guest)
    take_turn(UUID(guest.thread_id), World(settings, (model.brain(settings),), TOOLS))
    assert model.heard[0].headers["X-Request-ID"] == REQUEST


def test_all_of_it_is_counted(walk: Walk) -> None:
    counted = TALLY.read()
    for key in (
        ("handrail_request_seconds", "POST", "/api/agent/messages", "2xx", SUM),
        ("handrail_job_seconds", "probe", "done", SUM),
        ("handrail_job_wait_seconds", "chat", SUM),
        ("handrail_turn_phase_seconds", "waiting", SUM),
        ("handrail_turn_phase_seconds", "plan", SUM),
        ("handrail_turn_phase_seconds", "tool", SUM),
        ("handrail_turn_phase_seconds", "record", SUM),
        ("handrail_turn_seconds", "handed_off", SUM),
        ("handrail_turns_ended", "handed_off"),
        ("handrail_tool_seconds", "handoff_human", "done", SUM),
        ("handrail_model_seconds", "other", "plan", "done", SUM),
        ("handrail_outgoing_seconds", "notices", "sent", SUM),
    ):
        assert counted[key] > 0


def test_every_client_of_a_service_of_the_operators_is_marked() -> None:
    settings = Settings(reranker_url="http://rerank.example", openai_base_url="http://127.0.0.1:9/v1")
    clients = (
        shared_client(),
        connect_shop("https://shop.example", "k", "s").client,
        connect_reranker(settings)._client,
        connect_embedder(settings, "m")._client._client,
    )
    assert [mark in client.event_hooks["request"] for client in clients] == [True] * 4


def test_a_trial_of_the_judges_is_not_counted(there: Receiver) -> None:
    settings, model = get_settings(), Model()
    with transaction() as session:
        thread = open_thread(session, SITE, "web", trial=True)
        accept(session, thread, WORDS, "m1")
    TALLY.flush()
    bus.client().delete(COUNTS)
    take_turn(thread.id, World(settings, (model.brain(settings),), TOOLS))
    assert model.heard
    counted = {key[0] for key in TALLY.read()}
    assert counted & {figure.name for figure in FIGURES} == set()
