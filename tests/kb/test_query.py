"""How a question is read: short forms, languages, misspellings, compounds, codes; and whatever else people send."""

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.analysis import terms, words, written_out
from kb.index.vocabulary import Words
from kb.search.acronyms import defined, spelled_out
from kb.search.fusion import BRIEF, FOREIGN, VECTORS, share
from kb.search.query import HEAD, MENDED, TAIL, Query, lost, mended, read_query
from kb.search.spelling import alternatives, compound, is_word

SHOP = """Our return policy: shipping to Norway, delivery of boots and tents. Gift card, headlamp, exclusive periods.
The camp stove FLMT045 and the part FL MT 046. A parcel, a building, parliament, certain places, a census."""


def known(*texts: str) -> Words:
    """Words as a site has them."""
    return Words({word: 1 for text in texts for word in words(text) if word.isalpha() and len(word) > 2})


def unknown(query: Query, *texts: str) -> set[str]:
    """The terms of `query` that none of these texts has, in any of the site's languages."""
    have = {one for text in texts for one in read_query(text.replace("-", " "), query.languages).words}
    return set(query.words) - have - set(words(" ".join(texts)))


def helped(question: str, text: str = SHOP, languages: tuple[str, ...] = ()) -> Query:
    query = read_query(question, languages)
    return mended(query, unknown(query, text), known(text))


def test_short_forms_are_written_out() -> None:
    assert written_out("wats ur policy") == "what is your policy"
    assert written_out("shipping 2 norway") == "shipping to norway"
    assert written_out("can I return it after 2 days or 4") == "can I return it after 2 days or 4"


def test_short_forms_are_those_of_english_alone() -> None:
    assert "delivery" not in read_query("¿Cuánto cuesta el cambio del pedido y la tienda?", ["es"]).text
    assert read_query("y si", ["es"]).text == "y si"


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("wats ur retrn polcy", "what is your return policy"),
        ("shiping 2 norwya", "shipping to norway"),
        ("is the dlvry quick", "is the delivery quick"),
        ("elclusive offers", "exclusive offers"),
    ],
)
def test_misspelled_words_are_mended_for_both_legs(question: str, meant: str) -> None:
    better = helped(question)
    assert better.text == meant
    assert {one.term("") for one in read_query(meant).said if not one.guessed} <= set(better.words)


@pytest.mark.parametrize(
    ("word", "near", "language"),
    [
        ("boats", "boots", "en"),
        ("broaden", "broader", "en"),
        ("undeveloped", "developed", "en"),
        ("restated", "related", "en"),
        ("pertain", "certain", "en"),
        ("underground", "under ground", "en"),
        ("cuenta", "cuesta", "es"),
        ("camisa", "camino", "es"),
        ("tienda", "tiendo", "es"),
        ("tasche", "tasse flasche", "de"),
        ("rechnung", "zeichnung", "de"),
        ("hosen", "dosen", "de"),
        ("boisson", "poisson", "fr"),
        ("facture", "capture", "fr"),
        ("coussin", "cousine", "fr"),
    ],
)
def test_real_words_that_the_documents_do_not_have_are_left_alone(word: str, near: str, language: str) -> None:
    assert alternatives(word, known(near), language)[0] == []


@pytest.mark.parametrize(
    ("slip", "meant", "language"),
    [
        ("devoluión", "devolución", "es"),
        ("garnatia", "garantía", "es"),
        ("Lieferrung", "Lieferung", "de"),
        ("Betsellung", "Bestellung", "de"),
        ("livaison", "livraison", "fr"),
        ("comamnde", "commande", "fr"),
    ],
)
def test_slips_in_other_languages_are_mended_where_a_letter_was_dropped_doubled_or_swapped(
    slip: str, meant: str, language: str
) -> None:
    assert alternatives(words(slip)[0], known(meant), language) == ([words(meant)[0]], True)


def test_a_name_is_mended_over_one_slip_alone() -> None:
    assert helped("boiling at how many degrees Celsius").text.endswith("Celsius")
    assert helped("what was Ghandi's work", "Mahatma Gandhi, a grand man").text == "what was gandhi work"
    assert helped("does the Parliment object").text == "does the parliament object"


def test_parts_of_english_words_make_words() -> None:
    assert all(map(is_word, ("undeveloped", "broaden", "restated", "boats")))
    assert not any(map(is_word, ("retrn", "polcy", "norwya", "shiping")))


def test_compounds_are_found_by_their_parts_and_by_what_they_are_part_of() -> None:
    germans = "Versand und Kosten, Rückgabefrist, Rückgaberecht"
    assert compound("versandkosten", known(germans)) == ["versand", "kosten"]
    better = helped("Was kostet die Rückgabe für mich?", germans, ("de",))
    assert {one.word for one in better.said} >= {"ruckgabefrist", "ruckgaberecht"}
    assert {one.word for one in helped("which giftcard is it", "A gift for you. The card.").said} >= {"gift", "card"}
    assert "headlamp" in helped("a head lamp").words


@pytest.mark.parametrize("question", ["FL-MT-045", "flmt045", "fl mt 045", "is FLMT-045 in stock?"])
@pytest.mark.parametrize(
    "text", ["The stove FL-MT-045 burns.", "The stove FLMT045 burns.", "The stove fl mt 045 burns."]
)
def test_a_product_code_is_found_however_it_is_written(question: str, text: str) -> None:
    query = read_query(question)
    have = set(words(text))
    better = mended(query, set(query.words) - have, Words())
    assert {"flmt045", "045"} & set(better.words) & have


def test_what_is_only_guessed_counts_only_where_it_is_found() -> None:
    assert "boottent" not in helped("boots tents").words
    assert {one.word for one in read_query("gift card").said if one.guessed} == {"giftcard"}


def test_a_word_that_cannot_be_helped_stays_unknown() -> None:
    query = read_query("quaternion parcels")
    assert lost(query, {"quaternion"})
    assert not lost(query, {"quaternionparcel"})
    assert "quaternion" in mended(query, {"quaternion", "quaternionparcel"}, known(SHOP)).words


def test_words_are_looked_up_as_each_language_of_the_site_has_them() -> None:
    query = read_query("Bestellungen verfolgen", ["de", "en"])
    german, english = terms("Bestellungen verfolgen", "de"), terms("Bestellungen verfolgen", "en")
    assert german[0] != english[0]
    assert {*german, *english} <= set(query.words)
    assert set(mended(query, set(query.words) - set(german), Words()).words) == set(german)


def test_stop_words_are_those_of_the_question() -> None:
    assert read_query("can a plant die in the tent", ["de", "en"]).words[:2] == ("plant", "die")
    assert "die" not in read_query("wo ist die Rechnung, und was kostet das", ["de", "en"]).words


def test_the_vectors_count_less_where_the_model_does_not_read_the_language_or_words_are_few() -> None:
    assert share(read_query("how long does the delivery of a parcel take"), "minilm-l6") == VECTORS
    assert share(read_query("Wie lange dauert die Lieferung?", ["de"]), "minilm-l6") == FOREIGN
    assert share(read_query("Lieferung Norwegen Paket", ["de"]), "minilm-l6") == FOREIGN
    assert share(read_query("送料はいくらですか", ["ja"]), "minilm-l6") == FOREIGN
    assert share(read_query("Wie lange dauert die Lieferung des Pakets?", ["de"]), "openai:any") == VECTORS
    assert share(read_query("FL-MT-045"), "openai:any") == BRIEF


DEFINED = (
    "Ask for a Return Merchandise Authorization (RMA) first. Our Terms of Service (ToS) and VAT (value added tax)."
)


def test_short_forms_that_the_documents_define_are_known() -> None:
    assert defined(DEFINED) == {
        "rma": "return merchandise authorization",
        "tos": "terms of service",
        "vat": "value added tax",
    }


@pytest.mark.parametrize(
    "text", ["Call us (GMT) now", "the price (EUR)", "A (B)", "(RMA)", "we pay (see FAQ) all", "()" * 99]
)
def test_brackets_that_define_nothing_are_passed_over(text: str) -> None:
    assert defined(text) == {}


def test_either_form_finds_the_other() -> None:
    assert {"return", "merchandis", "author"} <= set(spelled_out(read_query("how do I get an RMA"), [DEFINED]).words)
    longer = spelled_out(read_query("return merchandise authorization form"), [DEFINED])
    assert dict(longer.terms)["rma"] == MENDED
    asked = read_query("how much is the tax")
    assert spelled_out(asked, [DEFINED]) is asked


class TestOddQuestions:
    """Whatever is sent is read, and quickly."""

    ODD: ClassVar = [
        "",
        " ",
        "?",
        "x",
        "the of and",
        "💶",
        "🔥🔥🔥",
        "\ud83d",
        "\0",
        "。",
        "'); DROP TABLE sites; --",
        "1",
    ]

    @pytest.mark.parametrize("question", ODD)
    def test_without_words_there_are_few_terms(self, question: str) -> None:
        query = mended(read_query(question), set(), Words())
        assert len(query.words) <= 5
        query.text.encode()

    @pytest.mark.parametrize(
        "question", ["return " * 2_000, "a" * 10_000, "x y " * 2_500, "返品" * 5_000, "1-" * 5_000]
    )
    def test_a_long_question_is_read_at_both_ends(self, question: str) -> None:
        assert len(read_query(question).text) <= HEAD + TAIL + 1
        assert len(read_query(question).words) < 1_000

    def test_what_is_asked_last_counts(self) -> None:
        assert "kayak" in read_query("I have bought a tent. " * 400 + "Do you hire out kayaks?").words

    @given(st.text(max_size=300), st.lists(st.sampled_from(["en", "de", "fr", "es", "ja", ""]), max_size=3))
    def test_anything_can_be_asked(self, question: str, languages: list[str]) -> None:
        query = read_query(question, languages)
        assert set(mended(query, set(query.words), known(SHOP)).words) >= set()
        assert all(weight > 0 for _, weight in query.terms)


def test_what_was_removed_from_a_message_is_not_looked_for() -> None:
    marked = read_query("My card is [card number removed]. Do you deliver to Norway?", ["en"])
    plain = read_query("My card is . Do you deliver to Norway?", ["en"])
    assert (marked.text, marked.terms) == (plain.text, plain.terms)
