"""The tool `get_order`: the visitor's own orders, after proof that they are theirs."""

import re
import unicodedata
from datetime import date
from inspect import cleandoc
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.privacy.tokens import TOKEN
from core.settings import Settings, get_settings
from tools.address import ToldAddress, normal, same
from tools.attempts import may_try
from tools.fitted import shortened
from tools.orders import NEWEST, Item, OrderRecord, OrderSource, OrdersTable, Parcel
from tools.tool import Arguments, Caller, Output, Tool
from tools.woocommerce import shop

NUMBER = re.compile(r"[\w./-]{1,40}", re.ASCII)
NAME_MAX = 200
MOST_LINES = 40  # of an order, and as many parcels: the rest is a number

# WooCommerce's words are for shopkeepers.
STATUSES = {
    "pending": "waiting for payment",
    "processing": "paid, being prepared",
    "on-hold": "on hold until the payment is confirmed",
    "completed": "completed",
    "cancelled": "cancelled",
    "refunded": "refunded",
    "failed": "the payment failed",
}

NOTES = {
    "found": "",
    "not_found": (
        "No such order was found for this visitor. Ask them to check the order number and the e-mail address they "
        "ordered with."
    ),
    "proof_needed": "Ask the visitor for the order number and the e-mail address they ordered with: both are needed.",
    "too_many_attempts": "Too many attempts for now. Offer the visitor a ticket or a person instead.",
}


def _number(text: str) -> str:
    """The number as shops write it: digits of other scripts are the same digits."""
    bare = "".join(str(unicodedata.decimal(char, char)) for char in text).removeprefix("#").strip()
    if (stands := TOKEN.fullmatch(bare)) and stands[1] != "email":  # a number may have been taken for a telephone's
        return bare
    if not NUMBER.fullmatch(bare):
        raise ValueError("is not an order number")
    return bare


class Wanted(Arguments):
    """Which order. Both may be null: a signed-in visitor then gets the newest ones."""

    email: ToldAddress | None = Field(None, description="The e-mail address the visitor says they ordered with.")
    order_id: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_number)] | None = Field(
        None, description="The order number as the visitor wrote it."
    )


class OrderLine(Output):
    """One product of an order."""

    name: str
    quantity: int


class Tracking(Output):
    """One parcel."""

    carrier: str
    number: str


class ShownOrder(Output):
    """One order as the visitor may see it; no address, no payment data."""

    number: str
    status: str
    placed_at: date
    items: Annotated[tuple[OrderLine, ...], Field(max_length=MOST_LINES)]
    items_left_out: int = 0
    total: str
    currency: str
    shipping_method: str
    tracking: Annotated[tuple[Tracking, ...], Field(max_length=MOST_LINES)]


class OrderAnswer(Output):
    """What was found. `note` tells the brain what to do where there is no order to show."""

    outcome: Literal["found", "not_found", "proof_needed", "too_many_attempts"]
    orders: Annotated[tuple[ShownOrder, ...], Field(max_length=NEWEST)] = ()
    note: str = ""


def look_up(caller: Caller, wanted: Wanted, source: OrderSource, settings: Settings) -> OrderAnswer:
    """The visitor's orders in `source`. A missing order and somebody else's are the same answer on the same path.

    A signed-in visitor is who the session says, whatever address stands in the arguments. Raises ToolFailed.
    """
    if caller.verified_email:
        return _answer(source, caller, normal(caller.verified_email), wanted.order_id)
    email = wanted.email or normal(caller.contact_email or "")
    if not (email and wanted.order_id):
        return _empty("proof_needed")
    if not may_try(caller, number=wanted.order_id, email=email, limit=settings.order_attempts_per_hour):
        return _empty("too_many_attempts")
    return _answer(source, caller, email, wanted.order_id)


def _answer(source: OrderSource, caller: Caller, email: str, number: str | None) -> OrderAnswer:
    # Compared again here: a source that hands out somebody else's order must not become a leak.
    records = [
        record
        for record in source.find(caller, email=email, number=number)
        if same(record.email, email) and number in (None, record.number)
    ]
    if not records:
        return _empty("not_found")
    return OrderAnswer(outcome="found", orders=tuple(_shown(record) for record in records[:NEWEST]))


def _empty(outcome: Literal["not_found", "proof_needed", "too_many_attempts"]) -> OrderAnswer:
    return OrderAnswer(outcome=outcome, note=NOTES[outcome])


def _shown(record: OrderRecord) -> ShownOrder:
    return ShownOrder(
        number=record.number,
        status=STATUSES.get(record.status, record.status.replace("-", " ")),
        placed_at=record.placed_at.date(),
        items=tuple(_line(item) for item in record.items[:MOST_LINES]),
        items_left_out=max(0, len(record.items) - MOST_LINES),
        total=record.total,
        currency=record.currency,
        shipping_method=shortened(record.shipping_method, NAME_MAX),
        tracking=tuple(_parcel(parcel) for parcel in record.tracking[:MOST_LINES]),
    )


def _line(item: Item) -> OrderLine:
    return OrderLine(name=shortened(item.name, NAME_MAX), quantity=item.quantity)


def _parcel(parcel: Parcel) -> Tracking:
    return Tracking(carrier=shortened(parcel.carrier, NAME_MAX), number=shortened(parcel.number, NAME_MAX))


def run(caller: Caller, wanted: Wanted) -> OrderAnswer:
    """Look up the visitor's own order: status, products, total, shipping and tracking.

    Use it for questions about an order that was placed. Unless the visitor is signed in, it needs the order number
    and the e-mail address of the order, both as the visitor gave them; never guess either. Pass null for what is
    not known.
    """
    settings = get_settings()
    # The shop's own records where it has an API, else our table.
    source: OrderSource = shop(settings) if settings.woocommerce_url else OrdersTable()
    return look_up(caller, wanted, source, settings)


TOOL = Tool(
    "get_order",
    cleandoc(run.__doc__ or ""),
    Wanted,
    OrderAnswer,
    "reads",
    run,
    opens=("email", "order_id"),
    personal={"orders.number": "order"},
)
