"""Random walks: whatever a brain, tools, visitors and people do, the promises of a turn hold."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestrator import codec
from orchestrator.effects import (
    CheckDraft,
    Draft,
    Effect,
    Finish,
    OpenTicket,
    Plan,
    QueueHandoff,
    RunTool,
    Say,
    SayPhrase,
    ScreenMessage,
    State,
)
from orchestrator.events import (
    BrainFailed,
    Call,
    CallsProposed,
    CallsRefused,
    DeadlinePassed,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftWritten,
    Event,
    HandoffQueued,
    Limits,
    MessageScreened,
    PersonAskedFor,
    PersonClaimed,
    Phase,
    TicketOpened,
    ToolFailed,
    ToolReturned,
    TurnOpened,
    Verdict,
    VisitorSaid,
)
from orchestrator.machine import step

TOOLS = st.sampled_from(["search_kb", "get_order", "create_ticket", "handoff_human"])
PASSED = "passed by the guards"


class Walk(RuleBasedStateMachine):
    """One turn, with everything around it played by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.pending: Plan | Draft | RunTool | None = None
        self.claimed = False
        self.proposed: set[str] = set()
        self.happen(TurnOpened(Limits(models=2)))
        self.say("m0", refused=False)

    def happen(self, event: Event) -> None:
        """Step, and answer the inside effects at once, as the journal does."""
        self.state, effects = step(self.state, event)
        self.events.append(event)
        self.effects.extend(effects)
        for effect in effects:
            self.answer(effect)

    def answer(self, effect: Effect) -> None:
        """Play the world for one effect."""
        match effect:
            case Plan() | Draft() | RunTool():
                self.pending = effect
            case ScreenMessage():
                self.happen(MessageScreened((Verdict("length", passed=not self.refused),)))
            case CheckDraft(text):
                good = text == PASSED
                self.happen(DraftPassedGuards((), text) if good else DraftFailedGuard((), "no"))
            case OpenTicket():
                self.happen(TicketOpened(1, address_known=True))
            case QueueHandoff():
                self.happen(HandoffQueued(1))
            case Say() | SayPhrase():
                assert not self.claimed, "it speaks while a person has the thread"
            case Finish():
                self.pending = None

    @precondition(lambda self: self.state.phase is not Phase.DONE)
    @rule(message=st.text("ab", max_size=3), refused=st.booleans())
    def say(self, message: str, *, refused: bool) -> None:
        self.refused = refused
        self.happen(VisitorSaid(message))

    @precondition(lambda self: isinstance(self.pending, Plan | Draft))
    @rule(names=st.lists(TOOLS, min_size=1, max_size=5), late=st.booleans())
    def propose(self, names: list[str], *, late: bool) -> None:
        assert self.pending is not None
        n = self.pending.n - late
        calls = tuple(Call(f"{n}.{i}", name, "{}") for i, name in enumerate(names))
        self.proposed.update(call.id for call in calls)
        self.happen(CallsProposed(n, calls))

    @precondition(lambda self: isinstance(self.pending, Plan | Draft))
    @rule(kind=st.sampled_from(["refused", "failed", "good", "bad"]), late=st.booleans())
    def think(self, kind: str, *, late: bool) -> None:
        assert self.pending is not None
        n = self.pending.n - late
        said: dict[str, Event] = {
            "refused": CallsRefused(n, "no such tool"),
            "failed": BrainFailed(n, "503"),
            "good": DraftWritten(n, PASSED, "answer"),
            "bad": DraftWritten(n, "unsupported", "answer"),
        }
        self.happen(said[kind])

    @precondition(lambda self: isinstance(self.pending, RunTool))
    @rule(ok=st.booleans(), again=st.booleans(), late=st.booleans())
    def tool(self, *, ok: bool, again: bool, late: bool) -> None:
        assert self.pending is not None
        n = self.pending.n - late
        self.happen(ToolReturned(n, "{}") if ok else ToolFailed(n, "down", again))

    @rule(what=st.sampled_from([DeadlinePassed(), PersonAskedFor("button"), PersonClaimed("Ana")]))
    def interrupt(self, what: Event) -> None:
        self.claimed = self.claimed or (isinstance(what, PersonClaimed) and self.state.phase is not Phase.DONE)
        self.happen(what)

    @rule(n=st.integers(0, 30))
    def late_result(self, n: int) -> None:
        if n != self.state.n or self.state.phase is Phase.DONE:
            self.happen(ToolReturned(n, "{}"))

    @invariant()
    def at_most_three_calls(self) -> None:
        ran = [effect.call.id for effect in self.effects if isinstance(effect, RunTool) and not effect.wait_ms]
        assert len(ran) <= 3
        assert set(ran) <= self.proposed, "a tool ran that nobody asked for"
        assert len(ran) == len(set(ran)), "a call began twice"

    @invariant()
    def says_only_what_the_guards_passed(self) -> None:
        assert all(effect.text == PASSED for effect in self.effects if isinstance(effect, Say))

    @invariant()
    def one_reply_one_end(self) -> None:
        assert sum(isinstance(effect, Say | SayPhrase) for effect in self.effects) <= 1
        assert sum(isinstance(effect, Finish) for effect in self.effects) == (self.state.phase is Phase.DONE)
        assert sum(isinstance(effect, OpenTicket) for effect in self.effects) <= 1

    @invariant()
    def never_stuck(self) -> None:
        if self.state.phase is not Phase.DONE:
            assert self.pending is not None
        elif not self.claimed:
            assert any(isinstance(effect, Say | SayPhrase) for effect in self.effects), "it ended in silence"

    def teardown(self) -> None:
        """The deadline always ends it; and the journal, read back from JSON, gives the same effects to the byte."""
        self.happen(DeadlinePassed())
        assert self.state.phase is Phase.DONE
        state, effects = State(), list[Effect]()
        for event in self.events:
            state, more = step(state, codec.load_event(codec.dump(event)))
            effects.extend(more)
        assert codec.canonical([codec.dump(each) for each in effects]) == codec.canonical(
            [codec.dump(each) for each in self.effects]
        )
        assert state == self.state


TestWalks = Walk.TestCase
TestWalks.settings = settings(
    max_examples=400, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
