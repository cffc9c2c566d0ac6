"""A visitor's data is deleted whole, at whatever moment that is asked, and nothing of it comes back."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, text

from brain.client import Ask, Reply, ToolCall, Usage
from core import bus, db
from core.models import AuditEntry, Feedback, Outgoing, Site, Spend, Thread, Turn, Visitor, metadata
from orchestrator import budget, inbox
from orchestrator.case import Case, lock_case
from orchestrator.erasing import erase
from orchestrator.leaving import leave_message
from orchestrator.tasks import sweep
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE
from tests.orchestrator.test_budget import HELLO, with_prices
from tests.orchestrator.test_turn import ANSWER, SEARCH, Hand, Play, play_with, shop
from tools.catalog import TOOLS
from tools.tool import Arguments, Caller, Output

__all__ = ["shop"]

TICKET = Reply(
    calls=(ToolCall("t", "create_ticket", '{"email": "eve@x.example", "subject": "Help", "body": "Help me"}'),),
    usage=Usage(1_000, 100),
)
KEPT = {
    "sites",
    "spend",
    "audit_log",
    "embedding_models",
    "worker_beats",
    "ticks",
    "erasures",
}  # nothing that a visitor said


@dataclass
class Acting:
    """A brain that does something before it replies."""

    replies: list[Reply]
    act: Callable[[], None] = lambda: None
    at: int = 0  # before which reply
    asked: list[Ask] = field(default_factory=list)
    name: str = "priced"

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Act where that is due, then reply."""
        if len(self.asked) == self.at:
            self.act()
        self.asked.append(ask)
        on_text("Something is said. ")
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


def gone(play: Play) -> None:
    """Delete the visitor's data, as the endpoint does."""
    with db.transaction() as session:
        thread = session.get_one(Thread, play.thread)
        erase(session, SITE, thread.visitor_id)


def rows() -> dict[str, int]:
    """Table → rows, where there are any, but for what is no visitor's."""
    with db.transaction() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
        }
    return {name: found for name, found in counts.items() if found and name not in KEPT}


def test_everything_hangs_on_the_conversation() -> None:
    """A table that names a visitor, a thread, or what belongs to one, goes with it; or `erase` names it."""
    parents = {"visitors", "threads", "turns", "messages", "tickets", "handoffs"}
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name in {f"{name.rstrip('s')}_id" for name in parents} and table.name != Outgoing.__tablename__:
                assert [key.ondelete for key in column.foreign_keys] == ["CASCADE"], f"{table.name}.{column.name}"


def test_all_is_deleted_and_a_receipt_stays_that_says_nothing(shop: Site) -> None:
    with db.transaction() as session:
        session.get_one(Site, shop.id).notices_url = "https://shop.example/notices"
    play = play_with((Acting([TICKET, HELLO]),))
    play.say("I am eve@x.example")
    answer = play.answer()
    with db.transaction() as session:
        thread = session.get_one(Thread, play.thread)
        visitor_id = thread.visitor_id
        session.add(Feedback(message_id=answer.id, thumbs="down", tags=["wrong"]))
        leave_message(session, thread, name="Eve", email="eve@x.example", question="Call me", client_msg_id="1")
        inbox.call_person(session, thread, "please")
        inbox.open_thread(session, SITE, "web", visitor=session.get_one(Visitor, visitor_id))
    with db.transaction() as session:
        other = inbox.open_thread(session, SITE, "web")
        inbox.accept(session, other, "I am somebody else", "1")
    before = rows()
    assert {"messages", "tickets", "handoffs", "feedback", "turn_events", "tool_runs", "outbox"} <= set(before)
    with db.transaction() as session:
        receipt, _ = erase(session, SITE, visitor_id)
    with db.transaction() as session:
        again, _ = erase(session, SITE, visitor_id)
        entry = session.scalars(select(AuditEntry)).one()
    assert again == receipt
    assert entry.subject == f"erasure:{receipt}"
    assert entry.details["threads"] == 2
    assert {"threads", "messages", "tickets"} <= set(entry.details)
    assert all(isinstance(count, int) and count > 0 for count in entry.details.values())
    after = rows()
    assert (after["visitors"], after["threads"], after["messages"]) == (1, 1, 1), "the other visitor's"
    assert set(after) <= {"visitors", "threads", "messages", "turns", "turn_events"}


def test_of_another_site_nothing_is_deleted(shop: Site) -> None:
    play = play_with((Acting([HELLO]),))
    play.say("Hello")
    with db.transaction() as session:
        visitor_id = session.get_one(Thread, play.thread).visitor_id
        assert not erase(session, "another-site", visitor_id)[1].visitors
    assert rows()["messages"] == 1


@pytest.mark.parametrize(
    ("replies", "at"),
    [([HELLO], 0), ([SEARCH, ANSWER], 0), ([SEARCH, ANSWER], 1), ([TICKET, HELLO], 0), ([TICKET, HELLO], 1)],
)
def test_a_running_turn_writes_nothing_more(shop: Site, replies: list[Reply], at: int) -> None:
    """Deleted while a model thinks, before and after a tool: the worker stops, money that was held is counted."""
    play = play_with((), (Hand().tool(), *(tool for tool in TOOLS if tool.name != "search_kb")))
    brain = Acting(replies, lambda: gone(play), at)
    play = Play(play.thread, World(with_prices(), (brain,), play.world.tools))
    play.say("I am eve@x.example")
    take_turn(play.thread, play.world)
    sweep()
    assert rows() == {}
    assert len(brain.asked) == at + 1
    assert bus.client().exists(bus.stream_key(play.thread)) == 0
    with db.transaction() as session:
        assert {row.held_micro for row in session.scalars(select(Spend))} == {0}
        assert all(row.spent_micro > 0 for row in session.scalars(select(Spend)))


def test_deleted_while_a_tool_runs(shop: Site) -> None:
    play, tool = play_with(()), Hand().tool()

    def run(caller: Caller, arguments: Arguments) -> Output:
        gone(play)
        return tool.run(caller, arguments)

    play.say("I am eve@x.example")
    take_turn(play.thread, World(with_prices(), (Acting([SEARCH, ANSWER]),), (replace(tool, run=run),)))
    assert rows() == {}


def test_settling_and_deleting_never_wait_for_each_other(shop: Site) -> None:
    """Both take the thread first: whoever settles waits there, and holds nothing that the deletion needs."""
    play = play_with(())
    brain = Acting([HELLO])
    play = Play(play.thread, World(with_prices(), (brain,), play.world.tools))
    settling = ThreadPoolExecutor(1)

    def waits() -> object:
        with db.transaction() as session:  # each one sees the others as they were when it began
            return session.scalar(
                text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'")
            )

    def delete_while_another_settles() -> None:
        with db.transaction() as session:
            case = lock_case(session, play.thread)
            assert case is not None
            turn_id = session.scalars(select(Turn.id)).one()
            other = settling.submit(settle_alone, case, turn_id)
            assert eventually(waits)
            session.execute(delete(Visitor))
        other.result(timeout=30)

    brain.act = delete_while_another_settles
    play.say("Hello")
    take_turn(play.thread, play.world)
    assert rows() == {}


def settle_alone(case: Case, turn_id: UUID) -> None:
    """As a worker does when its turn has ended."""
    with db.transaction() as session:
        budget.settle(session, case, turn_id)


def eventually(holds: Callable[[], object]) -> bool:
    """Whether it came to hold within ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until and not holds():
        time.sleep(0.02)
    return bool(holds())
