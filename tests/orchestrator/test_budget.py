"""Money is reserved before a model is asked, and settled with what its answer cost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from sqlalchemy import delete, func, select, update
from typer.testing import CliRunner

from brain.client import Ask, BrainTimeout, Intent, Reply, Usage
from core import db
from core.errors import BadRequest
from core.models import ModelCall, Site, Spend, Thread, Ticket, Turn
from core.settings import Settings, get_settings
from orchestrator.tasks import settle
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.orchestrator.test_turn import Play, count, play_with, settings, shop
from web.cli import make_cli

__all__ = ["shop"]

HELLO = Reply(text="Hello.", intent=Intent.SMALLTALK, usage=Usage(1_000, 100))
COST = 1_000 * 3 + 100 * 15


@dataclass
class Priced:
    """A brain whose model has a price."""

    name: str = "priced"
    asked: list[Ask] = field(default_factory=list)
    look: Callable[[], None] = lambda: None
    answer: Reply | Exception = HELLO

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Look around, then answer."""
        self.asked.append(ask)
        self.look()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def with_prices(**changes: object) -> Settings:
    """Settings that know the model's price."""
    return settings().model_copy(update={"model_prices": {"priced": (3.0, 15.0)}, **changes})


def talk(brain: Priced, **changes: object) -> Play:
    """A conversation in which `brain` is asked."""
    play = play_with((brain,))
    return Play(play.thread, World(with_prices(**changes), (brain,), play.world.tools))


def money(thread: Thread) -> tuple[int, int]:
    """Held, and spent."""
    return thread.held_micro, thread.spent_micro


def now(play: Play) -> tuple[tuple[int, int], dict[str, tuple[int, int]]]:
    """What the conversation and the days hold and have spent."""
    with db.transaction() as session:
        days = {row.scope: (row.held_micro, row.spent_micro) for row in session.scalars(select(Spend))}
        return money(session.get_one(Thread, play.thread)), days


def test_money_is_held_while_a_model_is_asked_and_settled_with_what_it_cost(shop: Site) -> None:
    seen: list[tuple[tuple[int, int], dict[str, tuple[int, int]]]] = []
    brain = Priced()
    play = talk(brain)
    brain.look = lambda: seen.append(now(play))
    play.say("Hello")
    play.answer()
    (held, spent), days = seen[0]
    assert held > COST
    assert spent == 0
    assert set(days.values()) == {(held, 0)}
    assert now(play) == ((0, COST), {"all": (0, COST), f"site:{shop.id}": (0, COST)})
    with db.transaction() as session:
        call = session.scalars(select(ModelCall)).one()
        assert (call.input_tokens, call.output_tokens, call.cost_micro) == (1_000, 100, COST)


def test_a_conversation_that_has_spent_its_budget_asks_no_model(shop: Site) -> None:
    brain = Priced()
    play = talk(brain, budget_thread_usd=COST * 1.5 / 1_000_000 + 0.02)
    play.say("Hello")
    play.answer()
    with db.transaction() as session:
        session.execute(update(Thread).values(spent_micro=60_000))
    play.say("And again")
    assert "ticket" in play.answer().content
    assert len(brain.asked) == 1
    assert play.turn().outcome == "failed"
    assert count(Ticket) == 1
    assert count(ModelCall) == 1, "what is not asked is not written down as asked"


def test_the_days_budget_holds_for_all_sites_and_for_each(shop: Site) -> None:
    for limit in ({"budget_day_usd": 0.01}, {"budget_site_day_usd": 0.01}):
        with db.transaction() as session:
            session.execute(delete(Spend))
            session.add_all(
                Spend(scope=scope, day=func.current_date(), spent_micro=9_999) for scope in ("all", f"site:{shop.id}")
            )
        brain = Priced()
        play = talk(brain, **limit)
        play.say("Hello")
        play.answer()
        assert brain.asked == []
        assert now(play)[0] == (0, 0), "what one scope had granted is given back"


def test_a_sites_own_budget_goes_before_the_settings(shop: Site) -> None:
    with db.transaction() as session:
        session.execute(update(Site).values(budget_day_micro=10))
    brain = Priced()
    play = talk(brain)
    play.say("Hello")
    play.answer()
    assert brain.asked == []


def test_without_limits_everything_is_counted_all_the_same(shop: Site) -> None:
    brain = Priced()
    play = talk(brain, budget_thread_usd=0, budget_site_day_usd=0, budget_day_usd=0)
    play.say("Hello")
    play.answer()
    assert now(play)[0] == (0, COST)


def test_visitors_who_come_at_once_never_spend_more_than_the_day_allows(shop: Site) -> None:
    brain = Priced()
    talks = [talk(brain) for _ in range(8)]
    for play in talks:
        play.say("Hello")
    with db.transaction() as session:
        session.execute(update(Site).values(budget_day_micro=3 * 25_000))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda play: take_turn(play.thread, play.world), talks))
    with db.transaction() as session:
        outcomes = session.scalars(select(Turn.outcome)).all()
        spent = session.scalars(select(Spend.spent_micro).where(Spend.scope == f"site:{shop.id}")).one()
    assert len(brain.asked) == outcomes.count("answered")
    assert spent == len(brain.asked) * COST <= 3 * 25_000
    assert outcomes.count("answered") + outcomes.count("failed") == 8


def test_a_model_that_fails_before_it_speaks_costs_nothing(shop: Site) -> None:
    play = talk(Priced(answer=BrainTimeout("The model is away.")))
    play.say("Hello")
    play.answer()
    assert now(play)[0] == (0, 0)
    with db.transaction() as session:
        assert session.scalars(select(ModelCall.fault)).one() == "The model is away."


class Dies(BaseException):
    """The process ends."""


def die() -> None:
    """End the process."""
    raise Dies


def test_what_a_dead_worker_held_is_taken_as_spent_once(shop: Site) -> None:
    brain = Priced(look=die)
    play = talk(brain)
    play.say("Hello")
    try:
        take_turn(play.thread, play.world)
    except Dies:
        held = now(play)[0][0]
    with db.transaction() as session:
        session.execute(update(Turn).values(leased_until=func.now()))
    brain.look = lambda: None
    play.answer()
    assert now(play)[0] == (0, held + COST)
    settle(play.turn().id, play.thread)
    assert now(play)[0] == (0, held + COST)


def test_what_an_answer_cost_that_came_too_late_is_counted_once(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_LEASE_SECONDS", "3600")  # who renews it must not come between the two lines below
    get_settings.cache_clear()
    brain = Priced()
    play = talk(brain)

    def somebody_else_takes_it() -> None:
        brain.look = lambda: None
        with db.transaction() as session:
            session.execute(update(Turn).values(leased_until=func.now()))
        take_turn(play.thread, play.world)

    brain.look = somebody_else_takes_it
    play.say("Hello")
    play.answer()
    assert len(brain.asked) == 2
    held, spent = now(play)[0]
    assert held == 0
    assert spent > 2 * COST - 1, "the first one was taken at what it held when the second worker came"
    with db.transaction() as session:
        assert session.scalar(select(func.sum(ModelCall.cost_micro))) == spent


def test_a_sites_ceiling_is_set_and_its_day_shown_on_the_command_line(shop: Site) -> None:
    run = CliRunner().invoke
    play = talk(Priced())
    play.say("Hello")
    play.answer()
    shown = run(make_cli(), ["site", "budget", shop.id, "12.5"])
    assert shown.stdout == f"{shop.id}: $0.0045 of $12.50 spent today (UTC), $0.0000 reserved.\n"
    with db.transaction() as session:
        assert session.get_one(Site, shop.id).budget_day_micro == 12_500_000
    assert "of $20.00" in run(make_cli(), ["site", "budget", shop.id, "default"]).stdout
    assert isinstance(run(make_cli(), ["site", "budget", shop.id, "much"]).exception, BadRequest)
