"""What is the same is shown once, older versions not at all; what is about another thing stays."""

from datetime import UTC, datetime
from itertools import count

import pytest

from kb.search.candidate import Candidate
from kb.search.duplicates import distinct

NUMBERS = count(1)
REPAIRS = (
    "We mend jackets, tents and boots in our Port Ellary workshop within {days} working days. Bring them clean and "
    "dry, with the receipt, or send them by post. Zips cost {price}, and patches are for nothing at all."
)
TENT = (
    "The {name} sleeps two and weighs {weight} g. Its inner tent is 108 cm high, the poles are aluminium, and the "
    "flysheet has two doors. Pitch it with the poles first, and dry it before you pack it away for the winter."
)
RATES = (
    "Parcels to {country} are sent with the post every weekday before noon. Standard delivery costs {price} and "
    "express costs twice as much. Customs and duties in {country} are paid by whoever receives the parcel."
)


def candidate(title: str, text: str, *, year: int | None = None, document: str = "", section: str = "") -> Candidate:
    number = next(NUMBERS)
    updated = datetime(year, 1, 1, tzinfo=UTC) if year else None
    return Candidate(
        chunk_id=number,
        document_id=document or f"d{number}",
        title=title,
        section=section,
        url="",
        source="file",
        text=text,
        page=None,
        updated_at=updated,
        fused=1.0,
        lexical=1.0,
        cosine=1.0,
    )


def kept(*candidates: Candidate) -> list[Candidate]:
    return distinct(list(candidates))


def repairs(title: str, days: int, year: int | None = None) -> Candidate:
    return candidate(title, REPAIRS.format(days=days, price=days), year=year)


def test_copies_are_shown_once() -> None:
    assert len(kept(*(repairs("Repairs", 10) for _ in range(5)))) == 1


def test_the_newer_of_two_texts_of_one_title_stands_where_the_better_stood() -> None:
    old, new, other = repairs("Repairs", 20, 2024), repairs("Repairs", 10, 2026), candidate("Hire", "Canoes for hire.")
    assert kept(old, other, new) == [new, other]
    assert kept(new, other, old) == [new, other]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Returns 2024", "Returns 2025"),
        ("Returns (old)", "Returns"),
        ("Returns", "Returns (new)"),
        ("Returns v1", "Returns v2"),
        ("Returns v1.9", "Returns v1.10"),
        ("Returns – Version 2", "Returns – Version 3"),
        ("Returns January 2024", "Returns February 2025"),
        ("Returns 2024-05-01", "Returns 2025-01-31"),
        ("returns_2024", "returns_2025"),
        ("Returns, archived", "Returns"),
        ("Rückgabe (alt)", "Rückgabe"),
        ("Rückgabe Stand 1", "Rückgabe Stand 2"),
        ("Rückgabe März 2024", "Rückgabe März 2025"),
        ("Devoluciones (antiguo)", "Devoluciones"),
        ("Retours janvier 2024", "Retours février 2025"),
    ],
)
def test_an_older_version_is_not_shown_beside_the_newer(older: str, newer: str) -> None:
    """By its title where no date is known; where one is, that counts, whatever the titles say."""
    old, new = repairs(older, 20), repairs(newer, 10)
    assert kept(old, new) == kept(new, old) == [new]
    old, new = repairs(older, 20, 2026), repairs(newer, 10, 2024)
    assert kept(old, new) == kept(new, old) == [old]


def test_all_of_an_older_version_goes() -> None:
    other = candidate("Returns 2024", "Shoes that were worn outside can't be returned.", document="old")
    old = candidate("Returns 2024", REPAIRS.format(days=20, price=20), document="old")
    new = repairs("Returns 2026", 10)
    assert kept(other, old, new) == [new]


def test_versions_are_told_by_their_texts_too() -> None:
    one, other = repairs("Report 2024", 10), candidate("Report 2025", TENT.format(name="Storfjell", weight=1))
    assert kept(one, other) == [one, other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Storfjell 2", "Storfjell 3"),
        ("Ember 3", "Ember 4"),
        ("Polaris 400", "Polaris 600"),
        ("Storfjell", "Hulder"),
        ("Tent FL-MT-045", "Tent FL-MT-046"),
    ],
)
def test_two_products_are_two(one: str, other: str) -> None:
    first = candidate(one, TENT.format(name=one, weight=2400), year=2024)
    second = candidate(other, TENT.format(name=other, weight=2400), year=2026)
    assert kept(first, second) == [first, second]
    plain = [candidate(title, "Keep it dry, and wash it by hand alone.") for title in (one, other)]
    assert kept(*plain) == (plain if any(map(str.isdigit, one)) else plain[:1]), "a common text needs no second showing"


def test_the_tables_of_two_countries_are_two() -> None:
    rates = [("Norway", "14.95"), ("Germany", "10.25")]
    named = [
        candidate(f"Shipping to {country}", RATES.format(country=country, price=price)) for country, price in rates
    ]
    assert kept(*named) == named
    untitled = [candidate("Shipping rates", RATES.format(country=country, price=price)) for country, price in rates]
    assert kept(*untitled) == untitled
    same_price = [candidate("Shipping rates", RATES.format(country=country, price="9.90")) for country, _ in rates]
    assert kept(*same_price) == same_price
    one_page = [
        candidate("Shipping", RATES.format(country=country, price=price), document="d", section=country)
        for country, price in rates
    ]
    assert kept(*one_page) == one_page


def test_the_same_page_under_another_name_is_shown_once() -> None:
    assert len(kept(repairs("Repairs", 10), repairs("How we repair things – Shop", 10))) == 1


def test_nothing_is_no_duplicate() -> None:
    assert kept() == []
    empty = candidate("", "")
    assert kept(empty, candidate("", "x"))[0] == empty
