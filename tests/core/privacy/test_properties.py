"""Whatever stands around a number, and however it is written: it is found."""

import json
from collections.abc import Callable
from urllib.parse import quote

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.privacy.cleaning import FINDERS, clean, clean_next, find
from core.privacy.needed import CONTACTS
from tests.core.privacy.numbers import PROSE, WORDS, cards, ibans, social_security, written

ALL = (*FINDERS, *CONTACTS)
MESSY = st.text(st.one_of(st.characters(), st.sampled_from("0123456789 -.,:@#+()%&;\\u\u200b٣")), max_size=120)


def digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


@settings(max_examples=200, deadline=None)
@given(PROSE, cards().flatmap(written), PROSE)
def test_a_card_in_any_prose_in_any_hand(before: str, card: str, after: str) -> None:
    cleaned = clean(f"{before} {card} {after}")
    assert "card" in cleaned.found
    assert digits(cleaned.text) == ""


@settings(max_examples=200, deadline=None)
@given(PROSE, ibans().flatmap(written), PROSE)
def test_an_iban_in_any_prose_in_any_hand(before: str, iban: str, after: str) -> None:
    assert "iban" in clean(f"{before} ({iban}) {after}").found


@settings(max_examples=150, deadline=None)
@given(PROSE, social_security(), st.sampled_from([*"-./_ ", " - ", "\u2013", "\u00a0"]), PROSE)
def test_a_social_security_number_in_any_prose(before: str, parts: tuple[str, str, str], gap: str, after: str) -> None:
    cleaned = clean(f"{before}: {gap.join(parts)}, {after}")
    assert "ssn" in cleaned.found
    assert "ssn" in clean(f"{before} my ssn is {''.join(parts)} {after}").found


@settings(max_examples=150, deadline=None)
@given(cards(), st.sampled_from(["json", "url", "entities", "list", "markup", "words"]))
def test_a_card_in_other_clothes(card: str, clothes: str) -> None:
    dressed: dict[str, Callable[[], str]] = {
        "json": lambda: json.dumps({"a": f"x{card}", "b": [1, 2]}),
        "url": lambda: f"https://shop.example/pay?card={quote(' '.join(card))}&x=1",
        "entities": lambda: "".join(f"&#{ord(digit)};" for digit in card),
        "list": lambda: json.dumps(list(card)),
        "markup": lambda: "<b>" + "</b><b>".join(card) + "</b>",
        "words": lambda: "it is " + " ".join(WORDS[int(digit)] for digit in card) + " okay",
    }
    assert "card" in clean(dressed[clothes]()).found


@settings(max_examples=150, deadline=None)
@given(cards(), st.data())
def test_a_card_over_several_messages_leaves_none_of_them(card: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(card) - 1), min_size=1, max_size=3)))
    parts = [card[start:end] for start, end in zip([0, *cuts], [*cuts, len(card)], strict=True)]
    assume(all(len(part) < 12 for part in parts))  # no part is a card by itself
    before, last = clean_next(parts[:-1], parts[-1])
    assert [digits(text) for text in (*before, last.text)] == [""] * len(parts)


@settings(max_examples=300, deadline=None)
@given(MESSY)
def test_no_text_breaks_it_and_every_span_lies_within(text: str) -> None:
    found = find(text, ALL)
    ends = [0, *(one.end for one in found)]
    assert all(end <= one.start < one.end <= len(text) for end, one in zip(ends, found, strict=False))


@settings(max_examples=200, deadline=None)
@given(st.one_of(MESSY, st.tuples(MESSY, cards(), MESSY, ibans(), MESSY).map(" ".join)))
def test_cleaning_twice_is_once(text: str) -> None:
    once = clean(text)
    assert clean(once.text).text == once.text
