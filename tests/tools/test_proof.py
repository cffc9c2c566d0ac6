"""Proof that an order is the visitor's: spellings, limits under fire, refusals that are equal in each statement."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from core import bus
from core.embedded import Addresses
from core.models import Site
from tests.tools.test_get_order import ADA, BOB, ask, numbers, placed
from tools.address import normal, same, well_formed
from tools.attempts import WINDOW_SECONDS, may_try
from tools.get_order import TOOL, Wanted
from tools.tool import ArgumentsRefused

from .callers import stranger

ONE_AND_ANOTHER = [
    ("ada@example.com", "аda@example.com"),  # a Cyrillic а
    ("ada@example.com", "ada@exаmple.com"),
    ("ada@example.com", "ada+shop@example.com"),
    ("a.da@example.com", "ada@example.com"),
    ("strasse@example.com", "straße@example.com"),
    ("kim@example.com", "\u212aim@example.com"),  # the Kelvin sign, whose small letter is k
    ("iris@example.com", "İris@example.com"),
    ("iris@example.com", "ıris@example.com"),
    ("sam@example.com", "ſam@example.com"),  # a long s
    ("fi@example.com", "ﬁ@example.com"),  # a ligature
    ("ada@example.com", "ａda@example.com"),  # full width
    ("ada@example.com", "ada\u200b@example.com"),  # nothing visible
    ("ren\u00e9@example.com", "rene@example.com"),
    ("ada@example.com", "ada@example.co"),
    ("ada@example.com", "ada@example.com.evil.example"),
    ("ada@example.com", ""),
]


@pytest.mark.parametrize(("one", "another"), ONE_AND_ANOTHER)
def test_what_merely_looks_alike_is_another_address(one: str, another: str) -> None:
    assert not same(one, another)
    assert not same(one.upper(), another)


@pytest.mark.parametrize("spelling", ["ADA@EXAMPLE.COM", " ada@Example.com\n", "Ada@example.COM"])
def test_case_and_space_do_not_count(spelling: str) -> None:
    assert same(ADA, spelling)


def test_letters_of_other_scripts_have_a_case_too() -> None:
    assert same("Jürgen@example.de", "jÜrgen@example.de")
    assert normal(normal("İris@example.com")) == normal("İris@example.com"), "storing twice changes nothing"


@pytest.mark.parametrize("address", ["ada@example.com.", "ada@.example.com", "ada@example..com", "ada@exam ple.com"])
def test_a_trailing_dot_and_the_like_is_no_address(address: str) -> None:
    assert not well_formed(address)


@pytest.mark.parametrize("written", ["6", "#6", " #6 ", "# 6", "６", "٦", "#٦"])
def test_a_number_may_be_written_in_several_ways(written: str) -> None:
    assert Wanted(email=BOB, order_id=written).order_id == "6"


@pytest.mark.parametrize("written", ["6 or 1=1", "6\n7", "6;7", "%", "6\u200b", "½", "²", "", " ", "#", "6" * 41, "*"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ArgumentsRefused, match="order_id"):
        TOOL.parse(Wanted.model_construct(order_id=written).model_dump_json())


def test_numbers_that_look_alike_are_other_orders(session: Session, site: Site) -> None:
    session.add(placed(site.id, "6", BOB))
    session.flush()
    outcomes = {number: ask(stranger(site.id), BOB, number, limit=99).outcome for number in ("06", "6.0", "-6", "6_")}
    assert set(outcomes.values()) == {"not_found"}
    assert numbers(ask(stranger(site.id), BOB, "6", limit=99)) == ["6"]


def test_another_spelling_is_not_another_guess(session: Session, site: Site) -> None:
    caller = stranger(site.id)
    for email, number in ((BOB, "6"), (BOB.upper(), "#6"), (f" {BOB} ", "６")):
        assert ask(caller, email, number, limit=1).outcome == "not_found"
    assert ask(caller, BOB, "7", limit=1).outcome == "too_many_attempts"


def test_a_hundred_guesses_at_once_are_five(servers: Addresses) -> None:
    caller = stranger()
    with ThreadPoolExecutor(16) as threads:
        tried = list(
            threads.map(lambda n: may_try(caller, number=str(n), email=f"{n}@example.com", limit=5), range(100))
        )
    assert sum(tried) == 5
    bus.client().flushdb()


def test_what_is_counted_is_forgotten_and_says_nothing_in_the_clear(servers: Addresses) -> None:
    may_try(stranger(), number="4711", email=ADA, limit=5)
    client = bus.client()
    doors = [str(key) for key in client.keys("order:*")]
    assert len(doors) == 3
    assert all(0 < client.ttl(door) <= WINDOW_SECONDS for door in doors)
    stored = str(doors) + str([client.smembers(door) for door in doors])
    assert "4711" not in stored
    assert "ada" not in stored
    client.flushdb()


# ---- no oracle ----


@pytest.fixture
def busy_shop(session: Session, site: Site) -> Site:
    """A shop with two thousand orders of others, and order 6 of Bob's."""
    session.add_all(placed(site.id, str(number), f"u{number}@example.com") for number in range(1_000, 3_000))
    session.add(placed(site.id, "6", BOB))
    session.flush()
    return site


GUESSES: dict[str, tuple[str, str]] = {
    "somebody else's": (ADA, "6"),
    "nobody's": (ADA, "999999"),
    "of a customer who is known": ("u1000@example.com", "6"),
    "of nobody and nothing": ("nobody@example.com", "888888"),
}


def test_refusals_are_equal_to_the_byte_and_take_the_same_statements(session: Session, busy_shop: Site) -> None:
    answers, paths = set(), set()
    for email, number in GUESSES.values():
        said: list[str] = []

        def note(*args: object, said: list[str] = said) -> None:
            said.append(str(args[2]))

        event.listen(session.get_bind(), "before_cursor_execute", note)
        answers.add(ask(stranger(busy_shop.id), email, number, limit=10_000).model_dump_json())
        event.remove(session.get_bind(), "before_cursor_execute", note)
        paths.add("\n".join(statement for statement in said if "SAVEPOINT" not in statement))
    assert len(answers) == 1
    assert len(paths) == 1
