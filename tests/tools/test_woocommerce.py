"""The shop's REST API, faked at the wire: good answers, bad answers, none."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from core.deadline import Deadline
from core.errors import SettingsRefused
from tools.orders import Item, Parcel
from tools.tool import ToolFailed
from tools.woocommerce import BODY_MAX_BYTES, WooCommerce, connect

from .callers import stranger

ADA = "ada@example.com"


def order(number: str = "1042", email: str = "Ada@Example.com", **changed: Any) -> dict[str, Any]:
    """An order as the API writes it."""
    return {
        "number": number,
        "status": "completed",
        "currency": "EUR",
        "date_created_gmt": "2026-10-05T08:15:00",
        "total": "119.90",
        "billing": {"email": email},
        "line_items": [{"id": 1, "name": "Tent", "quantity": 2, "sku": "T-1", "total": "100.00", "meta_data": []}],
        "shipping_lines": [{"method_title": "Home delivery", "total": "9.90"}],
        "meta_data": [
            {"id": 7, "key": "_other", "value": {"a": 1}},
            {
                "id": 8,
                "key": "_wc_shipment_tracking_items",
                "value": [{"tracking_provider": "Posten", "tracking_number": "AB123", "date_shipped": "1790000000"}],
            },
        ],
    } | changed


def answering(reply: Callable[[httpx2.Request], httpx2.Response]) -> WooCommerce:
    return connect("https://shop.example/sub/", "ck_1", "cs_2", transport=httpx2.MockTransport(reply))


def with_orders(*orders: dict[str, Any]) -> WooCommerce:
    return answering(lambda _: httpx2.Response(200, json=list(orders)))


def test_an_order_is_read_as_it_is_written() -> None:
    (found,) = with_orders(order()).find(stranger(), email=ADA, number="1042")
    assert (found.number, found.email, found.status) == ("1042", ADA, "completed")
    assert found.placed_at == datetime(2026, 10, 5, 8, 15, tzinfo=UTC)
    assert (found.total, found.currency, found.shipping_method) == ("119.90", "EUR", "Home delivery")
    assert found.items == (Item("Tent", 2),)
    assert found.tracking == (Parcel("Posten", "AB123"),)


def test_the_request_carries_the_key_but_never_the_order_number() -> None:
    """The same bytes go out for an order that exists and for one that does not."""
    seen: list[httpx2.Request] = []

    def reply(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=[order()])

    shop = answering(reply)
    assert shop.find(stranger(), email=ADA, number="1042")
    assert not shop.find(stranger(), email=ADA, number="9999")
    assert seen[0].url == seen[1].url
    assert seen[0].url.path == "/sub/wp-json/wc/v3/orders"
    assert seen[0].url.params["search"] == ADA
    assert "1042" not in str(seen[0].url)
    assert seen[0].headers["authorization"] == "Basic " + b64encode(b"ck_1:cs_2").decode()


def test_without_a_number_the_newest_three_come() -> None:
    found = with_orders(*(order(str(number)) for number in (9, 8, 7, 6))).find(stranger(), email=ADA, number=None)
    assert [record.number for record in found] == ["9", "8", "7"]


def test_somebody_elses_order_is_dropped() -> None:
    """WooCommerce's search is loose, and a broken service may send anything."""
    shop = with_orders(
        order("1", email="ada@example.com.evil.example"), order("2", email=""), order("3", email="x@y.zz")
    )
    assert shop.find(stranger(), email=ADA, number=None) == ()
    assert shop.find(stranger(), email=ADA, number="1") == ()


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "trash"])
def test_a_cart_is_no_order(status: str) -> None:
    assert with_orders(order(status=status)).find(stranger(), email=ADA, number=None) == ()


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(500, text="Fatal error: secret stack trace"),
        httpx2.Response(401, json={"code": "woocommerce_rest_cannot_view", "message": "ck_1"}),
        httpx2.Response(302, headers={"location": "https://elsewhere.example/"}),
        httpx2.Response(200, html="<html><h1>Maintenance</h1></html>"),
        httpx2.Response(200, text=""),
        httpx2.Response(200, json={"code": "error"}),
        httpx2.Response(200, json=[{"number": "1"}]),
        httpx2.Response(200, json=[order(total="<b>1</b>")]),
        httpx2.Response(200, text="[" * 100_000),
        httpx2.Response(200, content=b"[" + b" " * (BODY_MAX_BYTES + 1) + b"]"),
        httpx2.Response(200, stream=httpx2.ByteStream(b"not gzip"), headers={"content-encoding": "gzip"}),
    ],
    ids=lambda response: str(response.status_code),
)
def test_a_bad_answer_is_one_plain_sentence(response: httpx2.Response) -> None:
    with pytest.raises(ToolFailed, match=r"^The shop's order service [a-z' ]+\.$"):
        answering(lambda _: response).find(stranger(), email=ADA, number="1")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx2.ReadTimeout("slow"), "took too long"),
        (httpx2.ConnectTimeout("slow"), "took too long"),
        (httpx2.ConnectError("refused"), "can't be reached"),
        (httpx2.RemoteProtocolError("cut off"), "can't be reached"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_answer_is_one_plain_sentence(error: Exception, words: str) -> None:
    def reply(_: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(ToolFailed, match=words):
        answering(reply).find(stranger(), email=ADA, number="1")


class Dripping(httpx2.SyncByteStream):
    """A body that never ends, in pieces that each come in time."""

    def __iter__(self) -> Iterator[bytes]:
        """One space after another."""
        while True:
            yield b" "


def test_a_service_that_drips_is_cut_off_at_the_deadline() -> None:
    seconds = iter(range(1000))
    shop = answering(lambda _: httpx2.Response(200, stream=Dripping()))
    caller = replace(stranger(), deadline=Deadline(3.0, clock=lambda: float(next(seconds))))
    with pytest.raises(ToolFailed, match="took too long"):
        shop.find(caller, email=ADA, number="1")
    assert next(seconds) < 10


def test_the_callers_deadline_is_the_requests_timeout() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=[order(f"{request.extensions['timeout']['read']:.1f}")])

    (found,) = answering(reply).find(stranger(), email=ADA, number=None)
    assert found.number == "3.0"


def test_the_key_does_not_travel_in_the_clear() -> None:
    with pytest.raises(SettingsRefused, match="https"):
        connect("http://shop.example", "ck", "cs")
    assert connect("http://127.0.0.1:8000", "ck", "cs")


def test_amounts_keep_their_cents() -> None:
    body = json.dumps([order(total="120.00")])
    (found,) = answering(lambda _: httpx2.Response(200, text=body)).find(stranger(), email=ADA, number=None)
    assert found.total == "120.00"
