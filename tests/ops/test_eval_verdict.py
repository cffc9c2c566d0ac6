"""What is a fault of a case, and what is none: every kind of expectation, met and missed."""

from dataclasses import replace
from typing import Any

import pytest

from ops.evals.golden import Expected
from ops.evals.observed import Conversation, Observed, SeenHandoff, SeenTicket, State
from ops.evals.run_form import GuardSaid, ToolUse
from ops.evals.verdict import faults, says

SEEN = Observed(
    reply="You have 60 days to send it back. The label costs £3.95.",
    outcome="answered",
    state=State("bot", "en", (SeenTicket("a@example.com", "high", "open", "Leak\nMy mat leaks."),), ()),
    seconds=0.1,
    cited=("returns.md",),
    retrieved=("returns.md", "faq.md"),
    tools=(
        ToolUse(name="search_kb", arguments={"query": "return", "top_k": 3}, ok=True),
        ToolUse(name="get_order", arguments={"order_id": "10236", "email": "A@example.com"}, ok=False),
    ),
    guards=(GuardSaid(guard="injection", passed=False, reason="no"), GuardSaid(guard="pii", passed=True)),
    replays=True,
)

MET: dict[str, dict[str, Any]] = {
    "nothing is asked for": {},
    "the outcome": {"outcome": "answered"},
    "one of the sources": {"sources": ["shipping.html", "returns.md"]},
    "all sources": {"all_sources": ["returns.md"]},
    "a source that is not found": {"sources_not": ["staff.docx"]},
    "a fact": {"must": ["60 days"]},
    "a fact in one of its spellings": {"must": [["sixty days", "60 DAYS"]]},
    "a fact that must not stand": {"must_not": ["14 days"]},
    "the language": {"language": "en"},
    "a tool": {"tools": [{"name": "search_kb"}]},
    "a tool in vain": {"tools": [{"name": "get_order", "ok": False}]},
    "an argument as a number": {"tools": [{"name": "get_order", "arguments": {"order_id": 10236}}]},
    "an argument in other letters": {"tools": [{"name": "get_order", "arguments": {"email": "a@EXAMPLE.com"}}]},
    "a tool that is not called": {"tools_not": ["create_ticket"]},
    "the state": {"state": {"status": "bot", "language": "en", "handoffs": []}},
    "a ticket": {"state": {"tickets": [{"email": "A@example.com", "priority": "high", "says": "mat leaks"}]}},
    "a guard": {"guards": {"trips": ["injection"], "quiet": ["pii", "claims"]}},
}
MISSED: dict[str, tuple[dict[str, Any], str]] = {
    "the outcome": ({"outcome": ["abstained", "silent"]}, "outcome answered, allowed: abstained, silent"),
    "the source": ({"sources": ["shipping.html"]}, "cites returns.md, right: shipping.html"),
    "one of all sources": ({"all_sources": ["returns.md", "faq.md"]}, "does not cite faq.md"),
    "a forbidden source that is cited": ({"sources_not": ["returns.md"]}, "cites returns.md, which"),
    "a forbidden source that is found": ({"sources_not": ["faq.md"]}, "finds faq.md, which"),
    "a fact": ({"must": ["61 days"]}, "lacks '61 days'"),
    "half a number": ({"must": ["0 days"]}, "lacks '0 days'"),
    "half a price": ({"must": ["£3.9"]}, "lacks '£3.9'"),
    "a forbidden fact": ({"must_not": [["60 days", "sixty"]]}, "says '60 days' or 'sixty'"),
    "the language": ({"language": "de"}, "replies in en, wanted: de"),
    "a tool": ({"tools": [{"name": "create_ticket"}]}, "does not call create_ticket()"),
    "a tool that worked": ({"tools": [{"name": "get_order", "ok": True}]}, "with success"),
    "an argument": ({"tools": [{"name": "get_order", "arguments": {"order_id": "1"}}]}, "order_id='1'"),
    "two calls": ({"tools": [{"name": "get_order"}, {"name": "get_order"}]}, "does not call get_order()"),
    "a forbidden tool": ({"tools_not": ["get_order"]}, "calls get_order, which it must not"),
    "the status": ({"state": {"status": "waiting"}}, "with bot, wanted: waiting"),
    "the noted language": ({"state": {"language": "de"}}, "noted as en"),
    "no ticket": ({"state": {"tickets": []}}, "1 tickets stand"),
    "a handoff": ({"state": {"handoffs": [{}]}}, "0 handoffs stand"),
    "another ticket": ({"state": {"tickets": [{"email": "b@example.com"}]}}, "email is a@example.com"),
    "what a ticket says": ({"state": {"tickets": [{"says": "tent"}]}}, "says nothing of 'tent'"),
    "a guard": ({"guards": {"trips": ["content"]}}, "content does not object"),
    "a loud guard": ({"guards": {"quiet": "all"}}, "injection objects: no"),
}


def found(expected: dict[str, Any], seen: Observed = SEEN) -> list[str]:
    return list(faults(Expected.model_validate(expected), Conversation([seen])))


@pytest.mark.parametrize("name", MET)
def test_what_is_as_expected_is_no_fault(name: str) -> None:
    assert found(MET[name]) == []


@pytest.mark.parametrize("name", MISSED)
def test_what_is_otherwise_is_told(name: str) -> None:
    expected, told = MISSED[name]
    assert [told in fault for fault in found(expected)] == [True]


def test_a_failed_turn_is_a_fault_of_every_case_that_does_not_expect_it() -> None:
    assert found({}, replace(SEEN, outcome="failed")) != []
    assert found({"outcome": "failed"}, replace(SEEN, outcome="failed")) == []


def test_a_turn_that_replays_otherwise_is_a_fault() -> None:
    assert found({}, replace(SEEN, replays=False)) == ["a turn does not replay as it went"]
    assert found({}, replace(SEEN, replays=None)) == []


def test_two_handoffs_are_each_held_against_one_of_their_own() -> None:
    rows = (SeenHandoff("waiting", "high", "upset"), SeenHandoff("resolved", "normal", "asked"))
    seen = replace(SEEN, state=replace(SEEN.state, handoffs=rows))
    assert found({"state": {"handoffs": [{"priority": "normal"}, {"priority": "high"}]}}, seen) == []
    assert len(found({"state": {"handoffs": [{"priority": "high"}, {"priority": "high"}]}}, seen)) == 1


def test_tools_and_guards_count_over_the_whole_conversation_and_words_of_the_last_turn() -> None:
    later = replace(SEEN, reply="Goodbye.", tools=(), guards=(), cited=())
    both = Conversation([SEEN, later])
    whole = Expected.model_validate({"tools": [{"name": "get_order"}], "guards": {"trips": ["injection"]}})
    assert list(faults(whole, both)) == []
    assert list(faults(Expected.model_validate({"must": ["60 days"]}), both)) == ["lacks '60 days'"]


@pytest.mark.parametrize(
    ("fact", "text", "there"),
    [
        ("10 %", "It is 10% off.", True),
        ("10 %", "It is 110 % off.", False),
        ("£60", "From £60.", True),
        ("£60", "From £600", False),
        ("7.5", "UK: 7.5 | US", True),
        ("2 days", "12 days", False),
        ("5 days", "2.5 days", False),
        ("ＰＡ９９", "PA99", True),
        ("straße", "STRASSE", True),
    ],
)
def test_a_fact_stands_in_a_text_whatever_its_spacing_and_case(fact: str, text: str, *, there: bool) -> None:
    assert says((fact,), text) is there
