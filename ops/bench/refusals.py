"""Do refusals of `get_order` tell by their time whether the order is somebody else's, or nobody's?"""

import statistics
import time
from datetime import UTC, datetime
from uuid import uuid4

import typer
from sqlalchemy import insert

from core import bus
from core.db import transaction
from core.models import Order, Site
from core.settings import get_settings
from tools.get_order import Wanted, look_up
from tools.orders import OrdersTable
from tools.tool import Caller

SITE, CUSTOMER, STRANGER = "refusals", "u1000@example.com", "nobody@example.com"
NUMBERS = range(1_000, 3_000)  # of orders that others have placed, each at an address of its own
GUESSES = {
    "somebody else's, asked by a customer": (CUSTOMER, "2000"),
    "nobody's, asked by a customer": (CUSTOMER, "999999"),
    "somebody else's, asked by a stranger": (STRANGER, "2000"),
    "nobody's, asked by a stranger": (STRANGER, "999999"),
}


def run_refusals(rounds: int) -> None:
    """Print the median of each kind of guess, asked in turn, and its ratio to the quickest."""
    _fill()
    times: dict[str, list[float]] = {name: [] for name in GUESSES}
    for _ in range(rounds):
        for name, (email, number) in GUESSES.items():
            times[name].append(_seconds(email, number))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        typer.echo(f"{name:40}{value * 1000:7.3f} ms{value / min(medians.values()):7.2f} ×")


def _seconds(email: str, number: str) -> float:
    turn = uuid4()
    caller = Caller(SITE, "widget", uuid4(), uuid4(), turn, f"{turn}:c1")
    bus.client().flushdb()  # else the attempts would soon be used up
    began = time.perf_counter()
    assert look_up(caller, Wanted(email=email, order_id=number), OrdersTable(), get_settings()).outcome == "not_found"
    return time.perf_counter() - began


def _fill() -> None:
    order = {"site_id": SITE, "status": "completed", "placed_at": datetime.now(UTC), "total": "49.00"}
    order |= {"currency": "EUR", "items": [], "tracking": []}
    rows = [order | {"number": str(number), "email": f"u{number}@example.com"} for number in NUMBERS]
    with transaction() as session:
        session.add(Site(id=SITE, name="Refusals", api_key_hash="0" * 64, tools=["get_order"]))
        session.flush()
        session.execute(insert(Order), rows)
