"""The effects that are performed outside of any transaction: asking a brain, running a tool."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import assert_never

from sqlalchemy import text

from brain.client import Brain, BrainUnavailable, Reply, ToolCall, Usage
from brain.prices import cost_micro, most_micro
from core.db import transaction
from core.log import get_logger
from core.settings import Settings
from orchestrator import asking, budget, circuits
from orchestrator.asking import Question
from orchestrator.budget import BudgetSpent, Settled
from orchestrator.effects import Draft, Outside, Plan, RunTool
from orchestrator.events import BrainFailed, Event
from orchestrator.hands import Hands
from orchestrator.inside import evidence_of
from orchestrator.journal import Lease
from orchestrator.streaming import SentenceStream, Silence
from tools.fitted import storable
from tools.tool import Tool

log = get_logger(__name__)

SHORTEST_S = 0.05  # what a call gets at least, even at the very end of a turn
WITH_A_FALLBACK = 0.6  # share of the time left that a brain gets while another one could be asked after it

# Nobody waits for a reservation to reach the disk: the answer's own commit takes it along, and the sums' rows, which
# all turns of a site share, are locked for less than a millisecond.
SOON = text("SET LOCAL synchronous_commit = off")


@dataclass(frozen=True)
class Done:
    """What an outside effect answered; and what it cost, where a model was asked."""

    event: Event
    call: Settled | None = None


@dataclass(frozen=True)
class World:
    """The brains and tools of this process. Everything that touches the outside is handed in here."""

    settings: Settings
    brains: tuple[Brain, ...]
    tools: tuple[Tool, ...]
    sleep: Callable[[float], None] = time.sleep

    @property
    def hands(self) -> Hands:
        """The tools, as a turn uses them."""
        return Hands(self.settings, self.tools, self.sleep)

    def perform(self, effect: Outside, lease: Lease, seconds_left: float) -> Done:
        """Do it within `seconds_left`; whatever goes wrong is an event, too."""
        left = max(seconds_left, SHORTEST_S)
        match effect:
            case Plan() | Draft():
                return self._think(effect, lease, left)
            case RunTool():
                return Done(self.hands.run(effect, lease, left))
            case _:
                assert_never(effect)

    def _think(self, effect: Plan | Draft, lease: Lease, left: float) -> Done:
        brain = self.brains[effect.model]
        if f"model:{brain.name}" in circuits.resting():
            return Done(BrainFailed(effect.n, f"{brain.name} rests after several failures."))
        offered = self.hands.offered(lease, left) if effect.calls_left else ()
        try:
            question, stream = self._ask(effect, lease, offered)
        except BudgetSpent as error:
            log.warning("budget_spent", cause=error.detail)
            return Done(BrainFailed(effect.n, error.detail))
        share = WITH_A_FALLBACK if effect.model + 1 < len(self.brains) else 1.0
        ask = replace(question.ask, timeout_s=left * share)
        return self._answer(brain, effect, lease, offered, replace(question, ask=ask), stream)

    def _ask(
        self, effect: Plan | Draft, lease: Lease, offered: tuple[Tool, ...]
    ) -> tuple[Question, SentenceStream | Silence]:
        """Put the question together, and write it down with the money that it may cost. Raises BudgetSpent."""
        name = self.brains[effect.model].name
        with transaction() as session:
            session.execute(SOON)
            question = asking.compose(session, lease, effect, offered, self.settings)
            evidence = evidence_of(session, lease.turn)
            micro = most_micro(self.settings, name, question.ask)
            budget.hold(session, lease.case, micro, self.settings)
            asking.keep(session, lease, question, n=effect.n, model=name, held_micro=micro)
        if lease.turn.state.limits.mode != "live":
            return question, Silence()
        return question, SentenceStream(lease.turn_id, lease.thread_id, evidence, told=isinstance(effect, Draft))

    def _answer(
        self,
        brain: Brain,
        effect: Plan | Draft,
        lease: Lease,
        offered: tuple[Tool, ...],
        question: Question,
        stream: SentenceStream | Silence,
    ) -> Done:
        call = Settled(lease.turn_id, effect.n, lease.fence, None)
        try:
            reply = _storable(brain.think(question.ask, lambda piece: stream.hear(storable(piece))))
        except BrainUnavailable as error:
            log.warning("brain_failed", model=brain.name, error=type(error).__name__, cause=error.detail)
            self._note_failure(brain)
            return Done(BrainFailed(effect.n, error.detail), self._priced(call, brain, error.usage, error.detail))
        except Exception as error:
            log.exception("brain_broke", model=brain.name)
            self._note_failure(brain)
            fault = type(error).__name__
            return Done(BrainFailed(effect.n, fault), self._priced(call, brain, None, fault))
        circuits.succeeded(f"model:{brain.name}")
        if reply.text and not reply.calls:
            stream.finish()
        call = replace(self._priced(call, brain, reply.usage, ""), reply=json.dumps(_plain(reply)))
        return Done(asking.understood(effect, reply, offered, call.cost_micro), call)

    def _note_failure(self, brain: Brain) -> None:
        settings = self.settings
        circuits.failed(
            f"model:{brain.name}",
            threshold=settings.model_circuit_failures,
            seconds=settings.model_circuit_seconds,
        )

    def _priced(self, call: Settled, brain: Brain, usage: Usage | None, fault: str) -> Settled:
        if usage is None:  # it was never asked, or said nothing
            return replace(call, fault=fault)
        cost = cost_micro(self.settings, brain.name, usage)
        return replace(
            call,
            fault=fault,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated,
            cost_micro=cost,
        )


def _storable(reply: Reply) -> Reply:
    """What a model wrote, before anything is made of it: no NUL and no half a character, which no column can hold."""
    calls = tuple(ToolCall(*(storable(part) for part in (call.id, call.name, call.arguments))) for call in reply.calls)
    return replace(reply, text=storable(reply.text), calls=calls)


def _plain(reply: Reply) -> dict[str, object]:
    """A reply as it is kept; arguments stay the text that the model wrote."""
    return {
        "text": reply.text,
        "calls": [asdict(call) for call in reply.calls],
        "intent": reply.intent,
        "model": reply.model,
        "usage": asdict(reply.usage),
    }
