"""What events lead to: the newest about each thing counts, in order, and a poison one holds nobody else up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, true
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.models import Document, Order, Site, WebhookEvent
from web.webhooks import acts
from web.webhooks.carrying import ATTEMPTS, carry_out, revive

REST = "https://shop.example/wp-json/wp/v2/pages/42"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def came(session: Session, action: str, *, minute: int = 0, subject: str = "page:42", **data: Any) -> WebhookEvent:
    """An event as the gateway stores it."""
    row = WebhookEvent(
        site_id="demo-test",
        source="wordpress",
        event_id=f"{action}-{subject}-{minute}",
        body_hash="0" * 64,
        subject=subject,
        action=action,
        data=data or {"rest_url": REST, "link": "https://shop.example/returns"},
        occurred_at=NOON + timedelta(minutes=minute),
    )
    session.add(row)
    session.flush()
    return row


def states(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(WebhookEvent.state).order_by(WebhookEvent.position)))


@pytest.fixture
def shop(session: Session, site: Site) -> Site:
    site.wordpress_url = "https://shop.example"
    session.flush()
    return site


def documents(session: Session) -> list[tuple[str, str]]:
    session.expire_all()
    return [(row.locator, row.state) for row in session.scalars(select(Document).order_by(Document.locator))]


def test_a_published_page_is_to_be_read_from_the_site(session: Session, shop: Site) -> None:
    came(session, "post.published")
    assert carry_out() == 1
    document = session.scalars(select(Document)).one()
    assert (document.source, document.locator, document.address) == ("wordpress", "wordpress:page:42", REST)
    assert (document.url, document.state) == ("https://shop.example/returns", "queued")
    assert document.due_at is not None


@pytest.mark.parametrize("action", ["post.trashed", "post.unpublished", "post.deleted"])
def test_what_is_taken_off_the_site_stops_answering_with_the_event(session: Session, shop: Site, action: str) -> None:
    came(session, "post.published")
    carry_out()
    came(session, action, minute=1)
    assert carry_out() == 1
    assert documents(session) == [("wordpress:page:42", "removed")]


def test_an_older_event_that_comes_late_undoes_nothing(session: Session, shop: Site) -> None:
    came(session, "post.trashed", minute=5)
    carry_out()
    came(session, "post.updated", minute=3)
    assert carry_out() == 1
    assert states(session) == ["done", "ignored"]
    assert documents(session) == []


def test_of_many_that_wait_only_the_newest_is_carried_out(session: Session, shop: Site) -> None:
    for minute in range(20):
        came(session, "post.updated", minute=minute)
    assert carry_out() == 20
    assert states(session) == ["ignored"] * 19 + ["done"]


def test_a_post_elsewhere_is_not_read_whoever_signed_for_it(session: Session, shop: Site) -> None:
    event = came(session, "post.published", rest_url="https://evil.example/x", link="https://shop.example/")
    carry_out()
    session.refresh(event)
    assert event.state == "dead"
    assert "evil.example" in event.reason
    assert documents(session) == []


def test_a_file_keeps_its_name_when_its_address_changes(session: Session, shop: Site) -> None:
    for minute, name in enumerate(["a.pdf", "b.pdf"]):
        url = f"https://shop.example/{name}"
        came(session, "media.added", subject="attachment:7", minute=minute, file_url=url, title="Sizes")
        carry_out()
    document = session.scalars(select(Document)).one()
    assert (document.address, document.title) == ("https://shop.example/b.pdf", "Sizes")


def test_a_poison_event_is_tried_again_then_dead_while_the_others_flow(
    session: Session, shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> str:
        raise ZeroDivisionError

    def be_away(*_: Any) -> str:
        raise Unavailable

    monkeypatch.setitem(acts.ACTS, "post.updated", break_down)
    monkeypatch.setitem(acts.ACTS, "media.updated", be_away)
    poison = came(session, "post.updated")
    away = came(session, "media.updated", subject="attachment:7", minute=1)
    behind = came(session, "post.trashed", minute=-1)
    other = came(session, "post.published", subject="page:7", minute=2)
    for _ in range(ATTEMPTS):
        carry_out()
        for event in (poison, away):
            session.refresh(event)
            event.due_at = NOON - timedelta(days=1)
        session.flush()
    for event in (poison, away, behind, other):
        session.refresh(event)
    assert (poison.state, away.state, other.state) == ("dead", "dead", "done")
    assert poison.attempts == ATTEMPTS
    assert "log" in poison.reason
    monkeypatch.undo()
    assert revive(session, true()) == 2
    carry_out()
    assert set(states(session)) <= {"done", "ignored", "dead"}


def test_orders_are_kept_and_forgotten(session: Session, shop: Site) -> None:
    order = {
        "number": "10231",
        "status": "processing",
        "currency": "EUR",
        "total": "10.00",
        "date_created_gmt": "2026-11-01T10:00:00",
        "billing": {"email": "ada@example.com"},
        "line_items": [{"name": "Tent", "quantity": 1}],
        "shipping_lines": [],
    }
    came(session, "order.updated", subject="order:10231", order=order)
    assert carry_out() == 1
    assert session.scalars(select(Order.status)).one() == "processing", states(session)
    came(session, "order.updated", subject="order:10231", minute=1, order={"number": "10231"})
    carry_out()
    assert states(session)[-1] == "dead"
    came(session, "order.deleted", subject="order:10231", minute=2)
    carry_out()
    assert session.scalars(select(Order)).all() == []


def test_an_order_is_forgotten_under_its_number_and_not_under_its_id(session: Session, shop: Site) -> None:
    """A shop that counts its orders in its own way: the id of one may be the number of another."""

    def told(action: str, order_id: int, minute: int, **data: Any) -> list[str]:
        came(session, action, subject=f"order:{order_id}", minute=minute, **data)
        carry_out()
        return list(session.scalars(select(Order.number).order_by(Order.number)))

    whole: dict[str, Any] = {
        "status": "completed",
        "currency": "EUR",
        "total": "10.00",
        "date_created_gmt": "2026-11-01T10:00:00",
    }
    whole |= {"billing": {"email": "ada@example.com"}, "line_items": [], "shipping_lines": []}
    for minute, number in enumerate(("8", "9", "10")):
        told("order.updated", minute + 7, minute, order=whole | {"number": number})
    assert told("order.deleted", 8, 5, number="9") == ["10", "8"], "by the number that is said"
    assert told("order.deleted", 7, 6, data="") == ["10"], "or by the number that was told of it last"
    assert told("order.deleted", 10, 7, data="") == ["10"], "its id was never told: it is nobody's number"
    assert told("order.deleted", 11, 8, number={"$": 1}) == ["10"]


def test_every_event_that_is_taken_leads_somewhere() -> None:
    from web.webhooks.wordpress import EVENTS

    assert set(acts.ACTS) == EVENTS
