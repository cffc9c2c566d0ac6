"""What is taken out of a text, what stays, and what the words around a number decide."""

import json
from itertools import pairwise

import pytest

from core.privacy.cleaning import MARKS, PART, clean, clean_next, find
from core.privacy.needed import CONTACTS

CARD = "4111 1111 1111 1111"
NAUGHTY = [
    "",
    "\x00",
    "\ud800",
    "%",
    "%zz%41",
    "&#99999999;",
    "&#xfffffff;",
    "\\u",
    "\\ud83d",
    "4️⃣" * 400,
    "1" * 5_000,
    "9 " * 4_000,
]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"My card is {CARD}, valid to 12/27, CVV 123", ("card", "security_code")),
        (f"{CARD} 12/27 123", ("card",)),
        (f"order 10231 {CARD}", ("card",)),
        ("Card:4111111111111111123 is that right", ("card",)),
        ("three seven eight two, eight two two four six three one zero zero zero five", ("card",)),
        ("it is four triple one" + " one" * 12, ("card",)),
        ("DE89 3704 0044 0532 0130 00", ("iban",)),
        ("IBANgb82west12345698765432", ("iban",)),
        ("my ssn is 078051120", ("ssn",)),
        ("078-05-1120", ("ssn",)),
        ("DNI 12345678Z", ("national_id",)),
        ("X-1234567-L is my NIE", ("national_id",)),
        ("NINO AB 12 34 56 C", ("national_id",)),
        ("Steuer-ID 86095742719", ("national_id",)),
        ("1 85 12 75 116 001 57? no: 2 94 03 75 120 005 91", ("national_id",)),
        ("my passport number is C01X00T47", ("national_id",)),
        ("password is hunter2!", ("secret",)),
        ('{"password": "correct horse"}', ("secret",)),
        ("mi contraseña es gatito", ("secret",)),
        ("Mein Passwort lautet Geheim12", ("secret",)),
        ("my PIN is 4821", ("secret",)),
        ("postgres://shop:pa55word@db/shop", ("secret",)),
        ("Authorization: Bearer abcdefghijklmnop1234", ("secret",)),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", ("secret",)),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", ("secret",)),
        ("AKIAIOSFODNN7EXAMPLE", ("secret",)),
    ],
)
def test_it_is_taken_out(text: str, kinds: tuple[str, ...]) -> None:
    cleaned = clean(text)
    assert cleaned.found == kinds
    assert all(MARKS[kind] in cleaned.text for kind in cleaned.found)


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order 4111111111?",
        "order 112-3997447-9761687",
        "Exchange item 4035304400 for 4579334072 in #W9300146",
        "4111 1111 1111 1112",
        "my password is not working",
        "the password was reset yesterday, and I think it is weak",
        "the token is expired",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20",
        "550e8400-e29b-41d4-a716-446655440000",
        "score 0.4111111111111111",
        "Suite 680 36 4022 Oakridge Lane",
        "ticket 0031077627 of 2026-11-22 20:39:19",
    ],
)
def test_it_stays(text: str) -> None:
    assert clean(text).text == text


@pytest.mark.parametrize(
    ("earlier", "text", "before", "after"),
    [
        (["card 4111 1111"], "1111 1111!", [f"card {PART}"], f"{MARKS['card']}!"),
        (["it is 4111 1111 and"], "then 1111 1111", [f"it is {PART} and"], f"then {MARKS['card']}"),
        (["4111", "1111", "1111"], "1111", [PART] * 3, MARKS["card"]),
        (["DE89 3704 0044"], "0532 0130 00", [PART], MARKS["iban"]),
        (["my password is"], "hunter2", ["my password is"], MARKS["secret"]),
        (["my ssn is"], "078051120", ["my ssn is"], MARKS["ssn"]),
        (["order 10231"], "and 4111", ["order 10231"], "and 4111"),
        ([], CARD, [], MARKS["card"]),
    ],
)
def test_what_goes_on_in_the_next_message(earlier: list[str], text: str, before: list[str], after: str) -> None:
    found, cleaned = clean_next(earlier, text)
    assert (list(found), cleaned.text) == (before, after)


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_nothing_breaks_it(text: str) -> None:
    found = find(text, (*CONTACTS,))
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert isinstance(json.dumps(clean(text).text), str)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call me on 5551234567, my order is 5557654321", ["5551234567"]),
        ("I called about order 5551234567", []),
        ("They're not answering at 785 8949", ["785 8949"]),
        ("555-123-4567", ["555-123-4567"]),
        ("5551234567", []),
        ("+44 20 7946 0958 or (0131) 496 0123", ["+44 20 7946 0958", "(0131) 496 0123"]),
        ("the call took 1234567 minutes", []),
        ("on 2026-11-22 from 192.168.100.200", []),
    ],
)
def test_a_phone_is_one_by_its_words(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in find(text, CONTACTS) if one.kind == "phone"] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to ana.b+shop@example.co.uk.", ["ana.b+shop@example.co.uk"]),
        ("ana (at) example (dot) com", ["ana (at) example (dot) com"]),
        ("ana%40example.com", ["ana%40example.com"]),
        ("at @home", []),
    ],
)
def test_addresses(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in find(text, CONTACTS) if one.kind == "email"] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Where is order 10231?", ["10231"]),
        ("order #W9300146 and #W8268610", ["W9300146", "W8268610"]),
        ("Meine Bestellnummer lautet 445566", ["445566"]),
        ("in order to pay 2 of 3", []),
    ],
)
def test_order_numbers(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in find(text, CONTACTS) if one.kind == "order"] == found
