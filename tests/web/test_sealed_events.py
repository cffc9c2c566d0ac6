"""What other systems tell, at rest: sealed as it comes, carried out all the same, and found when it must be erased."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from core.db import transaction
from core.embedded import Addresses
from core.models import Order, WebhookEvent
from core.sealing.rotating import rotate
from orchestrator.erasing import erase_address
from tests.conftest import SITE, make_site
from tests.orchestrator.shops import order
from tests.sealing import K1, K2, keys
from web.webhooks.carrying import carry_out
from web.webhooks.received import Received, Stored
from web.webhooks.storing import storing, write

MAIL = "quixotl@shop.example"
ROWS = text("SELECT row_to_json(each)::text || coalesce(encode(body, 'escape'), '') FROM webhook_events AS each")


@pytest.fixture
def shop(committed: Addresses) -> Iterator[None]:
    """A site, and one key."""
    with keys(K1):
        with transaction() as session:
            make_site(session)
        yield


def tell(number: str, mail: str, action: str = "order.updated", **data: object) -> None:
    told = {"order": order(number, mail, id=int(number))} if action == "order.updated" else data
    body = json.dumps({"data": told}).encode()
    one = Received("wordpress", SITE, f"{action}{number}", f"order:{number}", action, datetime.now(UTC), told, body)
    with storing() as session:
        write(session, [one])
        assert write(session, [one])[0] == Stored(one.id, known=False)


def at_rest() -> str:
    with transaction() as session:
        return "\n".join(session.scalars(ROWS))


def test_an_order_is_kept_from_an_event_that_nobody_can_read(shop: None) -> None:
    tell("42", MAIL)
    assert "quixotl" not in at_rest()
    assert "Vesper" not in at_rest()
    assert carry_out() == 1
    with transaction() as session:
        assert session.scalars(select(Order.email)).one() == MAIL, "it is looked up by its address"
        event = session.scalars(select(WebhookEvent)).one()
        assert event.data["order"]["number"] == "42"
        assert json.loads(event.body or b"") == {"data": event.data}


def test_an_order_that_is_gone_is_found_by_the_number_that_was_told_before(shop: None) -> None:
    tell("42", MAIL)
    carry_out()
    tell("42", MAIL, "order.deleted")
    assert carry_out() == 1
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_an_address_is_erased_from_what_is_sealed_and_other_events_stay(shop: None) -> None:
    for number, mail in (("1", MAIL.title()), ("2", "bo@shop.example")):
        tell(number, mail)
    carry_out()
    with transaction() as session:
        assert erase_address(session, SITE, MAIL).events == 1
    with transaction() as session:
        left = session.scalars(select(WebhookEvent).order_by(WebhookEvent.position)).all()
        assert [(bool(event.data), event.body is None) for event in left] == [(False, True), (True, False)]


def test_bodies_are_sealed_anew_with_the_rest(shop: None) -> None:
    tell("42", MAIL)
    with keys(K2, K1):
        assert rotate().done == 2, "what was understood, and the body as it came"
    with keys(K2), transaction() as session:
        event = session.scalars(select(WebhookEvent)).one()
        assert json.loads(event.body or b"") == {"data": event.data}


@pytest.mark.parametrize("given", [(K1,), ("plain", K1)])
def test_a_body_that_is_no_text_comes_back_as_it_came(committed: Addresses, given: tuple[str, ...]) -> None:
    raw = bytes(range(256))
    with transaction() as session:
        make_site(session)
    one = Received("wordpress", SITE, "e-1", "page:1", "post.updated", datetime.now(UTC), {}, raw)
    with keys(*given), storing() as session:
        write(session, [one])
    for after in (given, (K2, K1)):
        with keys(*after):
            rotate()
            with transaction() as session:
                assert session.scalars(select(WebhookEvent.body)).one() == raw
