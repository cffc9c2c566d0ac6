"""The effects that are performed outside of any transaction: asking a brain, running a tool."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID

from sqlalchemy.orm import Session

from brain.client import Ask, Brain, BrainUnavailable, Reply, ToolCall, ToolSpec
from core import bus
from core.db import transaction
from core.log import get_logger
from core.models import Site, Thread, ToolRun, Visitor
from core.settings import Settings
from orchestrator import circuits
from orchestrator.effects import Draft, Outside, Plan, RunTool
from orchestrator.events import (
    BrainFailed,
    Call,
    CallsProposed,
    CallsRefused,
    DraftWritten,
    Result,
    Spent,
    ToolFailed,
    ToolReturned,
)
from orchestrator.evidence import gather
from orchestrator.history import events_of, outcomes_of
from orchestrator.journal import Lease
from orchestrator.memory import recall
from orchestrator.streaming import SentenceStream
from tools.tool import ArgumentsRefused, Caller, Output, Tool
from tools.tool import ToolFailed as ToolRefused

log = get_logger(__name__)

STATES = {
    "search_kb": "searching",
    "get_order": "checking_order",
    "create_ticket": "opening_ticket",
    "handoff_human": "calling_person",
}
SHORTEST_S = 0.05  # what a call gets at least, even at the very end of a turn
WITH_A_FALLBACK = 0.6  # share of the time left that a brain gets while another one could be asked after it


@dataclass(frozen=True)
class Case:
    """What a turn is about: who asks, where, and what is switched on there."""

    lease: Lease
    site: Site
    thread: Thread
    visitor: Visitor

    def caller(self, key: str, deadline_s: float) -> Caller:
        """On whose behalf a tool runs."""
        return Caller(
            site_id=self.site.id,
            channel=self.thread.channel,
            thread_id=self.thread.id,
            visitor_id=self.visitor.id,
            turn_id=self.lease.turn_id,
            key=f"{self.lease.turn_id}:{key}",
            verified_email=self.visitor.verified_email,
            contact_email=self.visitor.contact_email,
            deadline_s=deadline_s,
        )


@dataclass(frozen=True)
class World:
    """The brains and tools of this process. Everything that touches the outside is handed in here."""

    settings: Settings
    brains: tuple[Brain, ...]
    tools: tuple[Tool, ...]
    sleep: Callable[[float], None] = time.sleep

    def open_case(self, session: Session, lease: Lease) -> Case:
        """Read who and what `lease` is about."""
        thread = session.get_one(Thread, lease.thread_id)
        return Case(lease, session.get_one(Site, thread.site_id), thread, session.get_one(Visitor, thread.visitor_id))

    def perform(self, effect: Outside, case: Case, seconds_left: float) -> Result:
        """Do it within `seconds_left`; whatever goes wrong is an event, too."""
        left = max(seconds_left, SHORTEST_S)
        match effect:
            case Plan() | Draft():
                return self._think(effect, case, left)
            case RunTool():
                return self._run_tool(effect, case, left)
            case _:
                assert_never(effect)

    def _think(self, effect: Plan | Draft, case: Case, left: float) -> Result:
        offered = self._offered(case, left) if effect.calls_left else ()
        ask, stream = self._prepare(effect, case, offered, left)
        try:
            reply = self.brains[effect.model].think(ask, stream.hear)
        except BrainUnavailable as error:
            log.warning("brain_failed", model=effect.model, error=type(error).__name__, cause=error.detail)
            return BrainFailed(effect.n, error.detail)
        except Exception as error:
            log.exception("brain_broke", model=effect.model)
            return BrainFailed(effect.n, type(error).__name__)
        if reply.text and not reply.calls:
            stream.finish()
        return _understood(effect, reply, offered)

    def _offered(self, case: Case, left: float) -> tuple[Tool, ...]:
        caller = case.caller("offer", left)
        wanted = tuple(tool for tool in self.tools if tool.name in case.site.tools)
        resting = circuits.open_circuits(tuple(tool.name for tool in wanted))
        return tuple(tool for tool in wanted if tool.name not in resting and tool.available(caller))

    def _prepare(
        self, effect: Plan | Draft, case: Case, offered: tuple[Tool, ...], left: float
    ) -> tuple[Ask, SentenceStream]:
        with transaction() as session:
            memory = recall(session, case.thread.id, self.settings)
            history = events_of(session, case.lease.turn_id)
        evidence = gather((event for event, _ in history), "\n".join(memory.unanswered))
        planning = isinstance(effect, Plan)
        ask = Ask(
            step="plan" if planning else "draft",
            site_name=case.site.name,
            memory=memory.said,
            summary=memory.summary,
            outcomes=outcomes_of(history),
            tools=tuple(ToolSpec(tool.name, tool.description, tool.parameters()) for tool in offered),
            feedback=effect.feedback,
            temperature=self.settings.plan_temperature if planning else self.settings.draft_temperature,
            timeout_s=left * (WITH_A_FALLBACK if effect.model + 1 < len(self.brains) else 1.0),
        )
        bus.publish(case.thread.id, "state", state="thinking" if planning else "writing")
        return ask, SentenceStream(case.lease.turn_id, case.thread.id, evidence)

    def _run_tool(self, effect: RunTool, case: Case, left: float) -> Result:
        tool = next((tool for tool in self.tools if tool.name == effect.call.tool), None)
        if tool is None:
            return ToolFailed(effect.n, f"There is no tool {effect.call.tool} any more.", again=False)
        self.sleep(min(effect.wait_ms / 1000, left))
        bus.publish(case.thread.id, "state", state=STATES.get(tool.name, "thinking"))
        bus.publish(case.thread.id, "tool", name=tool.name, status="running")
        result = self._result(tool, effect, case, min(left, self.settings.tool_seconds))
        status = "done" if isinstance(result, ToolReturned) else "failed"
        bus.publish(case.thread.id, "tool", name=tool.name, status=status)
        return result

    def _result(self, tool: Tool, effect: RunTool, case: Case, seconds: float) -> Result:
        caller = case.caller(effect.call.id, seconds)
        try:
            output = _once(tool, caller, effect.call) if tool.kind == "writes" else _run(tool, caller, effect.call)
        except ArgumentsRefused as error:
            return ToolFailed(effect.n, error.detail, again=False)
        except ToolRefused as error:
            log.info("tool_failed", tool=tool.name, cause=error.detail, again=error.again)
            return ToolFailed(effect.n, error.detail, error.again)
        except Exception:
            log.exception("tool_broke", tool=tool.name)
            return ToolFailed(effect.n, f"{tool.name} does not work at the moment.", again=True)
        return ToolReturned(effect.n, output)


def _understood(effect: Plan | Draft, reply: Reply, offered: tuple[Tool, ...]) -> Result:
    """The brain's reply as an event: calls only where each is offered and its arguments fit."""
    usage = reply.usage
    spent = Spent(reply.model, usage.input_tokens, usage.output_tokens, usage.estimated)
    if not reply.calls:
        if not reply.text.strip():
            return BrainFailed(effect.n, "The model answered nothing.")
        return DraftWritten(effect.n, reply.text, reply.intent, spent)
    try:
        calls = tuple(_checked(call, offered, f"{effect.n}.{i}") for i, call in enumerate(reply.calls, start=1))
    except ArgumentsRefused as error:
        return CallsRefused(effect.n, error.detail, spent)
    return CallsProposed(effect.n, calls, spent)


def _checked(call: ToolCall, offered: tuple[Tool, ...], call_id: str) -> Call:
    """`call` under an id of ours: a model's own may repeat itself."""
    tool = next((tool for tool in offered if tool.name == call.name), None)
    if tool is None:
        names = ", ".join(each.name for each in offered) or "none"
        raise ArgumentsRefused(f"There is no tool {call.name[:64]!r}. Tools that may be called now: {names}.")
    return Call(call_id, tool.name, tool.parse(call.arguments).model_dump_json())


def _run(tool: Tool, caller: Caller, call: Call) -> str:
    output: Output = tool.perform(caller, tool.parse(call.arguments))
    return output.model_dump_json()


def _once(tool: Tool, caller: Caller, call: Call) -> str:
    """Run a writing tool with its intent recorded before and its result after; a result that stands is used again."""
    with transaction() as session:
        intent = session.get(ToolRun, caller.key)
        if intent is None:
            session.add(_intent(caller, call))
        elif intent.status == "done" and intent.output is not None:
            return str(intent.output["json"])
    output = _run(tool, caller, call)
    with transaction() as session:
        run: ToolRun = session.get_one(ToolRun, caller.key)
        run.status, run.output, run.ended_at = "done", {"json": output}, datetime.now(UTC)
    return output


def _intent(caller: Caller, call: Call) -> ToolRun:
    turn_id: UUID = caller.turn_id
    return ToolRun(key=caller.key, turn_id=turn_id, tool=call.tool, arguments={"json": call.arguments})
