"""What happens next: `step(state, event) -> (state, effects)`, and nothing else.

Two rules. No clock, chance, disk or network: everything it knows stands in its arguments. And no event is ignored by
accident: an answer that comes late is swallowed here by name, any other illegal (state, event) raises.

    OPEN ── VisitorSaid ──> PLANNING <──> USING_TOOL ──> DRAFTING ──> CHECKING ──> (REVIEWING) ──> DONE
                                └────────────┴───────────────┴────────────┴────────────┴──> ESCALATING ──> DONE

CHECKING and ESCALATING are passed within one transaction, so nobody outside ever meets them.
"""

from dataclasses import replace

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
    VisitorSaid,
)

Step = tuple[State, tuple[Effect, ...]]

HANDOFF_TOOL = "handoff_human"
TICKET_TOOL = "create_ticket"
NO_TOOLS_LEFT = "No tool may be called any more in this turn: answer with what is known."
NO_TICKET = "create_ticket can't be called (any more) in this turn: answer with what is known."
SHADOWED = "The assistant works in shadow mode: its answer is kept in the journal, and a person answers."
OUT_OF_HOURS = "A person was wanted out of hours."
REFUSED = "The guards refused what the visitor wrote."
FOR_A_PERSON = "disclosures"  # the guard whose objection a person must see
THINKING = (Phase.PLANNING, Phase.DRAFTING)
WORKING = (Phase.OPEN, Phase.PLANNING, Phase.USING_TOOL, Phase.DRAFTING, Phase.REVIEWING)  # met between transactions


class IllegalEvent(Exception):
    """This event can't happen in this phase."""


def step(state: State, event: Event) -> Step:
    """The next state, and what is to be done now. Raises IllegalEvent."""
    if comes_late(state, event):
        return state, ()
    match state.phase, event:
        case Phase.OPEN, TurnOpened(limits):
            return replace(state, limits=limits), ()
        case _, VisitorSaid(message_id) if state.phase in WORKING:
            return state, (ScreenMessage(message_id),)
        case _, MessageScreened() if state.phase in WORKING:
            return _screened(state, event)
        case _, CallsProposed(_, calls) if state.phase in THINKING:
            return _use_tools(state, calls)
        case _, CallsRefused(_, error) if state.phase in THINKING:
            return _refuse_calls(state, error)
        case _, DraftWritten(_, text, intent) if state.phase in THINKING:
            return replace(state, phase=Phase.CHECKING, intent=intent), (CheckDraft(text, intent),)
        case _, BrainFailed(_, reason) if state.phase in THINKING:
            return _next_brain(state, reason)
        case Phase.USING_TOOL, ToolReturned():
            return _after_tool(state)
        case Phase.USING_TOOL, ToolFailed():
            return _retry_tool(state, event)
        case Phase.CHECKING, DraftPassedGuards():
            return _release(state, event)
        case Phase.CHECKING, DraftFailedGuard(_, reason):
            return _redraft(state, reason)
        case Phase.REVIEWING, DraftApproved(_, _, text, citations):
            return _finish(state, _outcome(state), Say(text, citations))
        case Phase.REVIEWING, DraftRefused(_, person, reason):
            return _hand_off(state, f"{person} did not approve the answer: {reason}")
        case Phase.ESCALATING, TicketOpened(number, known) if state.phrase is not None:
            outcome = Outcome.FAILED if state.phrase is Phrase.BRAIN_DOWN else Outcome.TICKETED
            return _finish(state, outcome, SayPhrase(state.phrase, number, known))
        case Phase.ESCALATING, HandoffQueued() if state.phrase is None:
            return _await_person(state)
        case _, PersonAskedFor(reason) if state.phase in WORKING:
            return _hand_off(state, reason)
        case _, PersonClaimed() if state.phase in WORKING:
            return _finish(state, Outcome.HANDED_OFF)  # the person speaks now, the bot is silent
        case _, DeadlinePassed() if state.phase in WORKING:
            return _ticket(state, Phrase.CHECKING_FURTHER, "The answer took longer than a turn may.")
    raise IllegalEvent(f"{type(event).__name__} while {state.phase}")


def comes_late(state: State, event: Event) -> bool:
    """True for an answer to an effect that nobody waits for any more, and for whatever follows the end."""
    match event:
        case CallsProposed(n) | CallsRefused(n) | DraftWritten(n) | BrainFailed(n) | ToolReturned(n) | ToolFailed(n):
            return n != state.n or state.phase is Phase.DONE
        case DraftApproved(n) | DraftRefused(n):  # of a draft that is void by now
            return n != state.n or state.phase is Phase.DONE
        case DeadlinePassed() | PersonClaimed() | PersonAskedFor():
            return state.phase is Phase.DONE
    return False


def _screened(state: State, event: MessageScreened) -> Step:
    passed = all(verdict.passed for verdict in event.verdicts)
    if state.phase is Phase.USING_TOOL:  # never cut a tool short: it may be writing
        refused = _for_a_person(event) or state.refused or not passed  # a reason outlives a plain refusal
        return replace(state, said_more=True, refused=refused), ()
    if told := _for_a_person(event):
        return _hand_off(state, told)
    return _plan(replace(state, model=0)) if passed else _turn_down(state)


def _for_a_person(event: MessageScreened) -> str:
    """Why a person must see the message, or "": words of illness, of courts, of self-harm are no assistant's matter."""
    return next((each.reason for each in event.verdicts if each.guard == FOR_A_PERSON and not each.passed), "")


def _turn_down(state: State) -> Step:
    if state.limits.mode == "shadow":
        return _hand_off(state, REFUSED)
    if state.ticketed:  # the visitor must hear of it: the same ticket is found by its key
        return _ticket(state, Phrase.CHECKING_FURTHER, REFUSED)
    return _finish(state, Outcome.ABSTAINED, SayPhrase(Phrase.CANNOT_HELP))


def _plan(state: State, feedback: str = "") -> Step:
    state = replace(state, phase=Phase.PLANNING, n=state.n + 1, said_more=False)
    return state, (Plan(state.n, state.model, _calls_left(state), feedback),)


def _draft(state: State, feedback: str = "") -> Step:
    state = replace(state, phase=Phase.DRAFTING, n=state.n + 1)
    return state, (Draft(state.n, state.model, _calls_left(state), feedback),)


def _think_again(state: State, feedback: str = "") -> Step:
    return _plan(state, feedback) if state.phase is Phase.PLANNING else _draft(state, feedback)


def _calls_left(state: State) -> int:
    return max(0, state.limits.max_tool_calls - state.calls_made)


def _use_tools(state: State, calls: tuple[Call, ...]) -> Step:
    left = _calls_left(state)
    if not left:
        return _refuse_calls(state, NO_TOOLS_LEFT)
    allowed = _sensible(state, calls)[:left]
    return _run(state, allowed) if allowed else _refuse_calls(state, NO_TICKET)


def _sensible(state: State, calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Those of `calls` that may run.

    A call for a person goes alone and first: what else was asked for is theirs to decide, and no limit may cut it off.
    One turn opens one ticket, whatever the arguments: further calls are dropped. A shadow opens none.
    """
    if person := next((call for call in calls if call.tool == HANDOFF_TOOL), None):
        return (person,)
    kept, may_open = list[Call](), not state.ticketed and state.limits.mode != "shadow"
    for call in calls:
        if call.tool != TICKET_TOOL or may_open:
            kept.append(call)
        may_open = may_open and call.tool != TICKET_TOOL
    return tuple(kept)


def _run(state: State, calls: tuple[Call, ...]) -> Step:
    first, *rest = calls
    state = replace(
        state,
        phase=Phase.USING_TOOL,
        n=state.n + 1,
        running=first,
        waiting_calls=tuple(rest),
        calls_made=state.calls_made + 1,
        tool_attempt=0,
    )
    return state, (RunTool(state.n, first),)


def _refuse_calls(state: State, error: str) -> Step:
    if state.calls_refused:
        return _hand_off(state, "The assistant asked twice for something that its tools can't do.")
    return _think_again(replace(state, calls_refused=1), error)


def _next_brain(state: State, reason: str) -> Step:
    if state.model + 1 < state.limits.models:
        return _think_again(replace(state, model=state.model + 1))
    return _ticket(state, Phrase.BRAIN_DOWN, f"The assistant could not answer: {reason}")


def _after_tool(state: State) -> Step:
    done = state.running
    state = replace(state, running=None)
    if done is not None and done.tool == HANDOFF_TOOL:
        return _await_person(state)
    if done is not None and done.tool == TICKET_TOOL:
        state = replace(state, ticketed=True)
    return _carry_on(state)


def _carry_on(state: State) -> Step:
    if state.refused:
        return _hand_off(state, state.refused) if isinstance(state.refused, str) else _turn_down(state)
    if state.said_more:  # what the visitor added may change the rest of the plan
        return _plan(replace(state, waiting_calls=()))
    if state.waiting_calls:
        return _run(state, state.waiting_calls)
    return _draft(state)


def _retry_tool(state: State, event: ToolFailed) -> Step:
    delays, call = state.limits.tool_retry_delays_ms, state.running
    if call is not None and event.again and state.tool_attempt < len(delays):
        again = replace(state, n=state.n + 1, tool_attempt=state.tool_attempt + 1)
        return again, (RunTool(again.n, call, delays[state.tool_attempt]),)
    worn_out: tuple[Effect, ...] = (OpenCircuit(call.tool),) if call is not None and event.again else ()
    state = replace(state, running=None)
    if call is not None and call.tool == HANDOFF_TOOL:
        state, effects = _hand_off(state, "The assistant called a person, and its tool gave no answer.")
    else:
        state, effects = _carry_on(state)
    return state, worn_out + effects


def _redraft(state: State, reason: str) -> Step:
    if state.redrafts < state.limits.max_redrafts:
        return _draft(replace(state, redrafts=state.redrafts + 1), reason)
    return _ticket(state, Phrase.NOT_CERTAIN, f"The answer did not pass the checks: {reason}")


def _release(state: State, draft: DraftPassedGuards) -> Step:
    if state.limits.mode == "shadow":
        return _hand_off(state, SHADOWED)
    if state.limits.mode == "review" and _is_held(state, draft.confidence):
        state = replace(state, phase=Phase.REVIEWING, n=state.n + 1)
        return state, (HoldForReview(draft.text, draft.citations),)
    return _finish(state, _outcome(state), Say(draft.text, draft.citations))


def _is_held(state: State, confidence: float) -> bool:
    kinds, below = state.limits.review_kinds, state.limits.review_below
    return (not kinds and not below) or state.intent in kinds or confidence < below


def _ticket(state: State, phrase: Phrase, reason: str) -> Step:
    if state.limits.mode == "shadow":  # "we'll follow up" would be a word of our own
        return _hand_off(state, reason)
    return replace(state, phase=Phase.ESCALATING, phrase=phrase), (OpenTicket(reason),)


def _hand_off(state: State, reason: str) -> Step:
    return replace(state, phase=Phase.ESCALATING), (QueueHandoff(reason),)


def _await_person(state: State) -> Step:
    """The thread is in the queue. Out of hours a ticket stands beside it, in every mode: no brain says so."""
    if state.limits.closed:
        return replace(state, phase=Phase.ESCALATING, phrase=Phrase.NOBODY_THERE), (OpenTicket(OUT_OF_HOURS),)
    return _finish(state, Outcome.HANDED_OFF, SayPhrase(Phrase.PERSON_CALLED))


def _outcome(state: State) -> Outcome:
    if state.ticketed:
        return Outcome.TICKETED
    return Outcome.ABSTAINED if state.intent in {"abstain", "clarify"} else Outcome.ANSWERED


def _finish(state: State, outcome: Outcome, *words: Say | SayPhrase) -> Step:
    state = replace(state, phase=Phase.DONE, outcome=outcome, running=None, waiting_calls=())
    return state, (*words, Finish(outcome))
