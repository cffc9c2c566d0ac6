"""Where orders come from: one seam, `OrderSource`, and the source that reads our own table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select

from core.log import get_logger
from core.models import Order
from tools.tool import Caller, ToolFailed
from tools.within import within

log = get_logger(__name__)

NEWEST = 3  # orders shown when no number is given


@dataclass(frozen=True)
class Item:
    """One line of an order."""

    name: str
    quantity: int


@dataclass(frozen=True)
class Parcel:
    """One parcel that is on its way."""

    carrier: str
    number: str


@dataclass(frozen=True)
class OrderRecord:
    """One order as a source knows it. `status` is the shop's own word; `total` is a decimal in `currency`."""

    number: str
    email: str
    status: str
    placed_at: datetime
    total: str
    currency: str
    shipping_method: str
    items: tuple[Item, ...]
    tracking: tuple[Parcel, ...]


class OrderSource(Protocol):
    """Finds orders by the e-mail address they were placed with."""

    def find(self, caller: Caller, *, email: str, number: str | None) -> tuple[OrderRecord, ...]:
        """The order `number` of `email`, or without a number the newest three. Raises ToolFailed.

        One question to the shop in every case, so that an answer takes as long whether or not an order exists.
        """


class OrdersTable:
    """The orders that were imported or mirrored."""

    def find(self, caller: Caller, *, email: str, number: str | None) -> tuple[OrderRecord, ...]:
        """See OrderSource."""
        query = (
            select(Order)
            .where(Order.site_id == caller.site_id, Order.email == email)
            .order_by(Order.placed_at.desc(), Order.number.desc())
            .limit(NEWEST)
        )
        if number is not None:
            query = query.where(Order.number == number)
        with within(caller, "The order database does not answer at the moment.") as session:
            rows = session.scalars(query).all()
        try:
            return tuple(_record(row) for row in rows)
        except (KeyError, TypeError) as error:
            log.warning("order_unreadable", site_id=caller.site_id)
            raise ToolFailed("The order database gave an answer that can't be read.", again=False) from error


def _record(row: Order) -> OrderRecord:
    return OrderRecord(
        number=row.number,
        email=row.email,
        status=row.status,
        placed_at=row.placed_at,
        total=row.total,
        currency=row.currency,
        shipping_method=row.shipping_method,
        items=tuple(Item(item["name"], item["quantity"]) for item in row.items),
        tracking=tuple(Parcel(parcel["carrier"], parcel["number"]) for parcel in row.tracking),
    )
