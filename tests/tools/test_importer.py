"""Orders from files: what is good comes in, what is bad is named by line."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Order, Site
from tools.importer import Fault, OrdersUnreadable, import_orders

from .test_woocommerce import order

HEADER = "number,email,status,placed_at,total,currency,shipping_method,items,tracking\n"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def as_json(path: Path, *orders: Any) -> Path:
    return write(path / "orders.json", "[\n" + ",\n".join(json.dumps(one) for one in orders) + "\n]\n")


def stored(session: Session) -> dict[str, Order]:
    session.expire_all()
    return {row.number: row for row in session.scalars(select(Order))}


def test_woocommerce_json_comes_in(session: Session, site: Site, tmp_path: Path) -> None:
    parcels = [{"carrier": "DHL", "number": "77"}]
    path = as_json(tmp_path, order("1", tracking=parcels), order("2"))
    assert import_orders(session, site.id, path).saved == 2
    row = stored(session)["1"]
    assert (row.email, row.status, row.total, row.currency) == ("ada@example.com", "completed", "119.90", "EUR")
    assert row.placed_at.isoformat() == "2026-10-05T08:15:00+00:00"
    assert row.items == [{"name": "Tent", "quantity": 2}]
    assert row.tracking == parcels
    assert stored(session)["2"].tracking == [{"carrier": "Posten", "number": "AB123"}]


def test_importing_again_replaces_and_doubles_nothing(session: Session, site: Site, tmp_path: Path) -> None:
    import_orders(session, site.id, as_json(tmp_path, order("1"), order("2")))
    import_orders(session, site.id, as_json(tmp_path, order("1", status="processing"), order("1", status="refunded")))
    assert {number: row.status for number, row in stored(session).items()} == {"1": "refunded", "2": "completed"}


def test_bad_rows_are_named_and_the_good_ones_go_on(session: Session, site: Site, tmp_path: Path) -> None:
    path = as_json(
        tmp_path,
        order("1"),
        {"number": "2"},
        "not an order",
        order("4", email=""),
        order("5", total="1e9"),
        order("6", date_created_gmt="yesterday"),
        order("7", line_items=[{"name": "x", "quantity": "many"}]),
        order("8\x00" + "8" * 50),
        order("9"),
    )
    result = import_orders(session, site.id, path)
    assert sorted(stored(session)) == ["1", "9"]
    assert result.saved == 2
    assert [fault.line for fault in result.faults] == [3, 4, 5, 6, 7, 8, 9]
    words = ["status", "order", "billing.email", "total", "date_created_gmt", "line_items.0.quantity", "number"]
    assert all(fault.reason.startswith(word) for fault, word in zip(result.faults, words, strict=True))


def test_json_that_breaks_off_keeps_what_came_before(session: Session, site: Site, tmp_path: Path) -> None:
    path = write(tmp_path / "o.json", "[\n" + json.dumps(order("1")) + ",\n" + json.dumps(order("2"))[:50])
    result = import_orders(session, site.id, path)
    assert (result.saved, result.faults) == (1, (Fault(3, "the JSON is broken from here on"),))


def test_csv_comes_in(session: Session, site: Site, tmp_path: Path) -> None:
    lines = HEADER + (
        '1,Ada@Example.com,completed,2026-10-05 08:15,119.90,EUR,Van,"2 x Tent, green; 1 x Peg","Posten: A1; DHL: B2"\n'
        "2,bob@example.com,processing,2026-10-06T09:00:00+02:00,5,NOK,,1 x Sock,\n"
    )
    result = import_orders(session, site.id, write(tmp_path / "o.csv", b"\xef\xbb\xbf" + lines.encode()))
    assert (result.saved, result.faults) == (2, ())
    first, second = stored(session)["1"], stored(session)["2"]
    assert first.email == "ada@example.com"
    assert first.items == [{"name": "Tent, green", "quantity": 2}, {"name": "Peg", "quantity": 1}]
    assert first.tracking == [{"carrier": "Posten", "number": "A1"}, {"carrier": "DHL", "number": "B2"}]
    assert second.placed_at.isoformat() == "2026-10-06T07:00:00+00:00"
    assert (second.shipping_method, second.tracking) == ("", [])


def test_bad_csv_rows_are_named_by_their_line(session: Session, site: Site, tmp_path: Path) -> None:
    lines = HEADER + (
        '1,ada@example.com,completed,2026-10-05,1,EUR,"two\nlines",1 x Tent,\n'
        "2,ada@example.com,completed,2026-10-05,1,EUR,,Tent,\n"
        "3,ada,completed,2026-10-05,1,EUR,,1 x Tent,\n"
        "4,ada@example.com,completed\n"
        "5,ada@example.com,completed,2026-10-05,1,EUR,,1 x Tent,,extra\n"
        "6,ada@example.com,completed,2026-10-05,1,EUR,,1 x Tent,\n"
    )
    result = import_orders(session, site.id, write(tmp_path / "o.csv", lines))
    assert sorted(stored(session)) == ["1", "6"]
    assert [fault.line for fault in result.faults] == [4, 5, 6, 7]


def test_csv_without_the_columns_says_which(session: Session, site: Site, tmp_path: Path) -> None:
    result = import_orders(session, site.id, write(tmp_path / "o.csv", "number,email,items\n1,a@b.cc,1 x T\n"))
    assert result.faults == (Fault(1, "columns are missing: currency, placed_at, status, total"),)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00binary", None], ids=repr)
def test_no_file_of_orders_at_all(session: Session, site: Site, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "o.json"
    if content is not None:
        write(path, content)
    with pytest.raises(OrdersUnreadable):
        import_orders(session, site.id, path)


def test_the_demo_shops_orders_come_in_whole(session: Session, site: Site) -> None:
    path = Path(__file__).parents[2] / "ops/demo/orders.json"
    result = import_orders(session, site.id, path)
    assert result.faults == ()
    assert result.saved == len(json.loads(path.read_text())) >= 50


def test_a_report_holds_no_personal_data(session: Session, site: Site, tmp_path: Path) -> None:
    result = import_orders(session, site.id, as_json(tmp_path, order("1", email="ada at example.com", total="x")))
    assert "ada" not in repr(result.faults)
