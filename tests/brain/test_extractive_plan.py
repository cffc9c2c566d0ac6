"""What the built-in brain does with a visitor's words."""

import json
from typing import Any

import pytest

from brain.client import Ask, Intent, Reply
from brain.extractive import Extractive
from tests.brain.asks import ORDER, PERSON, SEARCH, TICKET, TOOLS, ask, unheard


def think(one: Ask) -> Reply:
    return Extractive().think(one, unheard)


def called(reply: Reply) -> list[str]:
    return [call.name for call in reply.calls]


def arguments(reply: Reply) -> dict[str, Any]:
    return json.loads(reply.calls[0].arguments)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a human",
        "can i speak 2 a real person pls",
        "let me speak w someone",
        "agent",
        "Human!!",
        "Could you put me through to customer service?",
        "connect me with your manager",
        "i need a person",
        "get me a human being",
        "cn i spek w sum1 plz",
        "I don't want to talk to a bot",
        "please call me back",
        "my lawyer will hear about this",
        "This is totally unacceptable",
        "you are scammers",
        "Ich möchte mit einem Menschen sprechen",
        "Kann ich mit einem Mitarbeiter reden?",
        "Je voudrais parler à un conseiller",
        "Quiero hablar con una persona",
        "un humano por favor",
        "Gibt es hier auch einen richtigen Menschen?",
        "Pouvez-vous me passer un conseiller ?",
        "Páseme con un agente",
        "Vorrei parlare con una persona",
        "Mi passi un operatore",
        "Ik wil met een medewerker spreken",
        "Kan iemand mij terugbellen?",
        "Quero falar com uma pessoa",
        "Não quero falar com um robô",
        "أريد التحدث إلى شخص",
        "موظف من فضلك",
    ],
)
def test_fetches_a_person(text: str) -> None:
    assert called(think(ask(text))) == ["handoff_human"]


@pytest.mark.parametrize(
    "text",
    [
        "How much is delivery to Norway?",
        "can i return worn boots",
        "Do you sell agents for cleaning?",
        "Does someone have to sign for the parcel?",
        "How many people fit in the tent?",
        "How do I track my order?",
        "Where is my invoice?",
        "Can I change my order after paying?",
        "What happens if I miss the parcel?",
        "how do i make a complaint",
        "Is the phone support open on Sundays?",
        "hw mch is delivry 2 norway pls",
        "What does the 10-year guarantee cover?",
        "I have two persons travelling, which mat is best?",
        "What does the order status On hold mean?",
        "Which order statuses are there?",
        "By when must I order for Christmas?",
        "Vorrei una tenda per una persona",
        "Necesito una tienda para una persona",
        "Ik zoek een tent voor een persoon",
        "Outra pessoa pode buscar a minha encomenda?",
        "هل يمكن لشخص آخر استلام المشتريات؟",
    ],
)
def test_searches_for_an_answer(text: str) -> None:
    reply = think(ask(text))
    assert called(reply) == ["search_kb"]


@pytest.mark.parametrize(
    "text",
    ["hi", "Hello there!", "good morning", "thanks!", "ok thank you, bye", "Are you a bot?", "Hallo", "merci beaucoup"],
)
def test_small_talk_needs_no_tool_and_claims_nothing(text: str) -> None:
    reply = think(ask(text))
    assert reply.intent is Intent.SMALLTALK
    assert reply.text
    assert not any(letter.isdigit() for letter in reply.text)


def test_a_greeting_with_a_question_is_a_question() -> None:
    assert called(think(ask("Hi there, do you ship to Norway?"))) == ["search_kb"]


@pytest.mark.parametrize("text", ["???", "help", "I have a question", ""])
def test_asks_back_when_nothing_was_asked(text: str) -> None:
    assert think(ask(text)).intent is Intent.CLARIFY


def test_says_that_it_is_a_machine() -> None:
    assert "automated" in think(ask("am i talking to a real person?")).text


@pytest.mark.parametrize(
    ("lines", "email", "number"),
    [
        (["Where is my order 10249? I am tom@example.org"], "tom@example.org", "10249"),
        (["where is my parcel"], None, None),
        (["order #771 status please"], None, "771"),
        (["Can you tell me where 10241 is? jonas@example.org"], "jonas@example.org", "10241"),
        (["order 10249 status please", "my mail is tom@example.org"], "tom@example.org", "10249"),
        (
            [
                "where is my order",
                "> Could you give me the order number and the e-mail address?",
                "10249",
                "> Thank you. Which e-mail address did you use for this order number?",
                "tom@example.org",
            ],
            "tom@example.org",
            "10249",
        ),
        (["has my order FL-20931 been shipped yet"], None, "FL-20931"),
        (["wheres my ordr 1042"], None, "1042"),
        (["Wo ist meine Bestellung 4711?"], None, "4711"),
        (["Wo ist mein Paket?"], None, None),
        (["where the hell is my damn parcel"], None, None),
        (["Dov'è il mio pacco?"], None, None),
        (["أين طلبي؟"], None, None),
    ],
)
def test_looks_an_order_up_with_all_that_was_told(lines: list[str], email: str | None, number: str | None) -> None:
    reply = think(ask(*lines))
    assert called(reply) == ["get_order"]
    assert arguments(reply) == {"email": email, "order_id": number}


def test_a_ticket_needs_an_address_first() -> None:
    first = think(ask("Please open a ticket, my tent leaks"))
    assert first.intent is Intent.CLARIFY
    assert first.text.endswith("?")
    second = think(ask("Please open a ticket, my tent leaks", f"> {first.text}", "ada@example.org"))
    assert called(second) == ["create_ticket"]
    assert arguments(second)["email"] == "ada@example.org"
    assert "tent leaks" in arguments(second)["subject"]
    assert arguments(second)["priority"] == "normal"


def test_yes_accepts_the_person_that_was_offered() -> None:
    offer = "I could not find an answer to this in the documents. I can pass you to a person if you like."
    assert called(think(ask("Do you sell kayaks?", f"> {offer}", "yes please"))) == ["handoff_human"]
    assert called(think(ask("Do you sell kayaks?", "> Yes, in red and blue [1].", "yes"))) != ["handoff_human"]


def test_a_follow_up_is_searched_with_the_question_before() -> None:
    reply = think(ask("How much is delivery to Sweden?", "> It costs £11.95 [1].", "and to Norway?"))
    assert arguments(reply)["query"] == "How much is delivery to Sweden? and to Norway?"
    whole = think(
        ask("How much is delivery to Sweden?", "> It costs £11.95 [1].", "Which jacket is warmest in winter?")
    )
    assert arguments(whole)["query"] == "Which jacket is warmest in winter?"


def test_two_questions_are_two_searches() -> None:
    reply = think(ask("What is the price of the Hulder rucksack? How long is its warranty period?"))
    assert called(reply) == ["search_kb", "search_kb"]
    assert len({call.id for call in reply.calls}) == 2


@pytest.mark.parametrize(
    ("text", "needed"),
    [("How much is delivery?", SEARCH), ("Where is my order 77123?", ORDER), ("open a ticket, a@b.example", TICKET)],
)
def test_calls_nothing_that_is_not_offered(text: str, needed: object) -> None:
    others = tuple(spec for spec in TOOLS if spec is not needed)
    assert called(think(ask(text, tools=others))) == ["handoff_human"]
    nothing = think(ask(text, tools=()))
    assert not nothing.calls
    assert nothing.intent is Intent.CLARIFY
    assert not think(ask("a human please", tools=tuple(spec for spec in TOOLS if spec is not PERSON))).calls


def test_fills_exactly_the_fields_that_a_tool_has() -> None:
    assert set(arguments(think(ask("How much is delivery?")))) == {"query", "top_k"}
    assert set(arguments(think(ask("a human please")))) == {"reason", "transcript_excerpt"}


def test_the_same_words_give_the_same_reply() -> None:
    assert think(ask("how much is delivery")) == think(ask("how much is delivery"))
