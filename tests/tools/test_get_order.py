"""Whose order may be seen: the proof, its limits, and that a refusal tells nothing."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.models import Order, Site
from core.settings import Settings, get_settings
from tests.conftest import make_site
from tools.get_order import OrderAnswer, Wanted, look_up
from tools.orders import OrderRecord, OrdersTable
from tools.tool import Caller, ToolFailed

from .callers import stranger

ADA, BOB = "ada@example.com", "bob@example.com"
PLACED = datetime(2026, 10, 1, 23, 30, tzinfo=UTC)


def placed(site_id: str, number: str, email: str, **changed: object) -> Order:
    row = {
        "site_id": site_id,
        "number": number,
        "email": email,
        "status": "on-hold",
        "placed_at": PLACED + timedelta(hours=int(number)),
        "total": "49.00",
        "currency": "EUR",
        "shipping_method": "Pick-up point",
        "items": [{"name": "Tent", "quantity": 1}],
        "tracking": [{"carrier": "Posten", "number": "AB1"}],
    }
    return Order(**(row | changed))


@pytest.fixture
def shop(session: Session, site: Site) -> Site:
    """Five orders of Ada's, one of Bob's, and one of Ada's on another site."""
    session.add_all([placed(site.id, number, ADA) for number in ("1", "2", "3", "4", "5")])
    session.add(placed(site.id, "6", BOB))
    other = make_site(session, "another")
    session.add(placed(other.id, "7", ADA))
    session.flush()
    return site


def ask(caller: Caller, email: str | None = None, number: str | None = None, limit: int = 5) -> OrderAnswer:
    settings = get_settings().model_copy(update={"order_attempts_per_hour": limit})
    return look_up(caller, Wanted(email=email, order_id=number), OrdersTable(), settings)


def numbers(answer: OrderAnswer) -> list[str]:
    return [order.number for order in answer.orders]


@pytest.mark.parametrize(
    ("verified", "email", "number", "outcome", "seen"),
    [
        # A stranger proves with both, and with nothing less.
        (None, ADA, "1", "found", ["1"]),
        (None, "  ADA@Example.com ", "#1", "found", ["1"]),
        (None, BOB, "1", "not_found", []),
        (None, ADA, "6", "not_found", []),
        (None, ADA, "999", "not_found", []),
        (None, ADA, "7", "not_found", []),
        (None, ADA, None, "proof_needed", []),
        (None, None, "1", "proof_needed", []),
        (None, None, None, "proof_needed", []),
        # A signed-in visitor is who the session says.
        (ADA, None, None, "found", ["5", "4", "3"]),
        ("Ada@Example.COM", None, "2", "found", ["2"]),
        (ADA, BOB, None, "found", ["5", "4", "3"]),
        (ADA, BOB, "6", "not_found", []),
        (ADA, None, "6", "not_found", []),
        (ADA, None, "999", "not_found", []),
        (ADA, None, "7", "not_found", []),
        ("nobody@example.com", ADA, "1", "not_found", []),
        ("nobody@example.com", ADA, None, "not_found", []),
    ],
)
def test_proof(  # noqa: PLR0917 - a table's columns
    shop: Site, verified: str | None, email: str | None, number: str | None, outcome: str, seen: list[str]
) -> None:
    answer = ask(stranger(shop.id, verified=verified), email, number)
    assert (answer.outcome, numbers(answer)) == (outcome, seen)


def test_what_is_shown_of_an_order(shop: Site) -> None:
    (order,) = ask(stranger(shop.id), ADA, "1").model_dump(mode="json")["orders"]
    assert order == {
        "number": "1",
        "status": "on hold until the payment is confirmed",
        "placed_at": "2026-10-02",
        "items": [{"name": "Tent", "quantity": 1}],
        "items_left_out": 0,
        "total": "49.00",
        "currency": "EUR",
        "shipping_method": "Pick-up point",
        "tracking": [{"carrier": "Posten", "number": "AB1"}],
    }


def test_a_status_of_a_plugins_own_is_shown_in_words(session: Session, shop: Site) -> None:
    session.add(placed(shop.id, "8", BOB, status="out-for-delivery"))
    session.flush()
    assert ask(stranger(shop.id), BOB, "8").orders[0].status == "out for delivery"


def test_a_told_address_counts_as_the_visitors_word(shop: Site) -> None:
    told = stranger(shop.id, told="Ada@example.com")
    assert numbers(ask(told, None, "1")) == ["1"]
    assert ask(told).outcome == "proof_needed"


def test_no_such_order_and_not_yours_are_the_same_answer(shop: Site) -> None:
    """Byte for byte, signed in or not."""
    answers = {
        ask(stranger(shop.id, verified=verified), email, number).model_dump_json()
        for verified in (None, BOB)
        for email, number in ((BOB, "1"), (BOB, "999"), (BOB, "7"), ("nobody@example.com", "1"))
    }
    assert len(answers) == 1


class Counting(OrdersTable):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def find(self, caller: Caller, *, email: str, number: str | None) -> tuple[OrderRecord, ...]:
        """See OrderSource."""
        self.asked.append((email, number))
        return super().find(caller, email=email, number=number)


def test_every_refusal_asks_the_source_once(shop: Site) -> None:
    """The same path: nothing is decided before the source is asked, and it is not asked twice."""
    source = Counting()
    for number in ("1", "6", "999"):
        look_up(stranger(shop.id), Wanted(email=ADA, order_id=number), source, get_settings())
    assert source.asked == [(ADA, "1"), (ADA, "6"), (ADA, "999")]


class Careless:
    """A source that hands out somebody else's order, whatever it is asked."""

    def find(self, caller: Caller, *, email: str, number: str | None) -> tuple[OrderRecord, ...]:
        """See OrderSource."""
        del caller, email, number
        return (OrderRecord("6", BOB, "completed", PLACED, "1", "EUR", "", (), ()),)


@pytest.mark.parametrize(("verified", "number"), [(None, "6"), (ADA, "6"), (ADA, None), (BOB, "5")])
def test_a_careless_source_leaks_nothing(shop: Site, verified: str | None, number: str | None) -> None:
    caller = stranger(shop.id, verified=verified)
    assert look_up(caller, Wanted(email=ADA, order_id=number), Careless(), get_settings()).outcome == "not_found"


def test_one_visitor_may_try_five_different_guesses_an_hour(shop: Site) -> None:
    caller = stranger(shop.id)
    outcomes = [ask(caller, ADA, str(number)).outcome for number in range(101, 107)]
    assert outcomes == ["not_found"] * 5 + ["too_many_attempts"]
    assert ask(caller, ADA, "1").outcome == "too_many_attempts"
    assert ask(caller, ADA, "106").outcome == "too_many_attempts", "a refused guess stays refused"
    assert ask(stranger(shop.id), BOB, "6").outcome == "found", "another visitor is not concerned"


def test_asking_again_about_the_same_order_costs_nothing(shop: Site) -> None:
    caller = stranger(shop.id)
    assert {ask(caller, ADA, "1", limit=1).outcome for _ in range(10)} == {"found"}
    assert ask(caller, ADA, "2", limit=1).outcome == "too_many_attempts"
    assert ask(caller, ADA, "1", limit=1).outcome == "found"


def test_new_sessions_do_not_help_against_one_order_number(shop: Site) -> None:
    guesses = [ask(stranger(shop.id), f"guess{turn}@example.com", "1").outcome for turn in range(6)]
    assert guesses == ["not_found"] * 5 + ["too_many_attempts"]


def test_new_sessions_do_not_help_with_one_address(shop: Site) -> None:
    guesses = [ask(stranger(shop.id), ADA, str(number)).outcome for number in range(101, 107)]
    assert guesses == ["not_found"] * 5 + ["too_many_attempts"]


def test_the_limit_does_not_tell_whether_the_order_exists(shop: Site) -> None:
    def run(number: str) -> list[str]:
        return [ask(stranger(shop.id), f"g{turn}@example.com", number).model_dump_json() for turn in range(7)]

    assert run("6") == run("999")


def test_another_sites_limits_are_its_own(shop: Site) -> None:
    for turn in range(6):
        ask(stranger(shop.id), f"g{turn}@example.com", "7")
    assert ask(stranger("another"), ADA, "7").outcome == "found"


def test_a_signed_in_visitor_is_not_limited(shop: Site) -> None:
    caller = stranger(shop.id, verified=ADA)
    assert [ask(caller, None, str(number), limit=1).outcome for number in range(1, 8)] == ["found"] * 5 + [
        "not_found"
    ] * 2


def test_without_redis_nobody_proves_anything(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/redis.sock?db=0")
    get_settings.cache_clear()
    try:
        with pytest.raises(ToolFailed, match=r"^Orders can't be looked up at the moment\.$"):
            ask(stranger(shop.id), ADA, "1")
        assert ask(stranger(shop.id, verified=ADA), None, "1").outcome == "found"
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_a_locked_table_is_given_up_at_the_deadline(committed: object) -> None:
    """The statement itself ends, not only our waiting for it."""
    from sqlalchemy import text

    from core.db import transaction

    hurried = replace(stranger(verified=ADA), deadline_s=0.2)
    with transaction() as blocking:
        blocking.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        with pytest.raises(ToolFailed, match="order database"):
            look_up(hurried, Wanted(), OrdersTable(), Settings())
        assert time.monotonic() - began < 1.5
