"""Storing what comes together: one bad event harms none of the others, and what was full or away takes events again."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from core import bus
from core.db import transaction
from core.embedded import Addresses
from core.errors import Unavailable
from core.models import WebhookEvent
from core.queue import QUEUES, Job
from tests.conftest import SITE, make_site
from tests.web.wordpress import event
from web.webhooks import bell, bodies
from web.webhooks.bell import PACE_SECONDS, Bell
from web.webhooks.intake import TOGETHER, TOGETHER_BYTES, Intake, _divide, _Waiting
from web.webhooks.received import BodyNotJson, Received, SignatureWrong, Stored, TooManyWaiting
from web.webhooks.storing import storing, write

LONGEST_S = 20.0


@pytest.fixture(autouse=True)
def site(committed: Addresses) -> None:
    """A site that events are about."""
    with transaction() as session:
        make_site(session)


def received(event_id: str, **more: Any) -> Received:
    known = Received("wordpress", SITE, event_id, "page:42", "post.updated", datetime.now(UTC), {"a": "é"}, b"{}")
    return replace(known, **more)


@contextmanager
def running(intake: Intake) -> Iterator[Intake]:
    intake.start()
    yield intake
    intake.stop()


def take(intake: Intake, *events: Received) -> list[Stored | BaseException]:
    """What became of `events`, sent together."""

    async def send() -> list[Stored | BaseException]:
        return await asyncio.gather(*(intake.store(one) for one in events), return_exceptions=True)

    return asyncio.run(send())


def rows() -> list[WebhookEvent]:
    with transaction() as session:
        return list(session.scalars(select(WebhookEvent).order_by(WebhookEvent.position)))


def test_what_is_stored_is_what_came_and_in_its_order() -> None:
    at = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
    data: dict[str, object] = {
        "text": 'Grüße \N{SLIGHTLY SMILING FACE} \\u0000 "quoted"',
        "deep": [1.5, None, True, 10**40, {}],
    }
    many = [received(f"e-{n}", data=data, body=bytes(range(256)), occurred_at=at, actor="ada") for n in range(50)]
    with running(Intake(1_000)) as intake:
        assert take(intake, *many) == [Stored(one.id) for one in many]
    stored = rows()
    assert [row.id for row in stored] == [one.id for one in many]
    first = stored[0]
    assert (first.data, first.body, first.occurred_at, first.actor) == (data, bytes(range(256)), at, "ada")
    assert (first.body_hash, first.state, first.subject) == (many[0].body_hash, "pending", "page:42")


def test_an_event_that_can_not_be_kept_fails_alone() -> None:
    poisoned = received("poisoned", data={"text": "\x00"})
    gone = received("gone", site_id="removed-a-moment-ago")
    good = [received(f"good-{n}") for n in range(5)]
    with running(Intake(1_000)) as intake:
        first, second, *others = take(intake, poisoned, gone, *good)
    assert isinstance(first, BodyNotJson)
    assert isinstance(second, SignatureWrong)
    assert others == [Stored(one.id) for one in good]
    assert len(rows()) == 5


def test_new_known_and_conflicting_events_in_one_batch_are_told_apart() -> None:
    old, new = received("old"), received("new")
    other = received("old", body=b"another", id=UUID(int=7))
    with storing() as session:
        write(session, [old])
        assert write(session, [replace(old, id=UUID(int=1)), new]) == [Stored(old.id, known=True), Stored(new.id)]
        assert write(session, [other]) == [Stored(other.id, conflict=True)]
        again = replace(other, id=UUID(int=8))
        assert write(session, [again]) == [Stored(other.id, conflict=True)], "kept once, under the id that is stored"
        assert write(session, [old]) == [Stored(old.id, known=False)], "its own row: it was written, but not answered"
    assert [(row.event_id, row.state) for row in rows()] == [
        ("old", "pending"),
        ("new", "pending"),
        ("old", "conflict"),
    ]


def test_when_what_waited_is_carried_out_events_are_taken_again() -> None:
    with running(Intake(3)) as intake:
        take(intake, *(received(f"e-{n}") for n in range(3)))
        until = time.monotonic() + LONGEST_S
        while not isinstance(take(intake, received("more"))[0], TooManyWaiting):
            assert time.monotonic() < until
            time.sleep(0.1)
        with transaction() as session:
            session.execute(update(WebhookEvent).values(state="done"))
        while isinstance(take(intake, received("again"))[0], TooManyWaiting):
            assert time.monotonic() < until, "nobody counts any more what waits"
            time.sleep(0.1)
    assert "again" in {row.event_id for row in rows()}


def test_who_was_told_to_send_again_is_not_written_when_the_database_is_back() -> None:
    with running(Intake(1_000, patience=0.2)) as intake:
        with transaction() as held:
            held.execute(text("LOCK TABLE webhook_events IN ACCESS EXCLUSIVE MODE"))
            first = take(intake, received("in-hand"))
            rest = take(intake, *(received(f"late-{n}") for n in range(20)))
        assert all(isinstance(one, Unavailable) for one in [*first, *rest])
    assert [row.event_id for row in rows()] in ([], ["in-hand"])


def test_a_database_that_says_no_is_no_fault_of_the_event() -> None:
    with transaction() as session:
        session.execute(text("ALTER TABLE webhook_events RENAME TO away"))
    try:
        with running(Intake(1_000)) as intake:
            (answer,) = take(intake, received("e"))
    finally:
        with transaction() as session:
            session.execute(text("ALTER TABLE away RENAME TO webhook_events"))
    assert isinstance(answer, Unavailable)


def test_a_batch_is_bounded_in_events_and_in_bytes() -> None:
    loop = asyncio.new_event_loop()

    def waiting(event_id: str, size: int = 2, *, done: bool = False) -> _Waiting:
        made = _Waiting(received(event_id, body=b"x" * size), loop.create_future(), loop)
        if done:
            made.answer.cancel()
        return made

    small = [waiting(f"e-{n}") for n in range(TOGETHER + 3)]
    batch, later = _divide(small)
    assert (batch, later) == (small[:TOGETHER], small[TOGETHER:])
    large = [waiting(f"l-{n}", TOGETHER_BYTES // 2) for n in range(3)]
    assert _divide([*large, waiting("small")])[0] == large[:2], "and what is behind them stays behind them"
    one, same = waiting("same"), waiting("same")
    assert _divide([one, same]) == ([one], [same])
    assert _divide([waiting("told", done=True), one]) == ([one], [])
    loop.close()


def test_the_bell_is_rung_at_once_then_now_and_then_and_once_after_the_last() -> None:
    rung: list[float] = []
    now = 100.0
    ours = Bell(lambda: rung.append(now), lambda: now)
    assert ours.left() is None
    for _ in range(10):
        ours.want()
        ours.ring_when_due()
        now += PACE_SECONDS / 5
    assert rung == [100.0, pytest.approx(100.0 + PACE_SECONDS)]
    assert ours.left() is not None
    ours.ring_now()
    assert len(rung) == 3
    ours.ring_now()
    assert (len(rung), ours.left()) == (3, None)


def test_whatever_is_stored_is_rung_for() -> None:
    with running(Intake(1_000, bell=Bell(bell.ring))) as intake:
        take(intake, received("a"))
        bus.client().delete(QUEUES[Job.HANDLE_WEBHOOKS])
        take(intake, received("b"))
        until = time.monotonic() + LONGEST_S
        while not bus.client().llen(QUEUES[Job.HANDLE_WEBHOOKS]):
            assert time.monotonic() < until
            time.sleep(0.02)
        take(intake, received("b"))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 2


@pytest.mark.parametrize(
    "hostile",
    ['"\\u0000"', '{"\\u0000": 1}', '["\\ud800"]', '"\\udC00\\ud83d"', '"\udced"', "1e400", "-1e999", "Infinity"],
)
def test_what_a_database_can_not_keep_is_refused_at_the_door(hostile: str) -> None:
    raw = (json.dumps(event())[:-1] + f', "x": {hostile}}}').encode(errors="surrogatepass")
    with pytest.raises(BodyNotJson):
        bodies.parse(raw, "application/json")


@pytest.mark.parametrize("fine", ['"\\\\u0000"', '"\\ud83d\\ude00"', '"\\u00e9"', "1e300", '"\U0001f600"'])
def test_what_looks_like_it_is_taken(fine: str) -> None:
    raw = (json.dumps(event())[:-1] + f', "x": {fine}}}').encode()
    assert bodies.parse(raw, "application/json")["x"] == json.loads(fine)
