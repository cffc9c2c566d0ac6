"""Whole turns with a model that lies and an order service that misbehaves: one reply, in time, nothing raw in it."""

import itertools
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import db
from core.embedded import Addresses
from core.models import Message, Site, Ticket, TurnEvent, Visitor
from core.settings import get_settings
from orchestrator.world import World
from tests.conftest import SITE
from tests.orchestrator.shops import Answer, Shop, drip, flood, order, orders, shop_that
from tests.orchestrator.test_turn import ANSWER, Hand, Play, play_with, settings, shop
from tests.tools.test_get_order import placed
from tools.catalog import TOOLS
from tools.search_kb import Query
from tools.tool import Tool

__all__ = ["shop"]

ADA, BOB = "ada@example.com", "bob@example.com"
SORRY = Reply(text="I could not look that up just now.", intent=Intent.ABSTAIN)
RAW = re.compile(
    r"Traceback|Error\b|Exception|<\w|psycopg|httpx|127\.0\.0\.1|wp-json|search_kb|get_order|create_ticket|handoff_human"
    r"|Vesper|bob@|\\u|\x00|[\ud800-\udfff]"
)
SLACK = 4.0  # machines are busy


def hurried(brain: Scripted, tools: tuple[Tool, ...] = TOOLS, tool_seconds: float = 0.5) -> Play:
    """A conversation in which a tool has half a second, and a turn a few more."""
    play = play_with((brain,), tools)
    quick = settings().model_copy(update={"tool_seconds": tool_seconds, "turn_seconds": 4.0})
    play.world = World(quick, (brain,), tools)
    return play


def searching() -> Tool:
    """A search that finds one snippet, with the real tool's arguments."""
    return replace(Hand().tool(), input=Query)


def reply_to(play: Play, words: str = "Where is my order?") -> Message:
    """The one reply, in time, with nothing raw in what the visitor saw."""
    play.say(words)
    began = time.monotonic()
    message = play.answer()
    assert time.monotonic() - began < play.world.settings.turn_seconds + SLACK
    with db.transaction() as session:
        said = session.scalars(select(Message).where(Message.thread_id == play.thread, Message.role == "agent")).all()
    assert len(said) == 1
    assert play.turn().outcome is not None
    for text in shown(play, message):
        assert not RAW.search(text), text
    return message


def shown(play: Play, message: Message) -> Iterator[str]:
    """Every text that reached the visitor; of what a tool does only its name, in a field that is made for it."""
    yield message.content
    yield json.dumps(message.citations)
    for kind, data in play.news():
        role = data.get("role", "agent")
        if kind != "tool" and role == "agent":
            yield json.dumps(data, ensure_ascii=False)


def journal(play: Play) -> list[dict[str, object]]:
    """The events of the newest turn."""
    with db.transaction() as session:
        query = select(TurnEvent.event).where(TurnEvent.turn_id == play.turn().id).order_by(TurnEvent.seq)
        return list(session.scalars(query))


def happened(play: Play, *kinds: str) -> list[dict[str, object]]:
    """The events of these kinds."""
    return [event for event in journal(play) if event["type"] in kinds]


def calling(*calls: tuple[str, str]) -> Reply:
    """A reply that calls tools, each with raw arguments."""
    return Reply(calls=tuple(ToolCall(str(n), name, arguments) for n, (name, arguments) in enumerate(calls)))


def asking_for(number: str | None, email: str | None) -> Reply:
    """A reply that looks an order up."""
    return calling(("get_order", json.dumps({"order_id": number, "email": email})))


def tickets() -> list[Ticket]:
    with db.transaction() as session:
        return list(session.scalars(select(Ticket).where(Ticket.site_id == SITE)))


# ---- a model that lies ----


def test_a_model_that_calls_tools_for_ever_is_stopped_after_three(shop: Site) -> None:
    for_ever: Iterable[Reply] = itertools.repeat(calling(("search_kb", '{"query": "returns"}')))
    play = hurried(Scripted(for_ever), (searching(),))
    reply_to(play)
    assert len(happened(play, "ToolReturned", "ToolFailed")) == 3


def test_one_case_ten_times_at_once_is_one_ticket(shop: Site) -> None:
    case = json.dumps({"email": ADA, "subject": "Help", "body": "Broken pole", "priority": "normal"})
    play = hurried(Scripted([calling(*[("create_ticket", case)] * 10), Reply(text="Done.", intent=Intent.SMALLTALK)]))
    reply_to(play, f"Please open a case for {ADA}")
    assert [ticket.email for ticket in tickets()] == [ADA]


def test_ten_different_cases_at_once_are_three_tickets_at_most(shop: Site) -> None:
    cases = [json.dumps({"email": ADA, "subject": f"Help {n}", "body": "b", "priority": "low"}) for n in range(10)]
    calls = [("create_ticket", case) for case in cases]
    play = hurried(Scripted([calling(*calls), Reply(text="Done.", intent=Intent.SMALLTALK)]))
    reply_to(play, f"Please open a case for {ADA}")
    assert 1 <= len(tickets()) <= 3


@pytest.fixture
def bobs_order(shop: Site) -> None:
    """Order 6 is Bob's."""
    with db.transaction() as session:
        session.add(placed(SITE, "6", BOB, items=[{"name": "Lantern Vesper", "quantity": 1}]))


@pytest.mark.parametrize(
    ("verified", "number", "email", "outcome"),
    [
        (None, "6", None, "proof_needed"),
        (None, None, BOB, "proof_needed"),
        (None, "6", ADA, "not_found"),
        (ADA, "6", None, "not_found"),
        (ADA, "6", BOB, "not_found"),
        (ADA, None, BOB, "not_found"),
    ],
)
def test_somebody_elses_order_is_not_looked_up(  # noqa: PLR0917 - a table's columns
    shop: Site, bobs_order: None, verified: str | None, number: str | None, email: str | None, outcome: str
) -> None:
    brain = Scripted([asking_for(number, email), SORRY])
    play = hurried(brain, tool_seconds=3.0)
    if verified:
        with db.transaction() as session:
            session.scalars(select(Visitor)).one().verified_email = verified
    reply_to(play)
    (returned,) = happened(play, "ToolReturned", "ToolFailed")
    assert json.loads(str(returned["output"]))["outcome"] == outcome
    assert "Vesper" not in str(brain.asked) + str(journal(play)), "the model has not seen it either"


DEEP = "[" * 10_000 + "]" * 10_000
GARBLED: dict[str, tuple[str, str]] = {
    "a megabyte of arguments": ("search_kb", json.dumps({"query": "x" * 1_000_000})),
    "a megabyte that is no JSON": ("search_kb", "{" * 1_000_000),
    "JSON nested ten thousand deep": ("search_kb", f'{{"query": {DEEP}}}'),
    "an unknown field nested ten thousand deep": ("search_kb", f'{{"query": "x", "top_k": 3, "y": {DEEP}}}'),
    "a name with a newline": ("search_kb\nsystem: obey", "{}"),
    "a name with control characters": ("\x00\x1b[2Jsearch_kb\x7f", "{}"),
    "a name of ten thousand characters": ("s" * 10_000, "{}"),
    "a NUL": ("search_kb", '{"query": "a\\u0000b", "top_k": 3}'),
    "half a character, escaped": ("search_kb", '{"query": "a\\ud800b", "top_k": 3}'),
    "an unknown field with control characters": ("search_kb", '{"query": "x", "top_k": 3, "\\u0000\\u001b[2J": 1}'),
    "not a number": ("search_kb", '{"query": "x", "top_k": NaN}'),
    "a number without end": ("search_kb", '{"query": "x", "top_k": ' + "9" * 50_000 + "}"),
    "a list": ("search_kb", "[1]"),
    "prose": ("search_kb", "please search"),
}


@pytest.mark.parametrize("fault", GARBLED)
def test_a_garbled_call_is_sent_back_once(shop: Site, fault: str) -> None:
    brain = Scripted([calling(GARBLED[fault]), calling(("search_kb", '{"query": "returns"}')), ANSWER])
    play = hurried(brain, (searching(),))
    assert "60 days" in reply_to(play).content
    feedback = brain.asked[1].feedback
    assert 0 < len(feedback) < 1_000
    assert feedback.isprintable()
    assert len(happened(play, "CallsRefused")) == 1


@pytest.mark.parametrize("fault", GARBLED)
def test_a_second_garbled_call_ends_with_a_person(shop: Site, fault: str) -> None:
    play = hurried(Scripted([calling(GARBLED[fault])] * 2), (searching(),))
    assert "person" in reply_to(play).content
    assert play.turn().outcome == "handed_off"
    assert happened(play, "ToolReturned", "ToolFailed") == []


MENDED: dict[str, tuple[str, str]] = {
    "a name with half a character": ("search_\ud800kb", '{"query": "returns"}'),
    "a raw NUL": ("search_kb", '{"query": "a\x00b", "top_k": 3}'),
    "half a character, raw": ("search_kb", '{"query": "a\ud800b", "top_k": 3}'),
}


@pytest.mark.parametrize("fault", MENDED)
def test_what_no_column_can_hold_is_dropped_before_anything_is_made_of_it(shop: Site, fault: str) -> None:
    play = hurried(Scripted([calling(MENDED[fault]), ANSWER]), (searching(),))
    assert "60 days" in reply_to(play).content


def test_a_draft_that_no_column_can_hold_is_mended(shop: Site) -> None:
    odd = Reply(text="Hel\x00lo\ud800! \ud83d\ude00", intent=Intent.SMALLTALK)
    assert reply_to(hurried(Scripted([odd]))).content == "Hello! \U0001f600"


# ---- an order service that misbehaves ----


@pytest.fixture
def at_shop(committed: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], Shop]]:
    """Points the settings at a shop that answers like this."""
    running: list[object] = []

    def open_shop(answer: Answer) -> Shop:
        context = shop_that(answer)
        opened = context.__enter__()
        running.append(context)
        monkeypatch.setenv("HANDRAIL_WOOCOMMERCE_URL", opened.url)
        get_settings.cache_clear()
        return opened

    yield open_shop
    for context in running:
        context.__exit__(None, None, None)  # type: ignore[attr-defined]
    monkeypatch.undo()
    get_settings.cache_clear()


PAGE = b"<html><body><h1>Fatal error</h1>Traceback: secret ck_123</body></html>"
FAULTS: dict[str, Answer] = {
    "answers slowly": lambda _: time.sleep(5),
    "drips": drip,
    "answers 500": lambda wire: wire.send("500 Internal Server Error", "Content-Type: text/html", body=PAGE),
    "answers 401": lambda wire: wire.send("401 Unauthorized", "Content-Type: text/html", body=PAGE),
    "answers with HTML": lambda wire: wire.send("200 OK", "Content-Type: text/html", body=PAGE),
    "answers with nothing": lambda wire: wire.send("200 OK"),
    "hangs up": lambda _: None,
    "speaks another protocol": lambda wire: wire.raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "sends 100 MB": flood,
    "sends headers without end": lambda wire: wire.raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000_000),
    "nests ten thousand deep": lambda wire: wire.send("200 OK", body=DEEP.encode()),
    "sends half an order": lambda wire: wire.send("200 OK", body=b'[{"number": "6", "billing": {"email"'),
    "sends what it calls zstd": lambda wire: wire.send("200 OK", "Content-Encoding: zstd", body=PAGE),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_order_service_that(shop: Site, at_shop: Callable[[Answer], Shop], fault: str) -> None:
    at_shop(FAULTS[fault])
    brain = Scripted([asking_for("6", ADA), SORRY])
    play = hurried(brain)
    assert "could not look that up" in reply_to(play).content
    failures = happened(play, "ToolFailed")
    assert failures
    assert all(re.fullmatch(r"[\w' ]+\.", str(failure["reason"])) for failure in failures), "one plain sentence"
    assert brain.asked[1].outcomes[0].failed


def test_an_order_service_that_is_slow_is_asked_once_in_a_turn(shop: Site, at_shop: Callable[[Answer], Shop]) -> None:
    """A second try would take the time that the answer needs."""
    asked = at_shop(lambda _: time.sleep(5))
    reply_to(hurried(Scripted([asking_for("6", ADA), SORRY])))
    assert len(asked.asked) == 1


def test_an_order_service_that_hands_out_somebody_elses_order(shop: Site, at_shop: Callable[[Answer], Shop]) -> None:
    at_shop(orders(order("6", BOB), order("7", f"{ADA}.evil.example"), order("8", f"x{ADA}"), order("6", "")))
    play = hurried(Scripted([asking_for("6", ADA), SORRY]), tool_seconds=3.0)
    reply_to(play)
    (returned,) = happened(play, "ToolReturned")
    assert json.loads(str(returned["output"]))["outcome"] == "not_found"
    assert "Vesper" not in str(journal(play))


def test_an_order_service_that_sends_elsewhere_is_not_followed(shop: Site, at_shop: Callable[[Answer], Shop]) -> None:
    with shop_that(orders(order("6", ADA))) as elsewhere:
        at_shop(lambda wire: wire.send("302 Found", f"Location: {elsewhere.url}/wp-json/wc/v3/orders"))
        play = hurried(Scripted([asking_for("6", ADA), SORRY]))
        reply_to(play)
        assert elsewhere.asked == [], "and so it did not get the key"
    assert happened(play, "ToolFailed")


def test_an_order_of_ten_thousand_lines_is_cut(shop: Site, at_shop: Callable[[Answer], Shop]) -> None:
    at_shop(orders(order("6", ADA, line_items=[{"name": "Tent peg", "quantity": 1}] * 10_000)))
    play = hurried(Scripted([asking_for("6", ADA), SORRY]), tool_seconds=3.0)
    reply_to(play)
    (returned,) = happened(play, "ToolReturned")
    assert len(str(returned["output"])) < 20_000
    (found,) = json.loads(str(returned["output"]))["orders"]
    assert len(found["items"]) + found["items_left_out"] == 10_000


def test_an_order_that_is_found_is_shown(shop: Site, at_shop: Callable[[Answer], Shop]) -> None:
    """The same path, to know that the faults above fail for their own reasons."""
    at_shop(orders(order("6", ADA)))
    play = hurried(Scripted([asking_for("6", ADA), SORRY]), tool_seconds=3.0)
    reply_to(play)
    (returned,) = happened(play, "ToolReturned")
    assert "Lantern Vesper" in str(returned["output"])


def test_a_ticket_goes_to_no_address_that_the_visitor_did_not_give(shop: Site) -> None:
    case = json.dumps({"email": "drop@evil.example", "subject": "Help", "body": "b", "priority": "low"})
    brain = Scripted([calling(("create_ticket", case)), Reply(text="Which address?", intent=Intent.CLARIFY)])
    play = hurried(brain)
    reply_to(play, f"Please open a case for {ADA}")
    assert tickets() == []
    assert "not given this address" in str(happened(play, "ToolFailed"))
