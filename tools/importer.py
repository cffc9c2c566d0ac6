"""Reads orders from a file into the orders table: bad rows are reported, the good ones go on."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import BadRequest
from core.models import Order
from tools.address import well_formed
from tools.order_files import Row, Unusable, csv_rows, json_rows
from tools.orders import OrderRecord
from tools.shop_order import ShopOrder

FILE_MAX_BYTES = 100 * 1024 * 1024
REPLACED = ("email", "status", "placed_at", "total", "currency", "shipping_method", "items", "tracking")


class OrdersUnreadable(BadRequest):
    """The file holds no orders: give a JSON list of WooCommerce orders, or CSV with a header, in UTF-8."""


class OrderUnusable(BadRequest):
    """The order lacks what is needed to answer for it."""


@dataclass(frozen=True)
class Fault:
    """A row that was left out. `line` counts from 1."""

    line: int
    reason: str


@dataclass(frozen=True)
class Imported:
    """How many orders are in the table now that came from the file, and what was left out."""

    saved: int
    faults: tuple[Fault, ...]


def import_orders(session: Session, site_id: str, path: Path) -> Imported:
    """Insert or replace the orders of `path` for a site; the last of equal numbers counts.

    JSON is a list of orders as WooCommerce's REST API writes them, with `tracking: [{carrier, number}]` beside;
    CSV has the columns of `order_files.COLUMNS`. Raises OrdersUnreadable where the file is neither.
    """
    orders: dict[str, OrderRecord] = {}
    faults: list[Fault] = []
    for row in _rows(path):
        try:
            record = _record(row)
        except Unusable as error:
            faults.append(Fault(row.line, str(error)))
        else:
            orders[record.number] = record
    if orders:
        _save(session, site_id, orders.values())
    return Imported(len(orders), tuple(faults))


def keep_order(session: Session, site_id: str, order: dict[str, Any]) -> None:
    """Insert or replace one order as WooCommerce's REST API writes it. Raises OrderUnusable."""
    try:
        record = _record(Row(1, order))
    except Unusable as error:
        raise OrderUnusable(f"The order can't be kept: {error}.") from error
    _save(session, site_id, [record])


def forget_order(session: Session, site_id: str, number: str) -> bool:
    """Take an order out; False where there is none."""
    gone = delete(Order).where(Order.site_id == site_id, Order.number == number).returning(Order.number)
    return session.scalar(gone) is not None


def _rows(path: Path) -> Iterator[Row]:
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            raise OrdersUnreadable("The file is too large: split it into parts below 100 MB.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OrdersUnreadable from error
    if not text.strip():
        raise OrdersUnreadable("The file is empty.")
    return json_rows(text) if text.lstrip().startswith("[") else csv_rows(text)


def _record(row: Row) -> OrderRecord:
    if row.fault:
        raise Unusable(row.fault)
    try:
        record = ShopOrder.model_validate(row.order).record()
    except ValidationError as error:
        raise Unusable(_plainly(error)) from error
    if not well_formed(record.email):
        raise Unusable("billing.email: is not an e-mail address")
    return record


def _plainly(error: ValidationError) -> str:
    # Without the values: reports are logged, orders are personal.
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'order'}: {first['msg']}"


def _save(session: Session, site_id: str, orders: Any) -> None:
    statement = insert(Order)
    statement = statement.on_conflict_do_update(
        index_elements=["site_id", "number"], set_={name: statement.excluded[name] for name in REPLACED}
    )
    session.execute(statement, [{"site_id": site_id, **asdict(order)} for order in orders])
