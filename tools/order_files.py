"""Splits a file of orders into rows with their line numbers: a JSON list, or CSV."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# items: "2 x Wool sock; 1 x Tent peg". tracking: "Posten: AB123; DHL: 77".
COLUMNS = ("number", "email", "status", "placed_at", "total", "currency", "shipping_method", "items", "tracking")
NEEDED = set(COLUMNS) - {"shipping_method", "tracking"}


class Unusable(ValueError):
    """A row is not an order; the message says why."""


@dataclass(frozen=True)
class Row:
    """One order in WooCommerce's shape, from `line` on; or why there is none."""

    line: int
    order: Any = None
    fault: str = ""


def json_rows(text: str) -> Iterator[Row]:
    """The elements of a JSON list. Where the text breaks off, the last row says so: the rest can't be read."""
    decoder = json.JSONDecoder()
    at, line, counted = text.index("[") + 1, 1, 0
    while True:
        at = _skip(text, at)
        line, counted = line + text.count("\n", counted, at), at
        if text.startswith("]", at):
            return
        try:
            order, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            yield Row(line, fault="the JSON is broken from here on")
            return
        yield Row(line, order)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def csv_rows(text: str) -> Iterator[Row]:
    """The rows of a CSV file with a header. Without the needed columns there is one row, which says so."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if missing := NEEDED - set(reader.fieldnames or ()):
            yield Row(1, fault=f"columns are missing: {', '.join(sorted(missing))}")
            return
        line = reader.line_num + 1
        for cells in reader:
            yield _csv_row(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        yield Row(reader.line_num, fault=f"the CSV is broken from here on: {error}")


def _csv_row(line: int, cells: dict[str | None, Any]) -> Row:
    if None in cells or None in cells.values():
        return Row(line, fault="the number of cells differs from the header's")
    try:
        return Row(line, _in_shop_shape(cells))
    except Unusable as error:
        return Row(line, fault=str(error))


def _in_shop_shape(cells: dict[Any, str]) -> dict[str, Any]:
    method = cells.get("shipping_method", "")
    return {
        "number": cells["number"],
        "status": cells["status"],
        "currency": cells["currency"],
        "date_created_gmt": cells["placed_at"],
        "total": cells["total"],
        "billing": {"email": cells["email"]},
        "line_items": [_item(part) for part in _parts(cells["items"])],
        "shipping_lines": [{"method_title": method}] if method else [],
        "tracking": [_parcel(part) for part in _parts(cells.get("tracking", ""))],
    }


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _item(text: str) -> dict[str, str]:
    quantity, by, name = text.partition(" x ")
    if not by or not quantity.strip().isdecimal():
        raise Unusable('items: write each as "2 x Name", with ";" between them')
    return {"quantity": quantity.strip(), "name": name.strip()}


def _parcel(text: str) -> dict[str, str]:
    carrier, _, number = text.rpartition(":")
    return {"carrier": carrier.strip(), "number": number.strip()}
