"""What each sentence of an answer rests on: by its mark, by what stands beside it, by a tool's result, or nothing."""

import json

import pytest

from orchestrator.evidence import Snippet
from orchestrator.grounds import Grounded, Told, grounded, sha256

TEXT = "# Returns\n\nYou can send it back within 60 days. Keep the receipt. Gas canisters never come back."
RETURNS = Snippet("c7", "d1", "Returns", "", "/returns/", TEXT)
SHIPPING = Snippet("c8", "d2", "Shipping", "", "/shipping/", "We ship to Norway for 9.90 EUR.")
ORDER = Told("2.1", json.dumps({"orders": [{"number": "10231", "status": "shipped", "total": "460.00 GBP"}]}))


def only(said: str, *results: Told, claims: bool = True) -> Grounded:
    """What the only sentence of `said` rests on."""
    (found,) = grounded(said, {1: RETURNS, 2: SHIPPING}, results, claims=claims)
    return found


def words(found: Grounded) -> list[str]:
    """The words behind a sentence."""
    texts = {"c7": RETURNS.text, "c8": SHIPPING.text}
    return [texts[each.passage][each.start : each.end] for each in found.grounds]


def test_a_marked_sentence_rests_on_the_words_that_support_it() -> None:
    found = only("You have 60 days to send it back. [1]")
    assert found.by == "mark"
    assert words(found) == ["You can send it back within 60 days."]
    assert found.grounds[0].sha256 == sha256("You can send it back within 60 days.")


def test_two_marks_are_two_places() -> None:
    assert words(only("Send it back within 60 days; Norway costs 9.90 EUR. [1] [2]")) == [
        "You can send it back within 60 days.",
        "We ship to Norway for 9.90 EUR.",
    ]


def test_places_are_those_of_the_answer() -> None:
    said = "Keep the receipt. [1]\nWe ship to Norway for 9.90 EUR. [2] Gas canisters never come back. [1]"
    found = list(grounded(said, {1: RETURNS, 2: SHIPPING}))
    assert [said[each.start : each.end] for each in found] == [
        "Keep the receipt. [1]",
        "We ship to Norway for 9.90 EUR. [2]",
        "Gas canisters never come back. [1]",
    ]


def test_a_mark_on_a_line_of_its_own_belongs_to_the_sentence_above() -> None:
    said = "Keep the receipt.\n[1]\nThank you for asking!"
    first, second = grounded(said, {1: RETURNS})
    assert (said[first.start : first.end], first.by) == ("Keep the receipt.\n[1]", "mark")
    assert second.by == "courtesy"


def test_a_sentence_without_a_mark_rests_on_what_is_cited_beside_it() -> None:
    found = only("Gas canisters do not come back.")
    assert (found.by, words(found)) == ("nearby", ["Gas canisters never come back."])


def test_what_a_tool_told_is_named_by_its_call() -> None:
    found = only("Order 10231 is shipped.", ORDER)
    assert found.by == "result"
    assert (found.grounds[0].call, found.grounds[0].sha256) == ("2.1", sha256(ORDER.output))


def test_a_number_that_the_tool_did_not_tell_is_not_its() -> None:
    assert only("Order 10999 is shipped.", ORDER).by != "result"


@pytest.mark.parametrize("said", ["Which colour would you like?", "Thank you for asking!"])
def test_a_courtesy_rests_on_nothing(said: str) -> None:
    assert only(said).by == "courtesy"


def test_what_stands_nowhere_is_said_to_rest_on_nothing() -> None:
    assert only("Our tents win prizes everywhere.").by == "none"
    assert only("Our tents win prizes everywhere.", claims=False).by == "own"


def test_a_mark_that_stands_for_nothing_is_no_ground() -> None:
    assert only("Our tents win prizes everywhere. [9]").grounds == ()


def test_nothing_said_rests_on_nothing() -> None:
    assert list(grounded("", {1: RETURNS})) == []
