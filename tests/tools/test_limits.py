"""A tool's time is its time, and its output is checked: late, broken and huge answers are refused in plain words."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from sqlalchemy import func, select, text

from core import db
from core.deadline import in_force
from core.embedded import Addresses
from core.models import Ticket
from core.settings import get_settings
from kb.search.hybrid import Snippet
from tests.conftest import SITE, make_site
from tools import create_ticket, search_kb
from tools.get_order import MOST_LINES, Wanted, look_up
from tools.orders import Item, OrderRecord, OrdersTable, Parcel
from tools.tool import OUTPUT_MAX_CHARS, Arguments, Caller, Output, Tool, ToolFailed, ToolLate
from tools.within import within

from .callers import seated, stranger

ADA = "ada@example.com"
CASE = create_ticket.Case(email=ADA, subject="Broken pole", body="It snapped.", priority="high")
SLACK = 4.0  # machines are busy; what is waited for without a limit takes 30 s


class Nothing(Arguments):
    """No arguments."""


class Answer(Output):
    """A number and a text."""

    number: int
    text: str = ""


def tool(run: Callable[[Caller, Nothing], Output], kind: Literal["reads", "writes"] = "reads") -> Tool:
    return Tool("probe", "Try.", Nothing, Answer, kind, run)


def in_a_hurry(seconds: float = 0.2) -> Caller:
    return replace(stranger(), deadline_s=seconds)


# ---- time ----


@pytest.mark.parametrize(("kind", "again"), [("reads", False), ("writes", True)])
def test_a_late_answer_does_not_count(kind: Literal["reads", "writes"], *, again: bool) -> None:
    """What writes is tried again: the same key finds what was written. For what reads the turn has no time left."""

    def slow(caller: Caller, _: Nothing) -> Answer:
        time.sleep(0.06)
        return Answer(number=1)

    with pytest.raises(ToolLate, match=r"^probe took too long\.$") as late:
        tool(slow, kind).perform(in_a_hurry(0.05), Nothing())
    assert late.value.again is again


def test_the_clock_starts_when_the_tool_does() -> None:
    caller = in_a_hurry(0.05)
    time.sleep(0.06)
    assert tool(lambda *_: Answer(number=1)).perform(caller, Nothing()) == Answer(number=1)


def test_a_failure_after_the_time_is_lateness_whatever_it_says() -> None:
    def slow(caller: Caller, _: Nothing) -> Answer:
        time.sleep(0.06)
        raise ToolFailed("Something else.")

    with pytest.raises(ToolLate):
        tool(slow).perform(in_a_hurry(0.05), Nothing())


def test_the_deadline_is_in_force_while_the_tool_runs_and_no_longer() -> None:
    seen: list[object] = []

    def look(caller: Caller, _: Nothing) -> Answer:
        seen.append(in_force() is caller.deadline)
        return Answer(number=1)

    tool(look).perform(stranger(), Nothing())
    assert (seen, in_force()) == ([True], None)


def statements(servers: Addresses) -> int:
    """Statements of this process that the server works on or holds open, but for this question itself."""
    watching = db.make_engine(servers.database_url, pool=1, app="watching")
    busy = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'handrail' AND state <> 'idle'")
    with watching.connect() as connection:
        found = int(connection.scalar(busy) or 0)
    watching.dispose()
    return found


@contextmanager
def nothing_left(servers: Addresses) -> Iterator[None]:
    """After the block no statement runs, no thread is left, no connection is lent, and the next user's work is fine."""
    before = threading.active_count()
    yield
    assert statements(servers) == 0
    assert threading.active_count() <= before
    with db.new_session() as session:
        pool = session.get_bind().pool  # type: ignore[union-attr]
        assert pool.checkedout() == 0  # type: ignore[union-attr]
        assert session.scalar(text("SELECT 1")) == 1


def ends(caller: Caller, work: str) -> float:
    """Run a statement as a tool does; how long it took to fail."""

    def run(caller: Caller, _: Nothing) -> Answer:
        with within(caller, "The database does not answer.") as session:
            session.execute(text(work))
        return Answer(number=1)

    began = time.monotonic()
    with pytest.raises(ToolLate):
        tool(run).perform(caller, Nothing())
    return time.monotonic() - began


def test_a_long_statement_is_over_on_the_server_too(committed: Addresses) -> None:
    with nothing_left(committed):
        assert ends(in_a_hurry(), "SELECT pg_sleep(30)") < SLACK


def test_many_short_statements_share_the_time(committed: Addresses) -> None:
    """The server's own limit is for each statement: ours is for all."""

    def run(caller: Caller, _: Nothing) -> Answer:
        with within(caller, "The database does not answer.") as session:
            for _again in range(100):
                session.execute(text("SELECT pg_sleep(0.1)"))
        return Answer(number=1)

    began = time.monotonic()
    with nothing_left(committed), pytest.raises(ToolLate):
        tool(run).perform(in_a_hurry(0.35), Nothing())
    assert time.monotonic() - began < 0.35 + SLACK


def test_a_statement_that_forbids_the_servers_own_limit_is_cancelled(committed: Addresses) -> None:
    with nothing_left(committed):
        assert ends(in_a_hurry(), "SET LOCAL statement_timeout = 0; SELECT pg_sleep(30)") < SLACK


def test_waiting_for_a_lock_is_over_on_the_server_too(committed: Addresses) -> None:
    holding = db.make_engine(committed.database_url, pool=1, app="holding")
    with holding.begin() as connection:
        connection.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
        with nothing_left(committed):
            assert ends(in_a_hurry(), "SELECT * FROM orders") < SLACK
    holding.dispose()


def test_waiting_for_a_connection_ends(committed: Addresses) -> None:
    db.configure(db.make_engine(committed.database_url, pool=1))
    with db.transaction() as taken:
        taken.execute(text("SELECT 1"))
        assert ends(in_a_hurry(), "SELECT 1") < SLACK
    with nothing_left(committed):
        pass
    db.dispose()


def test_what_was_written_late_is_rolled_back(committed: Addresses) -> None:
    with db.transaction() as session:
        make_site(session)
        caller = replace(seated(session, SITE), deadline_s=0.1)

    def run(caller: Caller, _: Nothing) -> Answer:
        with within(caller, "The database does not answer.") as session:
            session.execute(text("UPDATE threads SET owner = 'nobody'"))
            time.sleep(0.15)
        return Answer(number=1)

    with pytest.raises(ToolLate):
        tool(run, "writes").perform(caller, Nothing())
    with db.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM threads WHERE owner = 'nobody'")) == 0


def test_a_ticket_that_was_written_but_told_late_is_found_by_its_key(committed: Addresses) -> None:
    with db.transaction() as session:
        make_site(session)
        caller = seated(session, SITE)

    def slow(caller: Caller, case: create_ticket.Case) -> Output:
        opened = create_ticket.run(caller, case)
        time.sleep(caller.until.left() + 0.01)
        return opened

    real = create_ticket.TOOL
    with pytest.raises(ToolLate) as late:
        replace(real, run=slow).perform(replace(caller, deadline_s=0.5), CASE)
    assert late.value.again
    again = real.perform(caller, CASE)
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
        assert again.model_dump()["ticket_number"] == session.scalars(select(Ticket.number)).one()


# ---- what comes out ----


def made(**fields: object) -> Output:
    """An answer that nobody has checked."""
    return Answer.model_construct(None, **fields)  # type: ignore[arg-type]


def unusable(output: object) -> str:
    with pytest.raises(ToolFailed) as refused:
        tool(lambda *_: output).perform(stranger(), Nothing())  # type: ignore[arg-type]
    assert not refused.value.again
    return refused.value.detail


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        {"number": 1},
        made(number="1"),
        made(number=1.5),
        made(text="no number"),
        made(number=1, text=None),
    ],
    ids=repr,
)
def test_what_breaks_the_schema_is_refused(output: object) -> None:
    assert unusable(output) == "probe gave an answer that can't be used."


def test_what_is_too_large_is_refused() -> None:
    assert unusable(Answer(number=1, text="x" * OUTPUT_MAX_CHARS)) == "probe gave an answer that is too large."
    assert unusable(Answer(number=1, text="x" * 10_000_000)) == "probe gave an answer that is too large."


def test_text_that_no_column_holds_becomes_storable() -> None:
    output = tool(lambda *_: Answer.model_construct(number=1, text="a\x00b\ud800c")).perform(stranger(), Nothing())
    assert output == Answer(number=1, text="abc")


def test_a_passage_of_ten_megabytes_is_cut_and_an_endless_address_left_out() -> None:
    huge = Snippet("c1", "d", "t" * 10_000, "s" * 10_000, "/" + "u" * 10_000, "file", "x " * 5_000_000, None, 0.5, None)
    shown = search_kb._passage(huge)
    assert len(shown.text) <= search_kb.TEXT_MAX
    assert huge.text.startswith(shown.text)  # a slice, to be quoted from
    assert len(shown.title) == len(shown.section) == search_kb.TITLE_MAX
    assert shown.url == ""


def test_eight_of_the_longest_passages_fit() -> None:
    text = '"' * search_kb.TEXT_MAX  # twice as long in JSON
    places = tuple((n, n, "a" * 40) for n in range(search_kb.TEXT_MAX))
    passage = search_kb._passage(Snippet("c1", "d", "t", "s", "/u", "file", text, None, 0.5, None, 0, places))
    assert passage.places == places[: len(passage.places)]
    whole = search_kb.Passages(snippets=(passage,) * 8, answerable=0.5)
    assert search_kb.TOOL._checked(whole) == whole


class Generous:
    """A source with an order of ten thousand lines, each with a name of a thousand characters."""

    def find(self, caller: Caller, *, email: str, number: str | None) -> tuple[OrderRecord, ...]:
        """See OrderSource."""
        lines, parcels = (Item("n" * 1_000, 1),) * 10_000, (Parcel("c" * 1_000, "1" * 1_000),) * 10_000
        placed = datetime(2026, 10, 1, tzinfo=UTC)
        return (OrderRecord("1", email, "completed", placed, "1", "EUR", "m" * 1_000, lines, parcels),) * 10_000


def test_orders_without_end_are_cut(servers: Addresses) -> None:
    caller = stranger(verified=ADA)
    answer = look_up(caller, Wanted(), Generous(), get_settings())
    assert len(answer.orders) == 3
    (first, *_) = answer.orders
    assert (len(first.items), first.items_left_out) == (MOST_LINES, 10_000 - MOST_LINES)
    assert len(first.tracking) == MOST_LINES
    assert len(answer.model_dump_json()) <= OUTPUT_MAX_CHARS


def test_a_row_that_is_no_order_is_one_plain_sentence(committed: Addresses) -> None:
    from tests.tools.test_get_order import placed

    with db.transaction() as session:
        make_site(session)
        session.add(placed(SITE, "1", ADA, items=[{"title": "no name"}]))
    with pytest.raises(ToolFailed, match=r"^The order database gave an answer that can't be read\.$"):
        OrdersTable().find(stranger(verified=ADA), email=ADA, number=None)
