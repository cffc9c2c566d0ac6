"""Asks a brain for a turn: the question written down and paid for before, the answer read as an event after."""

import json
import time
from dataclasses import asdict, dataclass, replace

from brain.client import Brain, BrainUnavailable, Reply, ToolCall, Usage
from brain.prices import cost_micro, most_micro
from core.db import transaction
from core.log import get_logger
from core.settings import Settings
from core.tracing import client_span
from orchestrator import asking, budget, circuits, figures
from orchestrator.budget import Answered, BudgetSpent
from orchestrator.effects import Draft, Plan
from orchestrator.events import BrainFailed, Event, Spent
from orchestrator.inside import evidence_of
from orchestrator.journal import Lease
from orchestrator.streaming import SentenceStream, Silence
from tools.fitted import storable
from tools.tool import Tool

log = get_logger(__name__)


@dataclass(frozen=True)
class Done:
    """What an outside effect answered; and what it cost, where a model was asked."""

    event: Event
    call: Answered | None = None


@dataclass(frozen=True)
class Step:
    """One step that `brain` thinks: which, for whom, and with which tools at hand."""

    settings: Settings
    brain: Brain
    effect: Plan | Draft
    lease: Lease
    offered: tuple[Tool, ...]

    def think(self, seconds: float) -> Done:
        """Think for at most `seconds`; whatever goes wrong is an event."""
        model, step = figures.model_label(self.brain.name, self.settings), figures.phase_of(self.effect)
        began = time.perf_counter()
        with client_span("model", model=model, step=step) as opened:
            done = self._think(seconds)
            spent, result = _spent(done.event), "failed" if isinstance(done.event, BrainFailed) else "done"
            opened.note(result=result, tokens_in=spent.input_tokens, tokens_out=spent.output_tokens)
        figures.MODELS.observe(time.perf_counter() - began, model, step, result)
        figures.note_spent(model, spent)
        return done

    def _think(self, seconds: float) -> Done:
        try:
            question, stream = self._ask()
        except BudgetSpent as error:
            log.warning("budget_spent", cause=error.detail)
            return self._failed(error.detail, None)
        try:
            ask = replace(question.ask, timeout_s=seconds)
            reply = _storable(self.brain.think(ask, lambda piece: stream.hear(storable(piece))))
        except BrainUnavailable as error:
            log.warning("brain_failed", model=self.brain.name, error=type(error).__name__, cause=error.detail)
            self._note_failure()
            return self._failed(error.detail, self._answered(error.usage, fault=error.detail))
        except Exception as error:
            log.exception("brain_broke", model=self.brain.name)
            self._note_failure()
            return self._failed(type(error).__name__, self._answered(None, fault=type(error).__name__))
        circuits.succeeded(f"model:{self.brain.name}")
        if reply.text and not reply.calls:
            stream.finish()
        call = self._answered(reply.usage, reply=json.dumps(_plain(reply)))
        return Done(asking.understood(self.effect, reply, self.offered, call.cost_micro), call)

    def _ask(self) -> tuple[asking.Question, SentenceStream | Silence]:
        """Put the question together, and write it down with the money that it may cost. Raises BudgetSpent."""
        lease, name = self.lease, self.brain.name
        with transaction() as session:
            question = asking.compose(session, lease, self.effect, self.offered, self.settings)
            evidence = evidence_of(session, lease.turn)
            micro = most_micro(self.settings, name, question.ask)
            budget.hold(session, lease.case, micro, self.settings)
            asking.keep(session, lease, question, n=self.effect.n, model=name, held_micro=micro)
        if lease.turn.state.limits.mode != "live":
            return question, Silence()
        told = isinstance(self.effect, Draft)
        return question, SentenceStream(lease.turn_id, lease.thread_id, evidence, told=told)

    def _failed(self, reason: str, call: Answered | None) -> Done:
        spent = Spent(self.brain.name)
        if call is not None:
            counted = (call.input_tokens, call.output_tokens)
            spent = Spent(self.brain.name, *counted, estimated=call.estimated, cost_micro=call.cost_micro)
        return Done(BrainFailed(self.effect.n, reason, spent), call)

    def _note_failure(self) -> None:
        settings = self.settings
        threshold, seconds = settings.model_circuit_failures, settings.model_circuit_seconds
        circuits.failed(f"model:{self.brain.name}", threshold=threshold, seconds=seconds)

    def _answered(self, usage: Usage | None, *, fault: str = "", reply: str | None = None) -> Answered:
        """What it came to; with no `usage` the model was never reached, or said nothing."""
        call = Answered(self.lease.turn_id, self.effect.n, self.lease.fence, reply, fault)
        if usage is None:
            return call
        cost = cost_micro(self.settings, self.brain.name, usage)
        return replace(call, **asdict(usage), cost_micro=cost)


def _spent(event: Event) -> Spent:
    return getattr(event, "spent", Spent())


def _storable(reply: Reply) -> Reply:
    """What a model wrote, before anything is made of it: no NUL and no half a character, which no column can hold."""
    calls = tuple(ToolCall(*(storable(part) for part in (call.id, call.name, call.arguments))) for call in reply.calls)
    return replace(reply, text=storable(reply.text), calls=calls)


def _plain(reply: Reply) -> dict[str, object]:
    """A reply as it is kept; arguments stay the text that the model wrote."""
    calls = [asdict(call) for call in reply.calls]
    return {**vars(reply), "calls": calls, "usage": asdict(reply.usage)}
