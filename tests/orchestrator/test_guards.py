"""The guards by example: what they let through, and what they stop."""

import json

import pytest

from orchestrator import guards
from orchestrator.events import ToolReturned
from orchestrator.evidence import Evidence, Snippet, cite, cited, gather, render
from orchestrator.guards import citations, encoding, length, numbers
from orchestrator.guards.draft import DraftText

RETURNS = Snippet("c1", "d1", "Returns", "Window", "/returns/", "Send it back within 60 days. The label costs £3.95.")
HOURS = Snippet("c2", "d2", "Hours", "", "/hours/", "We open at 09:30 on 3 December. Call 01632 960417.")
FOUND = Evidence({"c1": RETURNS, "c2": HOURS})
ORDER = Evidence(results=('{"number":"10231","total":"1299.00","placed_at":"2026-11-03"}',), visitor="order 10231")


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("You have 60 days [c1].", FOUND),
        ("The label costs £3.95 [c1].", FOUND),
        ("We open at 9:30 [c2].", FOUND),
        ("We open at 09:30 [c2], call 01632 960417 [c2].", FOUND),
        ("1. Send it back\n2. Keep the receipt [c1]", FOUND),
        ("Your order 10231 of 3 November 2026 came to 1,299.00.", ORDER),
    ],
)
def test_numbers_that_stand_in_the_evidence_pass(text: str, evidence: Evidence) -> None:
    verdict = numbers.check(DraftText(text, "answer"), evidence)
    assert verdict.passed, verdict.reason


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("You have 90 days [c1].", "90"),
        ("The label costs £3.59 [c1].", "3.59"),
        ("You have 60 days [c2].", "60"),  # it stands in another snippet than the one that is cited
        ("Write to help@shop.example [c1].", "help@shop.example"),
        ("See https://shop.example/returns [c1].", "https://shop.example/returns"),
        ("See evil.com/login [c1].", "evil.com/login"),
        ("Call 01632 960418 [c2].", "960418"),
    ],
)
def test_numbers_links_and_addresses_from_nowhere_are_stopped(text: str, missing: str) -> None:
    verdict = numbers.check(DraftText(text, "answer"), FOUND)
    assert not verdict.passed
    assert missing in verdict.reason


def test_asking_back_may_repeat_the_visitors_number_but_an_answer_may_not() -> None:
    heard = Evidence(visitor="where is 10231")
    assert numbers.check(DraftText("Which address did you use for 10231?", "clarify"), heard).passed
    assert not numbers.check(DraftText("10231 is on its way.", "answer"), heard).passed


def test_an_answer_needs_a_registered_citation() -> None:
    assert citations.check(DraftText("Sixty days [c1].", "answer"), FOUND).passed
    assert not citations.check(DraftText("Sixty days.", "answer"), FOUND).passed
    assert not citations.check(DraftText("Sixty days.", "answer"), Evidence()).passed
    assert "c9" in citations.check(DraftText("Sixty days [c1] [c9].", "answer"), FOUND).reason
    assert citations.check(DraftText("It is on its way.", "answer"), ORDER).passed
    assert citations.check(DraftText("Hello!", "smalltalk"), Evidence()).passed


@pytest.mark.parametrize("text", ["", "   \n", "x" * 10_001])
def test_length_stops(text: str) -> None:
    assert not length.check(text).passed


@pytest.mark.parametrize("text", ["Wie lange? 🎿", "متى تفتحون؟", "なんじ", "zażółć gęślą jaźń", "a\tb\nc"])
def test_encoding_lets_all_scripts_through(text: str) -> None:
    assert all(verdict.passed for verdict in guards.screen(text))


@pytest.mark.parametrize("text", ["\x00\x01\x02abc", "\ufffd" * 10, "PNG\x1a\x00\x00\x00IHDR\x08\x02"])
def test_encoding_stops_what_nobody_typed(text: str) -> None:
    assert not encoding.check(text).passed


def test_ids_become_numbers_in_order_of_appearance_and_unknown_ones_vanish() -> None:
    text, shown = render("Open at 09:30 [c2]. Sixty days [c1] [c8]. Again [c2].", FOUND)
    assert text == "Open at 09:30 [1]. Sixty days [2]. Again [1]."
    assert [(each["n"], each["doc_id"]) for each in shown] == [(1, "d2"), (2, "d1")]
    assert cited("a [c2] b [c1] c [c2]") == ("c2", "c1")


def test_a_quote_is_the_passages_own_sentence() -> None:
    shown = cite(1, RETURNS, "What does the label cost? £3.95 [c1]")
    assert shown["quote"] == "The label costs £3.95."
    assert shown["link"] == "/returns/#:~:text=The%20label%20costs%20%C2%A33.95."
    assert (shown["page"], shown["start"], shown["end"]) == (None, None, None)  # an older journal does not say


def test_a_citation_says_where_its_quote_stands() -> None:
    address = {"id": "c1", "doc_id": "d", "title": "T", "url": "https://shop.example/m.pdf", "text": RETURNS.text}
    output = {**address, "page": 3, "start": 100, "places": [[0, 3, ""], [29, 4, ""]]}
    found = gather([ToolReturned(1, json.dumps({"snippets": [output], "answerable": 0.9}))])
    _, (shown,) = render("The label costs £3.95 [c1].", found)
    assert (shown["page"], shown["link"]) == (4, "https://shop.example/m.pdf#page=4")
    assert (shown["start"], shown["end"]) == (129, 151)


def test_evidence_keeps_snippets_and_other_results_apart() -> None:
    found = ToolReturned(2, '{"snippets":[{"id":"c1","doc_id":"d","title":"T","text":"x"}],"answerable":0.9}')
    order = ToolReturned(3, '{"outcome":"found"}')
    evidence = gather([found, order])
    assert list(evidence.snippets) == ["c1"]
    assert evidence.results == ('{"outcome":"found"}',)
