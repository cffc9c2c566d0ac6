"""The world around a turn, played by chance: brains, tools, visitors, staff and dying workers."""

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from orchestrator import codec
from orchestrator.effects import (
    CheckDraft,
    Draft,
    Effect,
    Finish,
    HoldForReview,
    OpenTicket,
    Outside,
    Plan,
    QueueHandoff,
    RunTool,
    Say,
    SayPhrase,
    ScreenMessage,
    State,
    key_of,
)
from orchestrator.events import (
    BrainFailed,
    Call,
    CallsProposed,
    CallsRefused,
    DeadlinePassed,
    DraftApproved,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftRefused,
    DraftWritten,
    Event,
    HandoffQueued,
    Limits,
    MessageScreened,
    PersonAskedFor,
    PersonClaimed,
    Phase,
    Phrase,
    Result,
    Spent,
    TicketOpened,
    ToolFailed,
    ToolReturned,
    TurnOpened,
    Verdict,
    VisitorSaid,
)
from orchestrator.machine import comes_late, step
from tools.catalog import TOOLS

PASSED, EDITED = "passed by the guards", "edited by Ana"
ANSWERS = Result | DraftApproved | DraftRefused  # what may come late, or twice

NAMES = st.sampled_from([tool.name for tool in TOOLS])
CALLS = st.lists(st.tuples(NAMES, st.sampled_from(["{}", '{"a":1}'])), min_size=1, max_size=5)
TEN_TICKETS = st.just([("create_ticket", "{}")] * 10)
PICK = st.integers(0, 30)
LIMITS = st.builds(
    Limits,
    models=st.integers(1, 2),
    mode=st.sampled_from(["review", "live", "shadow", "review"]),
    review_kinds=st.sampled_from([(), ("answer",)]),
    review_below=st.sampled_from([0.0, 0.5]),
    closed=st.sampled_from([False, False, True]),
)

# What a brain or a tool is stuck in.
HABITS = st.sampled_from(["", "", "refused", "bad", "failed", "calls", "try again"])
RARELY = st.integers(0, 7).map(lambda number: number == 5)  # not an edge, which hypothesis likes
INTERRUPTIONS: dict[str, Event] = {
    "deadline": DeadlinePassed(),
    "button": PersonAskedFor("button"),
    "claimed": PersonClaimed("Ana"),
}

reached: Counter[str] = Counter()


class World(RuleBasedStateMachine):
    """One turn after the other, with everything around it played by chance."""

    @initialize(limits=LIMITS, habit=HABITS)
    def open(self, limits: Limits, habit: str) -> None:
        self.state = State()
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.pending: Outside | None = None
        self.limits, self.habit, self.confidence = limits, habit, 1.0
        self.heeded: Counter[str] = Counter()  # events that did not come late
        self.claimed = self.refused = self.released = False
        self.proposed: set[str] = set()
        self.tickets: set[str] = set()  # the keys under which one was written
        self.handoffs: set[str] = set()
        self.happen(TurnOpened(limits, "settings", (("plan", "hash"),)))
        self.say(refused=False)

    def happen(self, event: Event) -> None:
        """Step as the journal does: from JSON, to JSON, and the inside effects answered at once."""
        before, late = codec.canonical(codec.dump(self.state)), comes_late(self.state, event)
        again = step(codec.load_state(codec.dump(self.state)), codec.load_event(codec.dump(event)))
        self.state, done = step(self.state, event)
        assert as_bytes(*again) == as_bytes(self.state, done), "it replays otherwise"
        if late:
            assert not done
            assert codec.canonical(codec.dump(self.state)) == before, "a late answer changed something"
        self.count(event, late=late)
        self.events.append(event)
        self.effects.extend(done)
        for effect in done:
            reached[type(effect).__name__] += 1
            self.answer(effect)

    def count(self, event: Event, *, late: bool) -> None:
        """Note what this walk has come by."""
        reached[type(event).__name__ + (" late" if late else "")] += 1
        self.heeded[type(event).__name__] += not late
        reached[self.state.phase] += 1
        if self.state.outcome:
            reached[self.state.outcome] += 1
            reached[f"{self.limits.mode} {self.state.outcome}"] += 1

    def answer(self, effect: Effect) -> None:
        """Play the world for one effect."""
        match effect:
            case Plan() | Draft() | RunTool():
                self.pending = effect
            case ScreenMessage():
                guard = "disclosures" if len(self.events) % 2 else "length"
                self.happen(MessageScreened((Verdict(guard, passed=not self.refused, reason="why"),)))
            case CheckDraft(text):
                self.released = not self.must_be_held()
                good = DraftPassedGuards((), text, confidence=self.confidence)
                self.happen(good if text == PASSED else DraftFailedGuard((), "no"))
            case HoldForReview():
                assert self.limits.mode == "review"
                self.pending = None
            case OpenTicket():
                self.tickets.add("ticket")
                self.happen(TicketOpened(1, address_known=True))
            case QueueHandoff():
                self.handoffs.add("handoff")
                self.happen(HandoffQueued(1))
            case Say():
                assert not self.claimed, "it speaks while a person has the thread"
                assert self.released, "nobody of the staff has approved it"
            case SayPhrase(phrase):
                self.check_phrase(phrase)
            case Finish():
                self.pending = None

    def check_phrase(self, phrase: Phrase) -> None:
        """Silence while a person has it; in shadow only that people are called; and never a call to nobody."""
        called = {Phrase.PERSON_CALLED, Phrase.NOBODY_THERE}
        assert not self.claimed, "it speaks while a person has the thread"
        assert self.limits.mode != "shadow" or phrase in called
        assert phrase is not (Phrase.PERSON_CALLED if self.limits.closed else Phrase.NOBODY_THERE)
        if phrase in called:
            assert self.handoffs, "nobody was called"
            assert self.tickets or phrase is Phrase.PERSON_CALLED
            reached[phrase] += 1

    def must_be_held(self) -> bool:
        """True where the visitor may not see this draft yet: in shadow never, in review as the site has chosen."""
        kinds, below = self.limits.review_kinds, self.limits.review_below
        chosen = self.state.intent in kinds or self.confidence < below
        every = kinds == () and below == 0
        return self.limits.mode == "shadow" or (self.limits.mode == "review" and (every or chosen))

    @precondition(lambda self: self.state.phase is Phase.DONE)
    @rule(limits=LIMITS, habit=HABITS)
    def open_another(self, limits: Limits, habit: str) -> None:
        self.replay()
        self.open(limits, habit)

    @precondition(lambda self: isinstance(self.pending, Plan | Draft))
    @rule(
        kind=st.sampled_from(["calls", "good", "calls", "refused", "failed", "no money", "good", "bad"]),
        wanted=CALLS | TEN_TICKETS,
        intent=st.sampled_from(["answer", "answer", "clarify", "smalltalk"]),
        confidence=st.sampled_from([0.3, 1.0]),
        late=RARELY,
        free=RARELY,
    )
    def think(
        self, *, kind: str, wanted: list[tuple[str, str]], intent: str, confidence: float, late: bool, free: bool
    ) -> None:
        assert self.pending is not None
        n, self.confidence = self.pending.n - late, confidence
        calls = tuple(Call(f"{n}.{i}", name, arguments) for i, (name, arguments) in enumerate(wanted))
        said: dict[str, Event] = {
            "calls": CallsProposed(n, calls, Spent("m", 10, 2, cost_micro=5)),
            "refused": CallsRefused(n, "no such tool"),
            "failed": BrainFailed(n, "503", Spent("m", 10, estimated=True)),
            "no money": BrainFailed(n, "The budget of this conversation is used up."),
            "good": DraftWritten(n, PASSED, intent),
            "bad": DraftWritten(n, "unsupported", intent),
        }
        self.proposed.update(call.id for call in calls)
        self.happen(said[self.habit if self.habit in said and not free else kind])

    @precondition(lambda self: isinstance(self.pending, RunTool))
    @rule(kind=st.sampled_from(["returned", "try again", "failed", "lost", "returned", "try again"]), late=RARELY)
    def use_tool(self, kind: str, *, late: bool) -> None:
        """Run it. One that may be tried again may have written all the same; so may one whose worker died.

        A lost result changes nothing: whoever comes next begins again with what is pending.
        """
        assert self.pending is not None
        n, kind = self.pending.n - late, "try again" if self.habit == "try again" else kind
        if kind != "failed":
            self.write()
        if kind == "lost":
            reached["a result is lost"] += 1
        elif kind == "returned":
            self.happen(ToolReturned(n, "{}"))
        else:
            self.happen(ToolFailed(n, "down", again=kind == "try again"))

    def write(self) -> None:
        """Play the tool's side effect, under its key."""
        assert isinstance(self.pending, RunTool)
        key = key_of(self.pending.call)
        if self.pending.call.tool == "create_ticket":
            self.tickets.add(key)
        elif self.pending.call.tool == "handoff_human":
            self.handoffs.add(key)

    @precondition(lambda self: self.state.phase is Phase.REVIEWING)
    @rule(yes=st.booleans(), edited=st.booleans(), stale=RARELY)
    def review(self, *, yes: bool, edited: bool, stale: bool) -> None:
        n = self.state.n - stale
        self.released = yes and not stale
        text = EDITED if edited else PASSED
        self.happen(DraftApproved(n, "Ana", text) if yes else DraftRefused(n, "Ana", "wrong tone"))

    @rule(what=st.sampled_from(["", "twice", "", "said", "claimed", "", "deadline", "button", "refused"]), pick=PICK)
    def meddle(self, what: str, pick: int) -> None:
        """What nobody waits for. `twice`: by a worker that lost its lease, or a click that came twice."""
        old = [event for event in self.events if isinstance(event, ANSWERS) and comes_late(self.state, event)]
        if what == "twice" and old:
            self.happen(old[pick % len(old)])
        elif what in {"said", "refused"} and self.state.phase is not Phase.DONE:
            self.say(refused=what == "refused")
        elif what in INTERRUPTIONS:
            self.interrupt(INTERRUPTIONS[what])

    def say(self, *, refused: bool) -> None:
        """The visitor writes; the input guards will refuse it or not."""
        self.refused = refused
        self.happen(VisitorSaid("m"))

    def interrupt(self, what: Event) -> None:
        """Whatever is going on, this ends it."""
        if isinstance(what, PersonClaimed) and self.state.phase is not Phase.DONE:
            self.claimed = True
            reached[f"claimed while {self.state.phase}"] += 1
        self.happen(what)

    def teardown(self) -> None:
        """The deadline always ends it."""
        if hasattr(self, "state"):
            self.happen(DeadlinePassed())
            assert self.state.phase is Phase.DONE
            self.replay()
            reached["walks"] += 1

    def replay(self) -> None:
        """The journal of the whole turn, read back from JSON, gives the same to the byte."""
        state, done = State(), list[Effect]()
        for event in self.events:
            state, more = step(state, codec.load_event(codec.dump(event)))
            done.extend(more)
        assert as_bytes(state, tuple(done)) == as_bytes(self.state, tuple(self.effects))
        reached["turns"] += 1


def as_bytes(state: State, done: tuple[Effect, ...]) -> bytes:
    return codec.canonical([codec.dump(each) for each in (state, *done)])
