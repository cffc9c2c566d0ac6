"""Sealing texts: what opens, what does not, and what is said where a key is wrong."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from core.errors import SettingsRefused
from core.models import Note
from core.models.sealed import Unowned
from core.sealing import places, seal, words
from core.sealing.keys import KeyMissing, keyring, make, read
from core.sealing.places import PLACES
from core.sealing.seal import SealBroken
from tests.sealing import K1, K2, keys

MINE, YOURS = "0b9f0000-0000-4000-8000-000000000001", "0b9f0000-0000-4000-8000-000000000002"
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.fixture
def sealed() -> Iterator[None]:
    """With one key."""
    with keys(K1):
        yield


@pytest.mark.parametrize("given_keys", [(), (K1,)], ids=["plain", "sealed"])
def test_every_text_comes_back_and_a_sealed_one_can_not_be_read(given_keys: tuple[str, ...]) -> None:
    @given(TEXTS)
    def comes_back(text: str) -> None:
        kept = places.MESSAGE.seal(MINE, text)
        assert places.MESSAGE.open(MINE, kept) == text
        if given_keys and text:
            assert seal.key_of(kept) == "k1"
        else:
            assert kept in {text, f"§0:{text}"}

    with keys(*given_keys):
        comes_back()


def test_a_sealed_text_has_the_form_that_the_docs_give(sealed: None) -> None:
    form, name, hidden = places.MESSAGE.seal(MINE, "hello").split(":")
    assert (form, name) == ("§1", "k1")
    assert len(b64decode(hidden)) == 12 + len("hello") + 16


def test_the_same_words_never_look_the_same(sealed: None) -> None:
    assert len({places.MESSAGE.seal(MINE, "hello") for _ in range(50)}) == 50


def test_it_opens_at_its_own_place_and_in_its_own_conversation_alone(sealed: None) -> None:
    kept = places.MESSAGE.seal(MINE, "hello")
    with pytest.raises(SealBroken):
        places.MESSAGE.open(YOURS, kept)
    with pytest.raises(SealBroken):
        places.NOTE.open(MINE, kept)


def test_a_single_changed_bit_is_noticed(sealed: None) -> None:
    form, name, hidden = places.MESSAGE.seal(MINE, "hello").split(":")
    raw = bytearray(b64decode(hidden))
    for at in range(len(raw)):
        changed = bytes(byte ^ (n == at) for n, byte in enumerate(raw))
        with pytest.raises(SealBroken):
            places.MESSAGE.open(MINE, f"{form}:{name}:{b64encode(changed).decode()}")


@pytest.mark.parametrize("text", ["§1:k1:AAAA", "§1:", "§0:", "§0:§1:k1:x", "§1:k1:" + "A" * 60, "§ 5 BGB"])
def test_a_visitor_can_write_what_looks_sealed(text: str) -> None:
    for given_keys in ((), (K1,)):
        with keys(*given_keys):
            assert places.MESSAGE.open(MINE, places.MESSAGE.seal(MINE, text)) == text
            value = {"§": text, "@": "x", "type": "t"}
            assert places.TOLD.open(MINE, places.TOLD.seal(MINE, value)) == value


def test_what_is_plain_stays_readable_after_a_key_is_given() -> None:
    with keys():
        plain, event = places.MESSAGE.seal(MINE, "hello"), places.EVENT.seal(MINE, {"type": "VisitorSaid", "n": 1})
    with keys(K1):
        assert places.MESSAGE.open(MINE, plain) == "hello"
        assert places.EVENT.open(MINE, event) == {"type": "VisitorSaid", "n": 1}


def test_of_an_object_only_what_statements_look_for_is_seen(sealed: None) -> None:
    event = {"type": "DraftWritten", "text": "hello", "n": 2}
    kept = places.EVENT.seal(MINE, event)
    assert {name for name in kept if name != "§"} == {"type"}
    assert "hello" not in json.dumps(kept)
    assert places.EVENT.open(MINE, kept | {"type": "ToolReturned"}) == event, "what is seen is not what counts"


def test_the_first_key_seals_and_all_of_them_open() -> None:
    with keys(K1):
        old = places.MESSAGE.seal(MINE, "old")
    with keys(K2, K1):
        new = places.MESSAGE.seal(MINE, "new")
        assert (seal.key_of(old), seal.key_of(new)) == ("k1", "k2")
        assert [places.MESSAGE.open(MINE, kept) for kept in (old, new)] == ["old", "new"]
    with keys(K2), pytest.raises(KeyMissing, match=r"'k1'.*HANDRAIL_ENCRYPTION_KEYS"):
        places.MESSAGE.open(MINE, old)
    with keys(), pytest.raises(KeyMissing, match="'k2'"):
        places.MESSAGE.open(MINE, new)


def test_another_key_of_the_same_name_opens_nothing() -> None:
    with keys(K1):
        kept = places.MESSAGE.seal(MINE, "hello")
    with keys(make("k1")), pytest.raises(SealBroken):
        places.MESSAGE.open(MINE, kept)


SHORT = b64encode(bytes(range(16))).decode()
ZEROS = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("AAAA", "no name"),
        (f":{ZEROS}", "no name"),
        (f"a b:{SHORT}", "no name"),
        (f"{'n' * 33}:{SHORT}", "no name"),
        ("k1:", "no key of 32 random bytes"),
        ("k1:not base64!", "not base64"),
        (f"k1:{SHORT}", "no key of 32 random bytes"),
        (f"k1:{ZEROS}", "no key of 32 random bytes"),
        (f"{K1},{K1}", "two keys of one name"),
        (f"{K1},k2:{K1.partition(':')[2]}", "one key under two names"),
    ],
    ids=[f"setting {n}" for n in range(10)],  # a key is another one in each process of the tests
)
def test_a_wrong_setting_is_refused_and_the_key_is_not_shown(wrong: str, said: str) -> None:
    with pytest.raises(SettingsRefused, match=said) as refused:
        read(wrong)
    assert K1.partition(":")[2] not in str(refused.value)
    assert SHORT not in str(refused.value)


def test_spaces_and_empty_parts_do_no_harm_and_a_key_is_never_printed() -> None:
    ring = read(f" {K1} ,, {K2}, ")
    assert [key.id for key in ring.keys] == ["k1", "k2"]
    assert repr(ring.keys[0]) == "Key('k1')"
    assert ring.keys[0].proof not in K1


@pytest.mark.parametrize("name", ["", "a b", "k:1", "§", "n" * 33])
def test_a_key_needs_a_name(name: str) -> None:
    with pytest.raises(SettingsRefused, match="can't be a key's name"):
        make(name)


def test_words_are_hashed_without_order_under_each_key() -> None:
    with keys(K2, K1):
        hidden = words.hidden("The Lamp, the lamp! Order №42 façade")
        again = words.hidden("façade lamp 42 order the №")
        lamps = [set(asked.split()) for asked in words.asked("LAMP")]
    assert hidden == again
    assert hidden is not None
    assert hidden.replace(" ", "").isalpha(), "an index takes numbers apart"
    assert lamps[0] < set(hidden.split())
    assert not lamps[1] & set(hidden.split()), "the second key hashes otherwise"
    with keys():
        assert words.hidden("The Lamp") is None
        assert list(words.asked("Lamp")) == []


@pytest.mark.parametrize("given_keys", [(), (K1,)], ids=["plain", "sealed"])
def test_a_statement_that_forgets_the_owner_is_refused_also_without_a_key(
    session: Session, given_keys: tuple[str, ...]
) -> None:
    with keys(*given_keys):
        for statement in (insert(Note).values(content="x"), update(Note).values(content="x")):
            with pytest.raises(StatementError) as refused, session.begin_nested():
                session.execute(statement)
            assert isinstance(refused.value.orig, Unowned)


def test_each_place_is_a_column_of_its_sealed_type() -> None:
    from core.models import metadata
    from core.models.sealed import _Sealed

    sealed = {
        f"{table.name}.{column.name}": column.type.place
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, _Sealed)
    }
    assert sealed == {place.name: place for place in PLACES}
    docs = (Path(__file__).parents[2] / "docs" / "encryption.md").read_text()
    assert [place.name for place in PLACES if f"`{place.name}`" not in docs] == []
    assert all(place.owner in metadata.tables[place.table].columns for place in PLACES)


def test_keys_may_open_without_sealing() -> None:
    with keys():
        assert keyring().first is None
    with keys(K1):
        old = places.MESSAGE.seal(MINE, "old")
    with keys("plain", K1):
        assert places.MESSAGE.seal(MINE, "new") == "new"
        assert places.MESSAGE.open(MINE, old) == "old"
