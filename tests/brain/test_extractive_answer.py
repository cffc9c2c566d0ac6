"""What the built-in brain makes of outputs: sentences word for word with their citations, facts, or an honest no."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.client import Ask, Intent, Reply, ToolCall, ToolOutcome
from brain.extractive import Extractive
from tests.brain.asks import drafting, found, outcome, unheard

DELIVERY = """# Delivery

## Prices

Standard delivery costs £4.95 and takes 2 to 3 working days. It is free over £60. Parcels leave from Leith.

Country: Norway | Standard: £14.50 | Express: £31.00
Country: Sweden | Standard: £11.95 | Express: £23.95

## Gift wrapping

We wrap presents in paper for £4. Tents cannot be wrapped."""
SIZES = """# Size guide

Size: S | Chest: 84 to 89 | Hips: 88 to 92
Size: M | Chest: 90 to 94 | Hips: 98 to 102"""
HOURS = """# Our shops

The Leith shop is closed on Tuesdays. The Oban shop opens at 9:30 every day.

What you can bring:

- Boots for waxing
- Tents for repair"""


def think(one: Ask) -> Reply:
    return Extractive().think(one, unheard)


def answer(question: str, *texts: str, **more: object) -> Reply:
    return think(drafting(question, outcomes=(found(question, *texts, **more),)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How much is standard delivery?", "£4.95"),
        ("how mch is gift wraping", "We wrap presents in paper for £4."),
        ("What does delivery to Norway cost?", "Country: Norway | Standard: £14.50 | Express: £31.00 [c1]"),
        ("Where do your parcels leave from?", "Parcels leave from Leith. [c1]"),
    ],
)
def test_answers_with_the_sentence_that_fits(question: str, expected: str) -> None:
    reply = answer(question, DELIVERY)
    assert reply.intent is Intent.ANSWER
    assert expected in reply.text


def test_a_row_of_another_country_is_left_out() -> None:
    assert "Sweden" not in answer("What does delivery to Norway cost?", DELIVERY).text


def test_a_number_finds_the_row_whose_range_holds_it_in_the_column_asked_for() -> None:
    assert answer("My chest is 92 cm, which size?", SIZES, title="Size guide").text.startswith("Size: M")


def test_each_piece_is_word_for_word_and_cited() -> None:
    reply = answer("How much is standard delivery, and is it free?", DELIVERY)
    pieces = [piece.strip() for piece in re.split(r"\[c1\]", reply.text) if piece.strip()]
    assert pieces
    assert all(piece in DELIVERY for piece in pieces)
    assert reply.text.endswith("[c1]")


def test_the_right_one_of_several_documents_is_cited() -> None:
    reply = answer("Is the Leith shop open on Tuesday?", DELIVERY, HOURS)
    assert "[c2]" in reply.text
    assert "closed on Tuesdays" in reply.text


def test_a_list_follows_the_line_that_announces_it() -> None:
    assert "Boots for waxing [c1]" in answer("What can I bring?", HOURS, title="Our shops").text


@pytest.mark.parametrize(
    "question",
    [
        "Do you sell kayaks?",
        "Is there a swimming pool in the Leith shop?",
        "What does the founder earn?",
        "Who won the cup final?",
        "Does the Oban shop repair bicycles?",
    ],
)
def test_abstains_where_nothing_covers_the_question(question: str) -> None:
    reply = answer(question, DELIVERY, HOURS, answerable=0.3)
    assert reply.intent is Intent.ABSTAIN
    assert reply.text.endswith("I can pass you to a person if you like.")


def test_what_the_search_holds_to_be_unlikely_is_not_answered() -> None:
    question = "How much is standard delivery?"
    assert answer(question, DELIVERY, answerable=0.9).intent is Intent.ANSWER
    assert answer(question, DELIVERY, answerable=0.1).intent is Intent.ABSTAIN


def test_what_is_near_is_shown_as_no_more_than_that() -> None:
    near = answer("Is there a swimming pool in the Leith shop?", HOURS).text
    assert near.startswith("I am not sure that this answers your question.")
    assert "The Leith shop is closed on Tuesdays. [c1]" in near
    far = answer("Who won the cup final?", HOURS).text
    assert "Harbour Tea" in far
    assert "[c" not in far


def test_the_second_time_in_vain_a_person_is_fetched() -> None:
    first = answer("Do you sell kayaks?", DELIVERY)
    again = "Do you have canoes then?"
    lines = ("Do you sell kayaks?", f"> {first.text}", again)
    assert [call.name for call in think(drafting(*lines, outcomes=(found(again, DELIVERY),))).calls] == [
        "handoff_human"
    ]
    alone = think(drafting(*lines, outcomes=(found(again, DELIVERY),), tools=()))
    assert alone.intent is Intent.ABSTAIN


def test_a_follow_up_is_answered_for_what_is_new_in_it() -> None:
    query = "How much is delivery to Sweden? and to Norway?"
    lines = ("How much is delivery to Sweden?", "> It costs £11.95 [1].", "and to Norway?")
    reply = think(drafting(*lines, outcomes=(found(query, DELIVERY),)))
    assert reply.text.startswith("Country: Norway")


def test_speaks_the_visitors_language_where_it_speaks_itself() -> None:
    assert "Dokumenten" in answer("Haben Sie auch Kajaks und wo ist der Laden?", DELIVERY).text
    assert "documents de" in answer("Est-ce que vous avez des kayaks pour les enfants ?", DELIVERY).text
    assert "nei documenti" in answer("Quanto costa un kayak per i bambini?", DELIVERY).text
    assert "de documenten" in answer("Hoeveel kost een kajak voor kinderen?", DELIVERY).text
    assert "nos documentos" in answer("Quanto custa um caiaque para crianças?", DELIVERY).text
    assert "شخص" in answer("كم سعر القارب للأطفال؟", DELIVERY).text


def test_a_line_that_tells_no_language_leaves_the_one_before() -> None:
    lines = ("Ich möchte bitte wissen, wo meine Bestellung ist", "> Nennen Sie mir bitte die Bestellnummer?", "10249")
    nothing = outcome("get_order", {"outcome": "proof_needed", "orders": []})
    assert "E-Mail-Adresse" in think(drafting(*lines, outcomes=(nothing,))).text


ORDER = {
    "number": "10249",
    "status": "completed",
    "placed_at": "2026-11-02",
    "items": [{"name": "Hulder 55", "quantity": 1}, {"name": "Skarv 45", "quantity": 2}],
    "total": "195.00",
    "currency": "GBP",
    "shipping_method": "Standard",
    "tracking": [{"carrier": "Northparcel", "number": "NP123456"}],
}


def test_an_order_is_told_with_its_own_numbers() -> None:
    reply = think(drafting("order 10249?", outcomes=(outcome("get_order", {"outcome": "found", "orders": [ORDER]}),)))
    for part in ("10249", "completed", "2026-11-02", "1 x Hulder 55", "2 x Skarv 45", "195.00 GBP", "NP123456"):
        assert part in reply.text
    assert reply.intent is Intent.ANSWER


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("where is my order", "order number and the e-mail"),
        ("where is my order 10249", "Which e-mail address"),
        ("where is my order, I am tom@example.org", "What is the order number"),
    ],
)
def test_asks_precisely_for_the_proof_that_is_missing(said: str, asked: str) -> None:
    reply = think(drafting(said, outcomes=(outcome("get_order", {"outcome": "proof_needed", "orders": []}),)))
    assert reply.intent is Intent.CLARIFY
    assert asked in reply.text


def test_an_order_that_is_not_found_is_asked_again_once_then_a_person_helps() -> None:
    nothing = outcome("get_order", {"outcome": "not_found", "orders": []})
    first = think(drafting("order 10249, tom@example.org", outcomes=(nothing,)))
    assert first.intent is Intent.CLARIFY
    second = think(drafting("order 10249, tom@example.org", f"> {first.text}", "order 10248", outcomes=(nothing,)))
    assert [call.name for call in second.calls] == ["handoff_human"]


def test_a_ticket_is_confirmed_with_its_number() -> None:
    done = outcome("create_ticket", {"ticket_number": 42, "status": "open", "email": "ada@example.org"})
    assert "ticket 42" in think(drafting("open a ticket", outcomes=(done,))).text


def test_a_person_that_was_fetched_is_announced() -> None:
    done = outcome("handoff_human", {"handoff_number": 3, "status": "waiting"})
    assert think(drafting("a human please", outcomes=(done,))).intent is Intent.SMALLTALK


@pytest.mark.parametrize("name", ["search_kb", "get_order", "create_ticket", "handoff_human"])
def test_a_tool_that_failed_is_admitted(name: str) -> None:
    failed = ToolOutcome(ToolCall("1", name, "{}"), "The service is away.", failed=True)
    reply = think(drafting("Do you ship?", outcomes=(failed,)))
    assert reply.intent is Intent.ABSTAIN
    assert "away" not in reply.text


def test_a_refused_draft_is_made_shorter() -> None:
    question = "How much is standard delivery, and is it free?"
    retried = think(drafting(question, outcomes=(found(question, DELIVERY),), feedback="a number is unsupported"))
    assert retried.text.count("[c1]") == 1


@settings(deadline=None)  # the first call reads the word lists and may load the model; all later ones take milliseconds
@given(st.text(max_size=60), st.text(max_size=300), st.sampled_from(["search_kb", "get_order", "create_ticket"]))
def test_no_output_breaks_it(question: str, output: str, name: str) -> None:
    raw = ToolOutcome(ToolCall("1", name, "{}"), output)
    assert think(drafting(question, outcomes=(raw,))).intent
    assert think(drafting(question, outcomes=(found(question, output),))).intent
