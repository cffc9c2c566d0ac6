"""A thread waits for a person once; a repeated request disturbs nobody."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Handoff, Site, Thread
from tests.conftest import make_site
from tools import handoff_human
from tools.handoffs import queue_handoff
from tools.tool import Caller, Output, ToolFailed

from .callers import seated, stranger

REQUEST = handoff_human.Request(reason="Wants a person.", transcript_excerpt="Get me a human")


def hand_off(caller: Caller) -> Output:
    return handoff_human.TOOL.perform(caller, REQUEST)


def status(session: Session, caller: Caller) -> str:
    return session.scalars(select(Thread.status).where(Thread.id == caller.thread_id)).one()


def test_the_thread_waits_in_the_queue(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    output = hand_off(caller)
    row = session.scalars(select(Handoff)).one()
    assert output.model_dump() == {"handoff_number": row.number, "status": "waiting"}
    assert (row.key, row.site_id, row.thread_id) == (caller.key, site.id, caller.thread_id)
    assert (row.reason, row.excerpt) == ("Wants a person.", "Get me a human")
    assert status(session, caller) == "waiting"


def test_a_thread_waits_once_whatever_the_key(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    assert hand_off(caller) == hand_off(caller) == hand_off(replace(caller, key="another:call"))
    assert len(session.scalars(select(Handoff)).all()) == 1


def test_other_threads_wait_beside_it(session: Session, site: Site) -> None:
    assert hand_off(seated(session, site.id)) != hand_off(seated(session, site.id))


def test_a_repeated_key_does_not_take_the_thread_from_its_person(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    first = hand_off(caller)
    thread = session.get_one(Thread, caller.thread_id, populate_existing=True)
    session.scalars(select(Handoff)).one().status = "claimed"
    thread.status = "person"
    session.flush()
    again = hand_off(caller)
    assert again.model_dump() == first.model_dump() | {"status": "claimed"}
    assert status(session, caller) == "person"


def test_after_one_is_closed_the_old_key_stays_closed_and_a_new_one_queues(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    first = hand_off(caller)
    row = session.scalars(select(Handoff)).one()
    row.status, row.closed_at = "resolved", datetime(2026, 11, 1, tzinfo=UTC)
    session.get_one(Thread, caller.thread_id, populate_existing=True).status = "bot"
    session.flush()
    assert hand_off(caller).model_dump() == first.model_dump() | {"status": "resolved"}
    assert status(session, caller) == "bot"
    assert hand_off(replace(caller, key="later:call")) != first
    assert status(session, caller) == "waiting"


def test_the_machine_queues_in_its_own_session_and_long_words_are_cut(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    row = queue_handoff(
        session, key="k", site_id=site.id, thread_id=caller.thread_id, reason="r\x00" * 600, excerpt="e" * 3000
    )
    assert (row.reason, row.excerpt) == ("r" * 500, "e" * 2000)


def test_a_thread_that_is_gone_is_a_plain_failure(session: Session, site: Site) -> None:
    with pytest.raises(ToolFailed, match="could not be put in the queue"):
        hand_off(stranger(site.id))


def test_eight_workers_at_once_queue_it_once(committed: object) -> None:
    with transaction() as session:
        make_site(session)
        caller = seated(session, "demo-test")
    callers = [replace(caller, key=f"call-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(hand_off, callers))
    assert all(output == outputs[0] for output in outputs)
    with transaction() as session:
        assert len(session.scalars(select(Handoff)).all()) == 1
