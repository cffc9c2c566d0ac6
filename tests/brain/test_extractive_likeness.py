"""Wishes told by likeness to examples, and texts compared by meaning."""

import pytest

from brain.extractive.likeness import EXAMPLES, sounds_like
from brain.extractive.words import plain_english, spelled_as
from kb.embeddings.meanings import Meanings, vectors
from kb.embeddings.minilm import MiniLM


@pytest.mark.parametrize(
    "text",
    [
        "this chat is pointless, pass me to somebody who works there",
        "cn i spk 2 an agent pls",
        "ugh bot. human now",
        "Could I speak with somebody from the team?",
        "give me a human already",
    ],
)
def test_a_wish_for_a_person_is_heard_in_other_words(text: str) -> None:
    assert sounds_like("person", plain_english(text))


@pytest.mark.parametrize(
    "text",
    [
        "Is there an agent in Leeds?",
        "Who is the manager in Kendal?",
        "is someone in the shop on sunday",
        "is the tent good for one person",
        "How much is delivery to Norway?",
        "my tent leaks",
        "",
    ],
)
def test_a_question_about_people_is_no_such_wish(text: str) -> None:
    assert not sounds_like("person", text)


def test_a_payment_of_an_order_is_about_that_order() -> None:
    assert sounds_like("order", "hi did my payment go through for 10242")
    assert not sounds_like("order", "how long do parcels take to Sweden")


def test_a_long_story_is_no_bare_wish() -> None:
    assert not sounds_like("person", "I want to talk to a real person " * 6)


def test_every_wish_has_examples_for_and_against() -> None:
    wishes = {name for name in EXAMPLES if not name.endswith("_not")}
    assert {f"{wish}_not" for wish in wishes} | wishes == set(EXAMPLES)
    assert all(len(set(lines)) == len(lines) > 0 for lines in EXAMPLES.values())


class Counting(MiniLM):
    """Counts the texts that it embeds."""

    seen = 0

    def embed(self, texts: list[str]):  # type: ignore[no-untyped-def]  # noqa: ANN201
        self.seen += len(texts)
        return super().embed(texts)


def test_a_text_is_embedded_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = Counting(tmp_path_factory.mktemp("models"))
    meanings = Meanings(model)
    first = meanings.of(["a tent", "a stove", "a tent"])
    again = meanings.of(["a stove", "a tent"])
    assert model.seen == 2
    assert first.shape == (3, MiniLM.dimensions)
    assert (again[::-1] == first[:2]).all()


def test_texts_of_one_meaning_are_near() -> None:
    made = vectors(["How do I send it back?", "Returns", "Our founder was born in Leith."])
    assert made is not None
    assert made[0] @ made[1] > made[0] @ made[2]


def test_a_slip_is_mended_to_the_documents_own_word_and_a_word_is_left() -> None:
    vocabulary = frozenset({"crampons", "price", "zealand"})
    assert spelled_as("price of crampns in new zeland", vocabulary) == "price of crampons in new zealand"
