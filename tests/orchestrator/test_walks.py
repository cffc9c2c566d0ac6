"""Random walks: whatever brains, tools, visitors, staff and dying workers do, the promises of a turn hold.

`HANDRAIL_WALKS` says how many; `make walks` takes 20,000.
"""

import os
from typing import get_args

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from orchestrator.effects import Effect, Finish, OpenTicket, Outside, RunTool, Say, SayPhrase
from orchestrator.events import Event, Outcome, Phase, Phrase, VisitorSaid
from tests.orchestrator.walk import ANSWERS, EDITED, PASSED, World, reached

WALKS = int(os.environ.get("HANDRAIL_WALKS", "400"))
STEPS = 30
ROUNDS = 3  # chance may leave something out: then it walks on
MANY = 2_000  # walks, from which on the rare things must have happened, too


class Walk(World):
    """The promises, looked at after every step."""

    @invariant()
    def at_most_three_calls_each_asked_for_and_begun_once(self) -> None:
        ran = [effect.call.id for effect in self.effects if isinstance(effect, RunTool) and not effect.wait_ms]
        assert len(ran) <= 3
        assert set(ran) <= self.proposed, "a tool ran that nobody asked for"
        assert len(ran) == len(set(ran)), "a call began twice"

    @invariant()
    def one_ticket_and_one_handoff(self) -> None:
        assert len(self.tickets) <= 1
        assert len(self.handoffs) <= 1
        if self.limits.mode == "shadow" and not self.limits.closed:
            assert not self.tickets

    @invariant()
    def says_only_what_the_guards_or_a_person_passed(self) -> None:
        assert all(effect.text in {PASSED, EDITED} for effect in self.effects if isinstance(effect, Say))

    @invariant()
    def one_reply_one_end(self) -> None:
        assert sum(isinstance(effect, Say | SayPhrase) for effect in self.effects) <= 1
        assert sum(isinstance(effect, Finish) for effect in self.effects) == (self.state.phase is Phase.DONE)
        assert sum(isinstance(effect, OpenTicket) for effect in self.effects) <= 1

    @invariant()
    def never_stuck_and_never_silent(self) -> None:
        if self.state.phase is Phase.DONE:
            assert self.claimed or any(isinstance(effect, Say | SayPhrase) for effect in self.effects)
        else:
            assert (self.pending is None) == (self.state.phase is Phase.REVIEWING)

    @invariant()
    def work_is_bounded(self) -> None:
        """A brain that asks for tools for ever, or a tool that fails for ever, gets so much and no more."""
        work = sum(isinstance(effect, Outside) for effect in self.effects)
        said = sum(isinstance(event, VisitorSaid) for event in self.events)
        tools = self.limits.max_tool_calls * (2 + len(self.limits.tool_retry_delays_ms))
        assert work <= said * self.limits.models + 1 + self.limits.max_redrafts + tools

    @invariant()
    def nothing_is_tried_for_ever(self) -> None:
        assert self.heeded["CallsRefused"] <= 2
        assert self.heeded["DraftFailedGuard"] <= 1 + self.limits.max_redrafts
        assert self.heeded["BrainFailed"] <= self.limits.models * self.heeded["VisitorSaid"]
        assert self.heeded["ToolFailed"] <= self.limits.max_tool_calls * (1 + len(self.limits.tool_retry_delays_ms))


def test_whatever_happens_the_promises_of_a_turn_hold() -> None:
    reached.clear()
    how = settings(
        max_examples=WALKS, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    for _ in range(ROUNDS):
        run_state_machine_as_test(Walk, settings=how)
        if not (missed := sorted(everything() - reached.keys())):
            break
    print(f"{reached['walks']} walks:", ", ".join(f"{name} {count}" for name, count in reached.most_common()))
    assert not missed, f"no walk came by {missed}"
    assert reached["walks"] >= WALKS


def everything() -> set[str]:
    """What the walks must have come by, or they would prove little."""
    seen = {phase.value for phase in Phase}
    ends = {outcome.value for outcome in Outcome} | {"shadow handed_off", "review answered", "review handed_off"}
    kinds = {kind.__name__ for kind in get_args(Event | Effect)}
    claims = {f"claimed while {phase}" for phase in ("planning", "using_tool")}
    words = {Phrase.PERSON_CALLED.value, Phrase.NOBODY_THERE.value}
    return {*seen, *ends, *kinds, *claims, *words, "a result is lost"} | (rare() if WALKS >= MANY else set())


def rare() -> set[str]:
    """What only many walks come by for certain."""
    late = {f"{kind.__name__} late" for kind in get_args(ANSWERS)}
    return late | {"claimed while drafting", "claimed while reviewing"}
