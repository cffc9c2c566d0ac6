"""For how long what is kept: old conversations go, those that people work on stay, and nobody's new words are lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core import db
from core.errors import BadRequest
from core.models import (
    AuditEntry,
    Erasure,
    EvidenceRecord,
    Handoff,
    Message,
    Outgoing,
    Site,
    Thread,
    Ticket,
    Turn,
    Visitor,
    WebhookEvent,
)
from core.settings import Settings, get_settings
from orchestrator import inbox, retention
from tests.conftest import SITE, make_site
from web.scheduler import schedule

DAY = timedelta(days=1)


@pytest.fixture
def shop(committed: object) -> Site:
    """A site that keeps conversations for thirty days."""
    with db.transaction() as session:
        site = make_site(session)
        site.retention = {"conversations": 30}
        return site


def talked(
    session: Session, days: float, *, site: str = SITE, words: str = "Hello", began: float | None = None
) -> Thread:
    """A conversation whose last words were so many days ago."""
    thread = inbox.open_thread(session, site, "web")
    thread.created_at = datetime.now(UTC) - DAY * (days if began is None else began)
    session.get_one(Visitor, thread.visitor_id).created_at = thread.created_at
    session.add(
        Message(thread_id=thread.id, role="visitor", content="Hello", created_at=datetime.now(UTC) - DAY * days)
    )
    session.flush()
    return thread


def threads() -> set[UUID]:
    with db.transaction() as session:
        return set(session.scalars(select(Thread.id)))


def count(table: Any) -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_conversations_go_so_long_after_their_last_words(shop: Site) -> None:
    with db.transaction() as session:
        talked(session, 31)
        young = talked(session, 29).id
        revived = talked(session, 2, began=400).id
    assert retention.keep(get_settings()) == {SITE: {"conversations": 1}}
    assert threads() == {young, revived}
    assert count(Visitor) == 2, "of whom no conversation is left, nothing is"
    assert retention.keep(get_settings()) == {SITE: {}}
    with db.transaction() as session:
        line = session.scalars(select(AuditEntry)).one()
    assert (line.actor, line.action, line.site_id) == ("retention", "data.expired", SITE)
    assert line.details == {"conversations": 1}
    assert count(Erasure) == 0, "nobody asked for a receipt"


def test_a_site_that_says_nothing_keeps_what_the_settings_say(committed: object) -> None:
    with db.transaction() as session:
        make_site(session)
        make_site(session, "other").retention = {"conversations": 0}
        talked(session, 400)
        kept = talked(session, 400, site="other").id
    retention.keep(get_settings())
    assert len(threads()) == 2, "for ever, unless somebody says something else"
    retention.keep(Settings.model_validate({"retention_conversations_days": 90}))
    assert threads() == {kept}


def test_what_people_still_work_on_is_held_until_that_is_over(shop: Site) -> None:
    with db.transaction() as session:
        ticket, handoff, person, turn = (talked(session, 99) for _ in range(4))
        mine = {"site_id": SITE, "reason": "Why", "key": "h"}
        session.add(Handoff(thread_id=handoff.id, status="overdue", **mine))
        session.add(Ticket(key="t", site_id=SITE, thread_id=ticket.id, subject="s", body="b", status="solved"))
        person.status = "person"
        late = datetime.now(UTC) + DAY
        session.add(Turn(thread_id=turn.id, site_id=SITE, phase="x", state={}, settings_hash="0", deadline_at=late))
        session.flush()
        assert retention.waiting(session, SITE, 30) == retention.Waiting(due=0, held=4)
    assert retention.keep(get_settings()) == {SITE: {}}
    with db.transaction() as session:
        session.execute(update(Ticket).values(status="closed"))
        session.execute(update(Handoff).values(closed_at=func.now()))
        session.execute(update(Thread).values(status="bot"))
        session.execute(update(Turn).values(ended_at=func.now()))
        assert retention.waiting(session, SITE, 30) == retention.Waiting(due=4, held=0)
    assert retention.keep(get_settings()) == {SITE: {"conversations": 4}}
    assert threads() == set()


def test_more_than_one_batch_goes_and_a_run_ends_in_time(shop: Site) -> None:
    with db.transaction() as session:
        for _ in range(2 * retention.TOGETHER + 3):
            talked(session, 31)
    assert retention.keep(get_settings(), run_s=0.0) == {SITE: {}}
    assert retention.keep(get_settings()) == {SITE: {"conversations": 2 * retention.TOGETHER + 3}}


def test_two_runs_at_once_take_each_conversation_once(shop: Site) -> None:
    with db.transaction() as session:
        for _ in range(60):
            talked(session, 31)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: retention.keep(get_settings())[SITE].get("conversations", 0), range(3)))
    retention.keep(get_settings())
    assert threads() == set()
    assert sum(done) <= 60


def test_somebody_who_writes_at_that_moment_is_not_lost(shop: Site) -> None:
    """The thread is locked by whoever writes: it is left alone, and after that it is young."""
    with db.transaction() as session:
        old = talked(session, 31).id
    with db.transaction() as writing:
        inbox.accept(writing, writing.get_one(Thread, old), "I am back", "m1")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(retention.keep, get_settings()).result(timeout=30) == {SITE: {}}
    assert retention.keep(get_settings()) == {SITE: {}}
    assert threads() == {old}


def test_conversations_of_the_judge_go_after_a_day_whatever_a_site_keeps(committed: object) -> None:
    with db.transaction() as session:
        make_site(session)
        left, fresh = talked(session, 2), talked(session, 0)
        left.trial = fresh.trial = True
        left.status = "person"
        young = fresh.id
    retention.keep(get_settings())
    assert threads() == {young}


def test_events_evidence_and_the_audit_log_have_periods_of_their_own(shop: Site) -> None:
    old = datetime.now(UTC) - 10 * DAY
    with db.transaction() as session:
        session.get_one(Site, SITE).retention = {"events": 7, "evidence": 7, "audit": 7}
        thread = talked(session, 10)
        turn = Turn(thread_id=thread.id, site_id=SITE, phase="done", state={}, settings_hash="0", deadline_at=old)
        turn.ended_at = old
        session.add(turn)
        session.flush()
        for age in (old, datetime.now(UTC)):
            said = Message(thread_id=thread.id, role="system", content="x")
            session.add(said)
            session.flush()
            session.add(
                EvidenceRecord(
                    message_id=said.id, turn_id=turn.id, documents=[], record={}, signature="", created_at=age
                )
            )
            session.add(AuditEntry(actor="ada", site_id=SITE, action="thread.read", at=age))
            session.add(AuditEntry(actor="ada", site_id=None, action="login.done", at=age))
            for state in ("done", "dead", "pending"):
                session.add(an_event(state, age))
                row = {"key": f"k{uuid4()}", "site_id": SITE, "destination": "notices:x", "kind": "k", "body": {}}
                session.add(Outgoing(**row, state="sent" if state == "done" else state, created_at=age))
    assert retention.keep(get_settings()) == {SITE: {"events": 4, "evidence": 1, "audit": 1}}
    assert (count(WebhookEvent), count(Outgoing), count(EvidenceRecord)) == (4, 4, 1)
    assert count(AuditEntry) == 1 + 2 + 1, "what belongs to no site is kept as the settings say"
    retention.keep(Settings.model_validate({"retention_audit_days": 7}))
    with db.transaction() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.site_id.is_(None))) == 1
    assert threads(), "conversations are kept"


def test_what_was_still_found_of_something_young_is_looked_for_again(shop: Site) -> None:
    seen: dict[str, Any] = {"found": [{"place": "table notes", "count": 1}]}
    clean: dict[str, Any] = {"found": []}
    facts: dict[str, Any] = {"counts": {}, "ids": [], "asked": [], "beyond": {}}
    with db.transaction() as session:
        for probe, age in ((seen, 0), (seen, 30), (clean, 0)):
            at = datetime.now(UTC) - age * DAY
            session.add(Erasure(site_id=SITE, erased_by="visitor", facts=facts, probe=probe, erased_at=at))
    retention.keep(get_settings())
    with db.transaction() as session:
        assert session.scalar(select(func.count()).where(Erasure.probe.is_(None))) == 1


@pytest.mark.parametrize(("given", "days"), [("90", 90.0), (" 0 ", 0.0), ("Forever", 0.0), ("default", None)])
def test_days_are_read_as_people_write_them(given: str, days: float | None) -> None:
    assert retention.checked("events", given) == days


@pytest.mark.parametrize("given", ["", "-1", "ten", "1.5", "36501", "٣", "1e3", "99999999999999999999"])
def test_what_is_no_number_of_days_is_refused(given: str) -> None:
    with pytest.raises(BadRequest, match="For events, give whole days"):
        retention.checked("events", given)


def test_it_runs_by_itself_and_once_an_hour(committed: object) -> None:
    assert {"keep_retention", "probe_erased"} <= set(schedule(get_settings()))
    from orchestrator.tasks import keep_retention

    with db.transaction() as session:
        make_site(session).retention = {"conversations": 30}
        talked(session, 31)
    keep_retention()
    assert threads() == set()
    with db.transaction() as session:
        talked(session, 31)
    keep_retention()
    assert len(threads()) == 1, "in this hour it has run"
    keep_retention(again="1")
    assert threads() == set()
    with db.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM ticks WHERE job = 'keep_retention'")) == 1


def an_event(state: str, at: datetime) -> WebhookEvent:
    return WebhookEvent(
        site_id=SITE,
        source="wordpress",
        event_id=str(uuid4()),
        body_hash="0",
        subject="order:7",
        action="order.updated",
        data={},
        state=state,
        received_at=at,
    )
