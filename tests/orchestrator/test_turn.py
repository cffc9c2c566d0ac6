"""A turn in the real database, with a scripted brain and scripted tools."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update

from brain.client import Ask, Brain, BrainTimeout, Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import bus, db
from core.embedded import Addresses
from core.errors import Conflict
from core.models import Handoff, Message, Site, Thread, Ticket, ToolRun, Turn, TurnEvent, Visitor
from core.settings import Settings, get_settings
from orchestrator import circuits, desk, inbox, open_turns
from orchestrator.case import lock_case
from orchestrator.circuits import Circuits
from orchestrator.events import BrainFailed
from orchestrator.journal import LeaseLost, claim, open_turn, record_result
from orchestrator.people import operator
from orchestrator.replay import replay
from orchestrator.tasks import sweep
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE, make_site
from tools.catalog import TOOLS, named
from tools.tickets import open_ticket
from tools.tool import Arguments, Caller, Output, Tool, ToolFailed


class Query(Arguments):
    """What to look for."""

    query: str


class Found(Output):
    """As `search_kb` answers."""

    snippets: list[dict[str, object]]
    answerable: float


SNIPPET: dict[str, object] = {
    "id": "c7",
    "doc_id": "d1",
    "title": "Returns",
    "section": "Window",
    "url": "/returns/",
    "text": "Bring it back within 60 days. Keep the receipt.",
    "score": 0.9,
    "page": None,
    "start": 120,
    "places": [[0, None, "window"]],
}


@dataclass
class Hand:
    """A tool whose behaviour a test scripts."""

    failures: int = 0
    calls: list[Caller] = field(default_factory=list)

    def run(self, caller: Caller, arguments: Query) -> Found:
        """Fail `failures` times, then find the one snippet."""
        self.calls.append(caller)
        if len(self.calls) <= self.failures:
            raise ToolFailed("The search is away.")
        return Found(snippets=[SNIPPET], answerable=0.9)

    def tool(self) -> Tool:
        """It, as a tool."""
        return Tool("search_kb", "Search.", Query, Found, "reads", self.run)


SEARCH = Reply(calls=(ToolCall("x", "search_kb", '{"query": "returns"}'),))
ANSWER = Reply(text="Bring it back within 60 days [c7]. Keep the receipt [c7].")


@dataclass
class Play:
    """One conversation, its world, and what came of it."""

    thread: UUID
    world: World

    def say(self, words: str) -> inbox.Accepted:
        """The visitor writes."""
        with db.transaction() as session:
            return inbox.accept(session, session.get_one(Thread, self.thread), words, str(uuid4()))

    def answer(self) -> Message:
        """Take the turn, and read what the agent said last."""
        take_turn(self.thread, self.world)
        with db.transaction() as session:
            said = select(Message).where(Message.thread_id == self.thread, Message.role == "agent")
            return session.scalars(said.order_by(Message.position.desc()).limit(1)).one()

    def turn(self) -> Turn:
        """The newest turn; every one replays to the byte."""
        with db.transaction() as session:
            turn = session.scalars(select(Turn).order_by(Turn.created_at.desc()).limit(1)).one()
            assert replay(session, turn.id, self.world.tools) is None
            return turn

    def news(self) -> list[tuple[str, dict[str, object]]]:
        """What listeners were told."""
        entries: Any = bus.client().xrange(bus.stream_key(self.thread))
        return [(entry["kind"], json.loads(bus.unpacked(self.thread, entry["data"]))) for _, entry in entries]


def settings() -> Settings:
    """The test settings, without waiting between retries."""
    return get_settings().model_copy(update={"tool_retry_delays_ms": (1, 2)})


def play_with(brains: tuple[Brain, ...], tools: tuple[Tool, ...] = TOOLS) -> Play:
    """A new conversation."""
    with db.transaction() as session:
        visitor = Visitor(site_id=SITE)
        session.add(visitor)
        session.flush()
        thread = Thread(site_id=SITE, visitor_id=visitor.id, channel="web", status="bot")
        session.add(thread)
        session.flush()
        return Play(thread.id, World(settings(), brains, tools))


@pytest.fixture
def shop(committed: Addresses) -> Site:
    """A site in the real, committing database."""
    with db.transaction() as session:
        return make_site(session)


def count(model: type) -> int:
    """Rows in a table."""
    with db.transaction() as session:
        return session.scalars(select(func.count()).select_from(model)).one()


def test_search_then_a_cited_answer(shop: Site) -> None:
    brain = Scripted([SEARCH, ANSWER])
    play = play_with((brain,), (Hand().tool(),))
    play.say("How long can I return it?")
    message = play.answer()
    assert message.content == "Bring it back within 60 days [1]. Keep the receipt [1]."
    assert message.citations == [
        {"n": 1, "doc_id": "d1", "title": "Returns", "url": "/returns/", "section": "Window"}
        | {"quote": "Bring it back within 60 days.", "page": None, "start": 120, "end": 149}
        | {"link": "/returns/#window:~:text=Bring%20it%20back%20within%2060%20days."}
    ]
    assert play.turn().outcome == "answered"
    assert [ask.step for ask in brain.asked] == ["plan", "draft"]
    assert [ask.temperature for ask in brain.asked] == [0.2, 0.5]
    (told,) = json.loads(brain.asked[1].outcomes[0].output)["snippets"]
    assert told["id"] == "c7"
    assert "start" not in told  # a model does not cite by place, and would pay for it
    assert "places" not in told


def test_listeners_hear_states_sentences_the_message_and_the_end(shop: Site) -> None:
    play = play_with((Scripted([SEARCH, ANSWER]),), (Hand().tool(),))
    play.say("How long?")
    play.answer()
    news = play.news()
    assert [kind for kind, _ in news if kind in {"sentence", "message", "done"}] == [
        *("message", "sentence", "sentence", "message", "done")
    ]
    sentences = [data["text"] for kind, data in news if kind == "sentence"]
    assert sentences == ["Bring it back within 60 days [1].", "Keep the receipt [1]."]
    assert {"state": "searching"} in [data for kind, data in news if kind == "state"]
    assert news[-1][1]["outcome"] == "answered"


def test_an_unsupported_number_is_never_shown(shop: Site) -> None:
    wrong = Reply(text="You have 90 days [c7].")
    play = play_with((Scripted([SEARCH, wrong, wrong]),), (Hand().tool(),))
    play.say("How long?")
    message = play.answer()
    assert "90" not in message.content
    assert "ticket 1001" in message.content
    assert all("90 days" not in str(data) for _, data in play.news())
    assert play.turn().outcome == "ticketed"
    assert count(Ticket) == 1


def test_an_invented_citation_is_sent_back_once(shop: Site) -> None:
    brain = Scripted([SEARCH, Reply(text="Sixty days [c99]."), ANSWER])
    play = play_with((brain,), (Hand().tool(),))
    play.say("How long?")
    assert "60 days [1]" in play.answer().content
    assert "c99" in brain.asked[2].feedback


def test_a_failing_tool_is_retried_then_rests(shop: Site) -> None:
    hand = Hand(failures=3)
    brain = Scripted([SEARCH, Reply(text="I could not find out.", intent=Intent.ABSTAIN)])
    play = play_with((brain,), (hand.tool(),))
    play.say("How long?")
    play.answer()
    assert len(hand.calls) == 3
    assert brain.asked[1].outcomes[0].failed
    assert brain.asked[1].tools == (), "its circuit is open, so it is not offered"


def elsewhere(name: str) -> Circuits:
    """Another process, which tries first whether `name` works again."""
    circuits.trip(name, 0.02)
    time.sleep(0.03)
    other = Circuits()
    assert name not in other.resting()
    assert other.enter(name, 60)
    return other


def test_while_another_turn_tries_a_model_first_it_rests_for_this_one(shop: Site) -> None:
    other = elsewhere("model:scripted")
    brain = Scripted([SEARCH, ANSWER])
    play = play_with((brain,), (Hand().tool(),))
    play.say("How long?")
    play.answer()
    assert (brain.asked, play.turn().outcome) == ([], "failed")
    other.succeeded("model:scripted")
    again = play_with((brain,), (Hand().tool(),))
    again.say("How long?")
    assert "60 days" in again.answer().content


def test_a_tool_that_another_turn_tries_first_is_not_run(shop: Site) -> None:
    class Meanwhile(Scripted):
        def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
            if not self.asked:
                elsewhere("tool:search_kb")
            return super().think(ask, on_text)

    hand, brain = Hand(), Meanwhile([SEARCH, Reply(text="I could not find out.", intent=Intent.ABSTAIN)])
    play = play_with((brain,), (hand.tool(),))
    play.say("How long?")
    play.answer()
    assert hand.calls == []
    assert "rests" in brain.asked[1].outcomes[0].output


def test_the_fallback_brain_answers(shop: Site) -> None:
    play = play_with((Scripted([BrainTimeout()]), Scripted([SEARCH, ANSWER])), (Hand().tool(),))
    two = settings().model_copy(update={"brain": "openai", "model": "one", "fallback_model": "two"})
    with db.transaction() as session:
        case = lock_case(session, play.thread)
        assert case is not None
        open_turns.write(session, open_turn(session, case, two))
    play.say("How long?")
    assert "60 days" in play.answer().content
    first, second = play.world.brains
    assert isinstance(first, Scripted)
    assert isinstance(second, Scripted)
    assert first.asked[0].timeout_s < settings().turn_seconds * 0.7, "time must be left for the second one"
    assert second.asked[0].timeout_s > settings().turn_seconds * 0.7


def test_without_any_brain_the_visitor_is_told_and_a_ticket_stands(shop: Site) -> None:
    play = play_with((Scripted([BrainTimeout()]),))
    play.say("Where is my parcel?")
    assert "e-mail address" in play.answer().content
    assert play.turn().outcome == "failed"
    play.say("It is ana@example.com")
    with db.transaction() as session:
        assert session.scalars(select(Ticket.email)).one() == "ana@example.com"


def test_a_writing_tool_runs_once_although_its_worker_dies_after_it(shop: Site) -> None:
    arguments = json.dumps({"email": "ana@example.com", "subject": "Help", "body": "Broken", "priority": "normal"})
    calls = (ToolCall("a", "create_ticket", arguments),)
    play = play_with((Scripted([Reply(calls=calls), Reply(text="Done.", intent=Intent.SMALLTALK)]),))
    accepted = play.say("Open a ticket for ana@example.com")
    assert accepted.turn_id is not None

    class Dies(BaseException):
        """The process ends."""

    original = named("create_ticket")
    assert original is not None

    def run_and_die(caller: Caller, arguments: Arguments) -> Output:
        original.run(caller, arguments)
        raise Dies

    dying = Tool(original.name, "", original.input, original.output, "writes", run_and_die)
    with pytest.raises(Dies):
        take_turn(play.thread, World(settings(), play.world.brains, (dying,)))
    take_turn(play.thread, play.world)  # the lease of the dead one still stands: nothing happens
    assert play.turn().ended_at is None
    with db.transaction() as session:
        session.execute(update(Turn).values(leased_until=func.now()))
    play.answer()
    assert (count(Ticket), count(ToolRun)) == (1, 1)
    assert play.turn().outcome == "ticketed"


def test_a_stale_worker_cannot_write(shop: Site) -> None:
    play = play_with((Scripted([]),))
    play.say("Hello")
    with db.transaction() as session:
        stale = claim(session, play.thread, "first", settings())
        session.execute(update(Turn).values(leased_until=func.now()))
    with db.transaction() as session:
        fresh = claim(session, play.thread, "second", settings())
    assert stale is not None
    assert fresh is not None
    with pytest.raises(LeaseLost), db.transaction() as session:
        record_result(session, stale, BrainFailed(1, "late"))


def test_the_sweep_rings_for_what_nobody_holds_and_ends_what_is_overdue(shop: Site) -> None:
    play = play_with((Scripted([]),))
    play.say("Hello")
    sweep()
    assert bus.client().llen("chat") == 1, "the first bell may be in the queue still"
    with db.transaction() as session:
        session.execute(update(Turn).values(created_at=func.now() - text("interval '6 seconds'")))
    sweep()
    sweep()
    assert bus.client().llen("chat") == 2, "the bell, and the bell again, once"
    with db.transaction() as session:
        session.execute(update(Turn).values(deadline_at=func.now() - text("interval '1 second'")))
    sweep()
    assert play.turn().outcome == "ticketed"
    assert "follow up by e-mail" in play.answer().content


def test_the_same_client_id_twice_is_one_message(shop: Site) -> None:
    play = play_with((Scripted([]),))
    with db.transaction() as session:
        thread = session.get_one(Thread, play.thread)
        first = inbox.accept(session, thread, "Hello", "id-1")
    with db.transaction() as session:
        again = inbox.accept(session, session.get_one(Thread, play.thread), "Hello", "id-1")
    assert (again.message_id, again.turn_id, again.duplicate) == (first.message_id, first.turn_id, True)


def test_three_quick_messages_get_one_answer(shop: Site) -> None:
    brain = Scripted([Reply(text="Hello!", intent=Intent.SMALLTALK)])
    play = play_with((brain,))
    turns = {play.say(words).turn_id for words in ("hi", "are you there", "hello?")}
    play.answer()
    assert len(turns) == 1
    assert [said.text for said in brain.asked[0].memory] == ["hi", "are you there", "hello?"]
    assert count(Turn) == 1


def test_a_message_while_the_brain_thinks_makes_it_think_again(shop: Site) -> None:
    play = play_with(())

    class Interrupted:
        """A brain during whose first thought the visitor writes on."""

        name = "interrupted"
        asked = 0

        def think(self, ask: Ask, on_text: object) -> Reply:
            self.asked += 1
            if self.asked == 1:
                play.say("and by when?")
            return Reply(text=f"{len(ask.memory)} messages", intent=Intent.SMALLTALK)

    play.world = World(settings(), (Interrupted(),), ())
    play.say("Can I return it?")
    with db.transaction() as session:  # "2" stands in no evidence: what counts here is how often it thought
        assert session.scalars(select(func.count()).select_from(TurnEvent)).one() == 3
    take_turn(play.thread, play.world)
    assert play.world.brains[0].asked == 3  # type: ignore[attr-defined]  # twice for the visitor, once for the guard


def test_a_person_silences_the_bot_until_the_thread_is_given_back(shop: Site) -> None:
    brain = Scripted([Reply(text="Hello!", intent=Intent.SMALLTALK)])
    play = play_with((brain,))
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, play.thread), "button")
        again = inbox.call_person(session, session.get_one(Thread, play.thread), "button")
        assert session.scalars(select(Handoff.id)).one() == again
    play.say("anybody there?")
    with db.transaction() as session:
        assert [handoff.number for handoff in desk.waiting(session)] == [1]
        desk.claim(session, 1, operator("Ana"))
        desk.reply(session, 1, operator("Ana"), "Hi, this is Ana.")
    assert brain.asked == []
    assert play.say("great").turn_id is None
    with db.transaction() as session:
        desk.give_back(session, 1, operator("Ana"))
    assert play.say("thanks").turn_id is not None
    assert play.answer().content == "Hello!"


def test_a_visitor_whom_nobody_helps_is_told_once_and_a_ticket_stands(shop: Site) -> None:
    play = play_with((Scripted([Reply(text="Hello!", intent=Intent.SMALLTALK)]),))
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, play.thread), "button")
    sweep()
    assert count(Ticket) == 0, "not yet"
    with db.transaction() as session:
        session.execute(update(Handoff).values(waits_since=func.now() - text("interval '11 minutes'")))
    sweep()
    sweep()
    with db.transaction() as session:
        said = session.scalars(select(Message.content).where(Message.role == "system")).one()
        assert "ticket 1001" in said
        assert len(desk.waiting(session)) == 1, "a person can still take it"
    play.say("hello again")
    assert play.answer().content == "Hello!"


def test_two_people_claim_and_one_wins(shop: Site) -> None:
    play = play_with(())
    with db.transaction() as opened:
        inbox.call_person(opened, opened.get_one(Thread, play.thread), "button")
    with db.transaction() as opened:
        desk.claim(opened, 1, operator("Ana"))
    with pytest.raises(Conflict, match="Ana has this"), db.transaction() as opened:
        desk.claim(opened, 1, operator("Ben"))


@pytest.mark.parametrize("wrote", [True, False])
def test_an_intent_of_an_ended_turn_is_closed_by_what_stands_under_its_key(shop: Site, *, wrote: bool) -> None:
    play = play_with((Scripted([Reply(text="Hello.", intent=Intent.SMALLTALK)]),))
    play.say("Hello")
    play.answer()
    key = f"{play.turn().id}:ticket"
    with db.transaction() as session:
        session.add(ToolRun(key=key, turn_id=play.turn().id, tool="create_ticket", arguments={"json": "{}"}))
        session.execute(update(Turn).values(ended_at=func.now() - text("interval '1 minute'")))
        if wrote:
            case = {"subject": "Help", "body": "Broken", "email": None, "priority": "normal"}
            open_ticket(session, key=key, site_id=SITE, thread_id=play.thread, **case)  # type: ignore[arg-type]
    sweep()
    with db.transaction() as session:
        run = session.scalars(select(ToolRun)).one()
        assert run.status == ("done" if wrote else "failed")
        assert bool(run.output) is wrote
