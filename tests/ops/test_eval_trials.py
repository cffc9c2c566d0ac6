"""Trials on a live site: the same path as visitors', and nobody hears of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import bus
from core.db import transaction
from core.embedded import Addresses
from core.models import Handoff, Message, Outgoing, Site, Thread, Ticket, Turn, Visitor
from core.settings import get_settings
from ops.evals.golden import Case, read_case
from ops.evals.run_form import Result
from ops.evals.visit import Stage, play
from orchestrator import inbox
from orchestrator.cases import tickets
from orchestrator.journal import open_turn_of
from orchestrator.overdue import left_alone
from orchestrator.tasks import sweep
from orchestrator.world import World
from tests.conftest import SITE, make_site
from tools.catalog import TOOLS
from web.desk import day, finding, waiting

TICKET = '{"email": "ann@example.com", "subject": "Broken stove", "body": "It leaks.", "priority": "high"}'
REPLIES = {
    "create_ticket": Reply(calls=(ToolCall("1", "create_ticket", TICKET),)),
    "handoff_human": Reply(calls=(ToolCall("1", "handoff_human", '{"reason": "upset", "transcript_excerpt": ""}'),)),
}
DONE = Reply(text="Thank you, somebody will write to you.", intent=Intent.SMALLTALK)

WORDS = "My stove leaks. Write to ann@example.com."


def case(**expect: Any) -> Case:
    return read_case({"id": "a", "tags": ["t"], "say": [WORDS], "expect": expect})


def world(tool: str) -> World:
    return World(get_settings(), (Scripted([REPLIES[tool], DONE]),), TOOLS, sleep=lambda _: None)


@pytest.fixture
def told(committed: Addresses) -> None:
    """A site that tells everybody of everything. Turns are taken for real: a lease is held by a thread of its own."""
    with transaction() as session:
        site = make_site(session)
        site.slack_channel, site.notices_url, site.mail_from = "C1", "https://n.example/", "shop@example.com"
        site.ticket_mail_to, site.helpdesk = "staff@example.com", {"kind": "zendesk"}


def count(table: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def listening() -> Iterator[list[Any]]:
    """What the live desk hears meanwhile."""
    heard: list[Any] = []
    with bus.client().pubsub(ignore_subscribe_messages=True) as ear:  # type: ignore[no-untyped-call]
        ear.psubscribe("*desk*")
        ear.get_message(timeout=0.1)
        yield heard
        while message := ear.get_message(timeout=0.1):
            heard.append(message)


def played(tool: str, *, keep: bool = True, **expect: Any) -> Result:
    return play(Stage(SITE, world(tool), keep=keep), case(**expect))


def test_a_ticket_is_judged_by_what_stands_in_the_database(told: None) -> None:
    wanted = {"name": "create_ticket", "arguments": {"priority": "high"}, "ok": True}
    state = {"status": "bot", "tickets": [{"email": "ann@example.com", "says": "leaks"}], "handoffs": []}
    result = played("create_ticket", outcome="ticketed", tools=[wanted], state=state)
    assert result.faults == ()
    assert result.passed
    assert (result.replay, result.measures["state"], result.measures["tool_arguments"]) == ("same", 1.0, 1.0)


def test_what_is_otherwise_in_the_database_is_a_fault(told: None) -> None:
    result = played("create_ticket", state={"status": "waiting", "tickets": [], "handoffs": [{}]})
    assert [fault.split(",")[0] for fault in result.faults] == [
        "the conversation is with bot",
        "1 tickets stand in the database",
        "0 handoffs stand in the database",
    ]


@pytest.mark.parametrize("tool", REPLIES)
def test_nobody_is_told_of_a_trial(told: None, tool: str) -> None:
    with listening() as heard:
        played(tool)
    assert heard == []
    assert count(Outgoing) == 0


@pytest.mark.parametrize("tool", REPLIES)
def test_without_the_mark_everybody_would_be(told: None, tool: str) -> None:
    """The same conversation of a visitor: so the test before does not pass by chance."""
    from orchestrator.turn import take_turn

    with listening() as heard:
        with transaction() as session:
            thread = inbox.open_thread(session, SITE, "web")
            inbox.accept(session, thread, WORDS, "m1")
            thread_id = thread.id
        take_turn(thread_id, world(tool))
    assert heard != []
    assert count(Outgoing) != 0


@pytest.mark.parametrize("tool", REPLIES)
def test_staff_see_nothing_of_a_trial(told: None, tool: str) -> None:
    played(tool)
    assert (count(Ticket), count(Handoff)) == (tool == "create_ticket", tool == "handoff_human")
    with transaction() as session:
        assert tickets(session) == []
        seen = waiting.queue(session, get_settings(), [SITE], "me")
        assert (seen.waiting, seen.counts.waiting) == ((), 0)
        assert finding.find(session, [SITE], finding.Wanted()) == []
        figures = day.figures(session, [SITE], datetime.now(UTC).date())
        assert (figures.asked, figures.threads.count, figures.handoffs.opened, figures.tickets.opened) == (0, 0, 0, 0)
        assert left_alone(session, get_settings()) == []


def test_no_worker_is_rung_for_a_trial(told: None) -> None:
    with transaction() as session:
        thread = inbox.open_thread(session, SITE, "web", trial=True)
        for n in range(2):
            inbox.accept(session, thread, "hello", f"m{n}")
        thread_id = thread.id
        session.execute(update(Turn).values(created_at=func.now() - timedelta(minutes=1)))
        assert not session.info.get("jobs")
    assert sweep() == []
    with transaction() as session:
        turn = open_turn_of(session, thread_id)
    assert turn is not None
    assert turn.trial


@pytest.mark.parametrize("mode", ["live", "review", "shadow"])
def test_a_trial_is_answered_as_live_whatever_the_mode(told: None, mode: str) -> None:
    with transaction() as session:
        session.get_one(Site, SITE).mode = mode
    assert played("create_ticket").outcome == "ticketed"


def test_a_trial_is_erased_after_it_was_judged(told: None) -> None:
    result = played("create_ticket", keep=False)
    assert isinstance(result.turn_id, UUID)
    assert [count(table) for table in (Thread, Turn, Ticket, Message, Visitor)] == [0] * 5
