"""The machine by example: events in, effects out, no fake anywhere."""

import pytest

from orchestrator.effects import (
    CheckDraft,
    Draft,
    Effect,
    Finish,
    HoldForReview,
    OpenCircuit,
    OpenTicket,
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
    Outcome,
    PersonAskedFor,
    PersonClaimed,
    Phase,
    Phrase,
    TicketOpened,
    ToolFailed,
    ToolReturned,
    TurnOpened,
    Verdict,
    VisitorSaid,
)
from orchestrator.machine import HANDOFF_TOOL, OUT_OF_HOURS, TICKET_TOOL, IllegalEvent, step
from tools.catalog import TOOLS

SEARCH = Call("1.1", "search_kb", '{"query":"returns","top_k":3}')
ORDER = Call("1.2", "get_order", '{"order_id":"10231","email":null}')
TICKET = Call("1.3", "create_ticket", "{}")
PERSON = Call("1.4", "handoff_human", "{}")
CLEAN = MessageScreened((Verdict("length", passed=True),))
ASKED: list[Event] = [TurnOpened(Limits(models=2)), VisitorSaid("m1"), CLEAN]


def run(*events: Event, begin: list[Event] = ASKED) -> tuple[State, tuple[Effect, ...]]:
    """The state, and the effects of the last event."""
    state, effects = State(), tuple[Effect, ...]()
    for event in [*begin, *events]:
        state, effects = step(state, event)
    return state, effects


def test_a_message_is_screened_then_planned() -> None:
    assert run(begin=ASKED[:2])[1] == (ScreenMessage("m1"),)
    assert run()[1] == (Plan(n=1, calls_left=3),)


def test_search_draft_check_say() -> None:
    assert run(CallsProposed(1, (SEARCH,)))[1] == (RunTool(2, SEARCH),)
    found: list[Event] = [CallsProposed(1, (SEARCH,)), ToolReturned(2, "{}")]
    assert run(*found)[1] == (Draft(n=3, calls_left=2),)
    drafted: list[Event] = [*found, DraftWritten(3, "60 days [c1].", "answer")]
    assert run(*drafted)[1] == (CheckDraft("60 days [c1].", "answer"),)
    state, effects = run(*drafted, DraftPassedGuards((), "60 days [1].", ({"n": 1},)))
    assert effects == (Say("60 days [1].", ({"n": 1},)), Finish(Outcome.ANSWERED))
    assert state.phase is Phase.DONE


@pytest.mark.parametrize(
    ("intent", "outcome"),
    [("answer", "answered"), ("smalltalk", "answered"), ("abstain", "abstained"), ("clarify", "abstained")],
)
def test_the_outcome_follows_the_intent(intent: str, outcome: str) -> None:
    state, _ = run(DraftWritten(1, "…", intent), DraftPassedGuards((), "…"))
    assert state.outcome == outcome


def test_no_more_than_three_calls_in_a_turn() -> None:
    state, effects = run(CallsProposed(1, (SEARCH, SEARCH, SEARCH, SEARCH)))
    for n in (2, 3):
        assert effects == (RunTool(n, SEARCH),)
        state, effects = step(state, ToolReturned(n, "{}"))
    state, effects = step(state, ToolReturned(4, "{}"))
    assert effects == (Draft(n=5, calls_left=0),)
    state, effects = step(state, CallsProposed(5, (SEARCH,)))
    assert isinstance(effects[0], Draft)
    assert effects[0].feedback


def test_a_bad_call_goes_back_once_then_a_person_comes() -> None:
    assert run(CallsRefused(1, "no such tool"))[1] == (Plan(n=2, calls_left=3, feedback="no such tool"),)
    _, effects = run(CallsRefused(1, "no such tool"), CallsRefused(2, "no such tool"))
    assert isinstance(effects[0], QueueHandoff)


def test_a_tool_is_retried_with_the_delays_then_its_failure_reaches_the_brain() -> None:
    events: list[Event] = [CallsProposed(1, (ORDER,)), ToolFailed(2, "down", again=True)]
    assert run(*events)[1] == (RunTool(3, ORDER, wait_ms=200),)
    events += [ToolFailed(3, "down", again=True)]
    assert run(*events)[1] == (RunTool(4, ORDER, wait_ms=400),)
    events += [ToolFailed(4, "down", again=True)]
    assert run(*events)[1] == (OpenCircuit("get_order"), Draft(n=5, calls_left=2))


def test_a_refusal_by_a_tool_is_not_retried() -> None:
    assert run(CallsProposed(1, (ORDER,)), ToolFailed(2, "too many attempts", again=False))[1] == (
        Draft(n=3, calls_left=2),
    )


def test_the_fallback_brain_gets_the_same_step_and_after_it_comes_a_ticket() -> None:
    assert run(BrainFailed(1, "503"))[1] == (Plan(n=2, model=1, calls_left=3),)
    state, effects = run(BrainFailed(1, "503"), BrainFailed(2, "503"))
    assert isinstance(effects[0], OpenTicket)
    state, effects = step(state, TicketOpened(1001, address_known=False))
    assert effects == (SayPhrase(Phrase.BRAIN_DOWN, 1001, address_known=False), Finish(Outcome.FAILED))


def test_a_guard_that_objects_is_told_once_then_a_neutral_reply_and_a_ticket() -> None:
    draft: list[Event] = [DraftWritten(1, "90 days", "answer"), DraftFailedGuard((), "90 is nowhere")]
    assert run(*draft)[1] == (Draft(n=2, calls_left=3, feedback="90 is nowhere"),)
    state, effects = run(*draft, DraftWritten(2, "90 days", "answer"), DraftFailedGuard((), "90 is nowhere"))
    assert isinstance(effects[0], OpenTicket)
    assert step(state, TicketOpened(7, address_known=True))[1][0] == SayPhrase(
        Phrase.NOT_CERTAIN, 7, address_known=True
    )


def test_a_message_that_the_guards_refuse_gets_a_neutral_reply() -> None:
    _, effects = run(begin=[*ASKED[:2], MessageScreened((Verdict("length", passed=False),))])
    assert effects == (SayPhrase(Phrase.CANNOT_HELP), Finish(Outcome.ABSTAINED))


def test_several_quick_messages_get_one_answer() -> None:
    state, effects = run(VisitorSaid("m2"), CLEAN)
    assert effects == (Plan(n=2, calls_left=3),)
    assert step(state, DraftWritten(1, "to the first alone", "answer")) == (state, ())  # late, swallowed
    assert isinstance(step(state, DraftWritten(2, "to both", "answer"))[1][0], CheckDraft)


def test_a_message_during_a_tool_waits_for_it_and_then_plans_again() -> None:
    _, effects = run(CallsProposed(1, (TICKET, SEARCH)), VisitorSaid("m2"), CLEAN, ToolReturned(2, "{}"))
    assert effects == (Plan(n=3, calls_left=2),)


def test_a_handoff_by_the_brain_ends_the_turn() -> None:
    _, effects = run(CallsProposed(1, (PERSON,)), ToolReturned(2, "{}"))
    assert effects == (SayPhrase(Phrase.PERSON_CALLED), Finish(Outcome.HANDED_OFF))


def test_the_button_works_before_anything_was_said() -> None:
    state, effects = run(PersonAskedFor("button"), begin=[TurnOpened(Limits())])
    assert effects == (QueueHandoff("button"),)
    assert step(state, HandoffQueued(1))[1] == (SayPhrase(Phrase.PERSON_CALLED), Finish(Outcome.HANDED_OFF))


@pytest.mark.parametrize("mode", ["live", "review", "shadow"])
def test_out_of_hours_a_ticket_stands_beside_the_handoff(mode: str) -> None:
    state, effects = run(PersonAskedFor("button"), begin=[TurnOpened(Limits(mode=mode, closed=True))])
    assert effects == (QueueHandoff("button"),)
    state, effects = step(state, HandoffQueued(1))
    assert effects == (OpenTicket(OUT_OF_HOURS),)
    said = SayPhrase(Phrase.NOBODY_THERE, 5, address_known=False)
    assert step(state, TicketOpened(5, address_known=False))[1] == (said, Finish(Outcome.TICKETED))


def test_out_of_hours_the_brains_handoff_ends_in_a_ticket_too() -> None:
    begin: list[Event] = [TurnOpened(Limits(closed=True)), *ASKED[1:]]
    _, effects = run(CallsProposed(1, (PERSON,)), ToolReturned(2, "{}"), begin=begin)
    assert effects == (OpenTicket(OUT_OF_HOURS),)


def test_a_claim_silences_the_bot_and_what_comes_late_is_swallowed() -> None:
    state, effects = run(CallsProposed(1, (SEARCH,)), PersonClaimed("Ana"))
    assert effects == (Finish(Outcome.HANDED_OFF),)
    for late in (ToolReturned(2, "{}"), DraftWritten(2, "…", "answer"), DeadlinePassed(), BrainFailed(2, "")):
        assert step(state, late) == (state, ())


def test_the_deadline_ends_in_a_ticket() -> None:
    state, effects = run(CallsProposed(1, (SEARCH,)), DeadlinePassed())
    assert isinstance(effects[0], OpenTicket)
    assert step(state, TicketOpened(5, address_known=True))[1][-1] == Finish(Outcome.TICKETED)


def test_an_illegal_event_raises() -> None:
    with pytest.raises(IllegalEvent, match="ToolReturned while planning"):
        run(ToolReturned(1, "{}"))


REFUSED = MessageScreened((Verdict("length", passed=False, reason="…"),))


def test_every_writing_tool_is_known_to_write_under_one_key_a_turn() -> None:
    writing = {tool.name for tool in TOOLS if tool.kind == "writes"}
    assert writing == {TICKET_TOOL, HANDOFF_TOOL}
    assert [key_of(call) for call in (TICKET, PERSON, SEARCH)] == ["ticket", "handoff", "1.1"]


def test_ten_tickets_at_once_are_one() -> None:
    tickets = tuple(Call(f"1.{i}", "create_ticket", f'{{"subject":"{i}"}}') for i in range(10))
    state, effects = run(CallsProposed(1, tickets))
    assert effects == (RunTool(2, tickets[0]),)
    assert state.waiting_calls == ()


def test_a_second_ticket_goes_back_to_the_brain_once_then_a_person_comes() -> None:
    opened: list[Event] = [CallsProposed(1, (TICKET,)), ToolReturned(2, "{}")]
    state, effects = run(*opened, CallsProposed(3, (TICKET,)))
    assert isinstance(effects[0], Draft)
    assert "create_ticket" in effects[0].feedback
    assert isinstance(step(state, CallsProposed(4, (TICKET,)))[1][0], QueueHandoff)


def test_a_ticket_that_was_not_opened_may_be_tried_otherwise() -> None:
    failed: list[Event] = [CallsProposed(1, (TICKET,)), ToolFailed(2, "no address", again=False)]
    assert run(*failed, CallsProposed(3, (TICKET,)))[1] == (RunTool(4, TICKET),)


def test_a_call_for_a_person_goes_first_and_alone() -> None:
    state, effects = run(CallsProposed(1, (SEARCH, ORDER, SEARCH, PERSON)))
    assert effects == (RunTool(2, PERSON),)
    assert state.waiting_calls == ()


def test_a_person_comes_although_the_tool_that_calls_one_does_not_answer() -> None:
    _, effects = run(CallsProposed(1, (PERSON,)), ToolFailed(2, "down", again=False))
    assert [type(effect) for effect in effects] == [QueueHandoff]


def test_a_message_that_is_refused_during_a_tool_waits_for_it() -> None:
    state, effects = run(CallsProposed(1, (SEARCH,)), VisitorSaid("m2"), REFUSED)
    assert effects == ()
    assert step(state, ToolReturned(2, "{}"))[1] == (SayPhrase(Phrase.CANNOT_HELP), Finish(Outcome.ABSTAINED))


def test_a_ticket_that_was_opened_is_told_although_the_next_message_is_refused() -> None:
    state, effects = run(CallsProposed(1, (TICKET,)), VisitorSaid("m2"), REFUSED, ToolReturned(2, "{}"))
    assert isinstance(effects[0], OpenTicket)
    told = SayPhrase(Phrase.CHECKING_FURTHER, 9, address_known=True)
    assert step(state, TicketOpened(9, address_known=True))[1] == (told, Finish(Outcome.TICKETED))


TOLD = MessageScreened((Verdict("disclosures", passed=False, reason="The visitor speaks of courts."),))


def test_what_a_person_must_see_goes_to_a_person() -> None:
    assert run(VisitorSaid("m2"), TOLD)[1] == (QueueHandoff("The visitor speaks of courts."),)


def test_what_a_person_must_see_waits_for_a_tool_that_runs() -> None:
    state, effects = run(CallsProposed(1, (SEARCH,)), VisitorSaid("m2"), TOLD, VisitorSaid("m3"), REFUSED)
    assert effects == ()
    assert step(state, ToolReturned(2, "{}"))[1] == (QueueHandoff("The visitor speaks of courts."),)


BAD_DRAFT: list[Event] = [DraftWritten(1, "…", "answer"), DraftFailedGuard((), "…")]


def in_review(**limits: object) -> list[Event]:
    return [TurnOpened(Limits(mode="review", **limits)), VisitorSaid("m1"), CLEAN]  # type: ignore[arg-type]


DRAFTED: list[Event] = [DraftWritten(1, "60 days [c1].", "answer"), DraftPassedGuards((), "60 days [1].", ({"n": 1},))]


def test_in_review_a_draft_is_held_until_a_person_agrees() -> None:
    state, effects = run(*DRAFTED, begin=in_review())
    assert effects == (HoldForReview("60 days [1].", ({"n": 1},)),)
    assert state.phase is Phase.REVIEWING
    state, effects = step(state, DraftApproved(state.n, "Ana", "Sixty days.", ()))
    assert effects == (Say("Sixty days.", ()), Finish(Outcome.ANSWERED))


def test_a_draft_that_is_not_approved_brings_a_person() -> None:
    state, _ = run(*DRAFTED, begin=in_review())
    state, effects = step(state, DraftRefused(state.n, "Ana", "out of date"))
    assert effects == (QueueHandoff("Ana did not approve the answer: out of date"),)


@pytest.mark.parametrize(
    ("limits", "intent", "confidence", "held"),
    [
        ({}, "smalltalk", 1.0, True),
        ({"review_kinds": ("answer",)}, "answer", 1.0, True),
        ({"review_kinds": ("answer",)}, "smalltalk", 0.1, False),
        ({"review_below": 0.5}, "answer", 0.4, True),
        ({"review_below": 0.5}, "answer", 0.5, False),
        ({"review_kinds": ("abstain",), "review_below": 0.5}, "abstain", 1.0, True),
        ({"review_kinds": ("abstain",), "review_below": 0.5}, "answer", 0.4, True),
        ({"review_kinds": ("abstain",), "review_below": 0.5}, "answer", 0.9, False),
    ],
)
def test_a_site_chooses_which_drafts_a_person_sees(
    limits: dict[str, object], intent: str, confidence: float, *, held: bool
) -> None:
    drafted = (DraftWritten(1, "…", intent), DraftPassedGuards((), "…", (), confidence))
    state, _ = run(*drafted, begin=in_review(**limits))
    assert (state.phase is Phase.REVIEWING) == held


def test_what_the_visitor_adds_makes_a_held_draft_void() -> None:
    state, effects = run(*DRAFTED, VisitorSaid("m2"), CLEAN, begin=in_review())
    assert effects == (Plan(n=3, calls_left=3),)
    assert step(state, DraftApproved(2, "Ana", "60 days [1].", ())) == (state, ())  # of the void one: swallowed
    assert step(state, DraftRefused(2, "Ana", "no")) == (state, ())


@pytest.mark.parametrize(
    ("event", "effect"),
    [
        (PersonClaimed("Ana"), Finish(Outcome.HANDED_OFF)),
        (PersonAskedFor("button"), QueueHandoff("button")),
        (DeadlinePassed(), OpenTicket("The answer took longer than a turn may.")),
        (REFUSED, SayPhrase(Phrase.CANNOT_HELP)),
    ],
)
def test_a_held_draft_waits_for_nobody_for_ever(event: Event, effect: Effect) -> None:
    assert run(*DRAFTED, event, begin=in_review())[1][0] == effect


@pytest.mark.parametrize(
    "events",
    [
        DRAFTED,
        [DeadlinePassed()],
        [BrainFailed(1, "503")],
        [REFUSED],
        [CallsProposed(1, (TICKET,)), CallsProposed(2, (TICKET,))],
        [*BAD_DRAFT, DraftWritten(2, "…", "answer"), DraftFailedGuard((), "…")],
    ],
)
def test_a_shadow_says_nothing_but_that_a_person_comes(events: list[Event]) -> None:
    state, effects = run(*events, begin=[TurnOpened(Limits(mode="shadow")), VisitorSaid("m1"), CLEAN])
    assert [type(effect) for effect in effects] == [QueueHandoff]
    assert step(state, HandoffQueued(1))[1] == (SayPhrase(Phrase.PERSON_CALLED), Finish(Outcome.HANDED_OFF))


@pytest.mark.parametrize("event", [HandoffQueued(1), VisitorSaid("m2"), DraftApproved(1, "Ana", "…")])
def test_nobody_meets_a_turn_that_escalates(event: Event) -> None:
    state, _ = run(DeadlinePassed())
    with pytest.raises(IllegalEvent):
        step(state, event)
