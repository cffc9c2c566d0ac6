"""A worker's watch: without Redis and without a scheduler a message is answered all the same."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text, update

from brain.client import Ask, BrainTimeout, Reply
from brain.scripted import Scripted
from core import db
from core.models import Message, Site, Tick, Turn
from core.settings import get_settings
from orchestrator.journal import claim, let_go, renew
from orchestrator.leases import Keeper
from orchestrator.watch import Watch
from tests.orchestrator.test_turn import ANSWER, SEARCH, Hand, Play, play_with, settings, shop

__all__ = ["shop"]


@pytest.fixture
def no_redis(shop: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody answers where Redis should be."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def unheard(play: Play) -> None:
    """The message's bell was lost some time ago."""
    play.say("Hello!")
    with db.transaction() as session:
        session.execute(update(Turn).values(created_at=func.now() - text("interval '6 seconds'")))


def answered_within(seconds: float) -> bool:
    """Whether the agent speaks."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with db.transaction() as session:
            if session.scalar(select(func.count()).where(Message.role == "agent")):
                return True
        time.sleep(0.1)
    return False


def test_without_redis_the_watch_takes_the_turn_itself(no_redis: None) -> None:
    play = play_with((Scripted([]),))
    unheard(play)
    watch = Watch(get_settings())
    watch.start()
    try:
        assert answered_within(20)
    finally:
        watch.stop()


def test_one_of_many_watches_sweeps_in_a_period(shop: Site) -> None:
    for _ in range(4):
        Watch(get_settings()).look()
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Tick)) in {1, 2}, "the period may end in between"


def test_what_is_given_back_is_taken_at_once_and_not_renewed(shop: Site) -> None:
    play = play_with((Scripted([SEARCH, ANSWER]),), (Hand().tool(),))
    play.say("How long?")
    with db.transaction() as session:
        lease = claim(session, play.thread, "first", settings())
    assert lease is not None
    keeper = Keeper(settings().lease_seconds)
    with keeper.holding(lease):
        assert keeper.release() == 1
        with db.transaction() as session:
            renew(session, {lease.turn_id: lease.fence}, settings().lease_seconds)
        assert "60 days" in play.answer().content
    with db.transaction() as session:
        let_go(session, {lease.turn_id: lease.fence})  # it has ended: nothing happens
    assert play.turn().fence == 2


class Stalls(Scripted):
    """Finds what to search for, and then never comes to an end."""

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """The next reply, or silence until the time is over."""
        if ask.step == "draft":
            time.sleep(ask.timeout_s + 0.05)
            raise BrainTimeout
        return super().think(ask, on_text)


def test_a_turn_that_runs_out_of_time_tells_what_it_knows(shop: Site) -> None:
    play = play_with((Stalls([SEARCH]),), (Hand().tool(),))
    hurried = play.world.settings.model_copy(update={"turn_seconds": 2.0})
    play = Play(play.thread, replace(play.world, settings=hurried))
    play.say("How long?")
    message = play.answer()
    assert message.content.startswith("This page may help you meanwhile: Returns [1].")
    assert "follow up by e-mail" in message.content
    assert message.citations[0]["url"] == "/returns/"
    assert play.turn().outcome == "ticketed"
