"""Whether what was found answers what was asked."""

import pytest

from brain.extractive.asked import asked_for
from brain.extractive.gate import Signals, answers, signals
from brain.extractive.passages import Evidence, read_search
from brain.extractive.rank import Question, Ranked, rank, weigh
from tests.brain.asks import found

SHOP = """# Cedar & Kettle

## Visiting us

The Leith shop has step-free access by the side door. Dogs on a lead are welcome in both shops.

## Caring for your kettle

Let a washed linen bag dry flat for two days, away from the heater. Boil vinegar once a month to remove lime.

## Paying

You can split a bill of more than £90 into three monthly parts. We do not take cheques.

Pot: Ash 3 | Weight: 640 g
Pot: Ash 5 | Weight: 910 g"""


def asked(question: str) -> tuple[Question, Ranked]:
    evidence = read_search(found(question, SHOP, title="Cedar & Kettle"))
    assert isinstance(evidence, Evidence)
    weighed = weigh(question, evidence)
    return weighed, rank(weighed, evidence)[0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("My mother uses a wheelchair. Is there step-free access to the Leith shop?", "step-free"),
        ("are dogs welcome in the shop", "Dogs on a lead"),
        ("Is it possible to split the bill over a few months?", "three monthly parts"),
        ("Do you take cheques?", "do not take cheques"),
        ("how do i remove lime from the ketle", "vinegar"),
        ("What is the weight of the Ash 5 pot?", "910 g"),
    ],
)
def test_finds_the_sentence_and_trusts_it(question: str, expected: str) -> None:
    weighed, best = asked(question)
    assert expected in best.unit.text
    assert answers(weighed, best)


@pytest.mark.parametrize(
    "question",
    [
        "Is there a toilet in the Leith shop?",
        "Do you sell hammocks?",
        "What does your founder earn?",
        "Who won the cup final?",
        "What is the weight of the Ash 7 pot?",
        "Is there step-free access to your Dundee shop?",
    ],
)
def test_distrusts_what_only_shares_the_subject(question: str) -> None:
    assert not answers(*asked(question))


def test_yes_is_an_answer_where_a_charge_is_only_spoken_of() -> None:
    assert asked_for("How much is the charge?").missed("We refund it within 14 days.")
    assert not asked_for("Do you refund the charge?").missed("We refund it within 14 days.")
    assert not asked_for("How much gas do I need?").missed("Reckon with 30 g a day.")


def test_a_word_without_kin_in_the_sentence_speaks_against_it() -> None:
    with_kin, without = signals(*asked("Are dogs welcome?")), signals(*asked("Are dogs insured?"))
    assert isinstance(with_kin, Signals)
    assert with_kin.weakest > without.weakest
    assert with_kin.lost < without.lost
