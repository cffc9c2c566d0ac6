"""Runs a tool for a turn: within its time, a writing one once, and whatever goes wrong as an event."""

import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from core.db import transaction
from core.log import get_logger
from core.models import ToolRun
from core.models.sealed import owned
from core.settings import Settings
from core.tracing import span
from orchestrator import circuits, figures, passing
from orchestrator.addressed import NOT_THEIRS, addressed_rightly
from orchestrator.effects import RunTool, key_of
from orchestrator.events import Call, ToolFailed, ToolReturned
from orchestrator.journal import Lease
from tools.tool import ArgumentsRefused, Caller, Output, Tool
from tools.tool import ToolFailed as ToolRefused

log = get_logger(__name__)


@dataclass(frozen=True)
class Hands:
    """The tools of this process."""

    settings: Settings
    tools: tuple[Tool, ...]
    sleep: Callable[[float], None] = time.sleep

    def offered(self, lease: Lease, left: float, resting: Container[str]) -> tuple[Tool, ...]:
        """What a brain may use now: switched on, in working order, and fit for this visitor."""
        shadow = lease.turn.state.limits.mode == "shadow"
        caller = lease.case.caller(lease.turn_id, "offer", left)
        return tuple(
            tool
            for tool in self.tools
            if tool.name in lease.case.tools
            and f"tool:{tool.name}" not in resting
            and not (shadow and tool.kind == "writes")
            and _available(tool, lease, caller)
        )

    def run(self, effect: RunTool, lease: Lease, left: float) -> ToolReturned | ToolFailed:
        """Run the call, after the pause that a retry wants, within `left` seconds and the tool's own limit."""
        tool = next((tool for tool in self.tools if tool.name == effect.call.tool), None)
        if tool is None:
            return ToolFailed(effect.n, f"There is no tool {effect.call.tool} any more.", again=False)
        self.sleep(min(effect.wait_ms / 1000, left))
        try:
            meant = passing.opened(tool, effect.call, lease.thread_id)
        except ArgumentsRefused as error:
            return ToolFailed(effect.n, error.detail, again=False)
        if not addressed_rightly(meant, lease.case):
            return ToolFailed(effect.n, NOT_THEIRS, again=False)
        caller = lease.case.caller(lease.turn_id, key_of(effect.call), min(left, self.settings.tool_seconds))
        result = _watched(tool, caller, effect, meant)
        self._note(tool, result)
        return result

    def _note(self, tool: Tool, result: ToolReturned | ToolFailed) -> None:
        """Count failures over turns as well: one that eats up all of a turn's time is never retried to the end."""
        if isinstance(result, ToolReturned):
            circuits.succeeded(f"tool:{tool.name}")
        elif result.again:
            settings = self.settings
            threshold, seconds = settings.tool_circuit_failures, settings.circuit_seconds
            circuits.failed(f"tool:{tool.name}", threshold=threshold, seconds=seconds)


def _available(tool: Tool, lease: Lease, caller: Caller) -> bool:
    """Asked once in a run of a turn: it costs a question to the database."""
    if tool.name not in lease.available:
        lease.available[tool.name] = tool.available(caller)
    return lease.available[tool.name]


def _watched(tool: Tool, caller: Caller, effect: RunTool, meant: Call) -> ToolReturned | ToolFailed:
    began = time.perf_counter()
    with span("tool", tool=tool.name, kind=tool.kind, retry=bool(effect.wait_ms)) as opened:
        result = _result(tool, caller, effect, meant)
        how = "done" if isinstance(result, ToolReturned) else "failed" if result.again else "refused"
        opened.note(result=how)
    figures.TOOLS.observe(time.perf_counter() - began, tool.name, how)
    return result


def _result(tool: Tool, caller: Caller, effect: RunTool, meant: Call) -> ToolReturned | ToolFailed:
    """`meant` is the effect's call with its tokens opened."""
    try:
        if tool.kind == "writes":
            output = _once(tool, caller, effect.call, meant)
        else:
            if not effect.wait_ms:
                _enter(tool, caller.deadline_s)
            output = _run(tool, caller, meant)
    except ArgumentsRefused as error:
        return ToolFailed(effect.n, error.detail, again=False)
    except ToolRefused as error:
        reason = passing.hidden(error.detail, caller.thread_id)
        log.info("tool_failed", tool=tool.name, cause=reason, again=error.again)
        return ToolFailed(effect.n, reason, error.again)
    except Exception:
        log.exception("tool_broke", tool=tool.name)
        return ToolFailed(effect.n, f"{tool.name} does not work at the moment.", again=True)
    return ToolReturned(effect.n, output)


def _run(tool: Tool, caller: Caller, call: Call) -> str:
    output: Output = tool.perform(caller, tool.parse(call.arguments))
    return passing.put_away(tool, output.model_dump_json(), caller.thread_id)


def _enter(tool: Tool, seconds: float) -> None:
    """It may have begun to rest since it was offered; and of all who come when a rest is over, one tries it first.

    Not asked before a retry: a write whose answer was lost is only found by its next attempt. Raises ToolFailed.
    """
    if not circuits.enter(f"tool:{tool.name}", seconds):
        raise ToolRefused(f"{tool.name} rests after several failures.", again=False)


def _once(tool: Tool, caller: Caller, call: Call, meant: Call) -> str:
    """Run a writing tool with its intent recorded before and its result after; a result that stands is used again."""
    with transaction() as session:
        # Two who hold the turn for a moment may come together: the intent is one.
        added = insert(ToolRun).values(_intent(caller, call)).on_conflict_do_nothing().returning(ToolRun.key)
        if session.scalar(added) is not None:
            _enter(tool, caller.deadline_s)
        elif (intent := session.get_one(ToolRun, caller.key)).status == "done" and intent.output is not None:
            return str(intent.output["json"])
    output = _run(tool, caller, meant)
    with transaction() as session:
        run: ToolRun = session.get_one(ToolRun, caller.key)
        run.status, run.output, run.ended_at = "done", {"json": output}, datetime.now(UTC)
    return output


def _intent(caller: Caller, call: Call) -> dict[str, Any]:
    arguments = owned(caller.turn_id, {"json": call.arguments})
    return {"key": caller.key, "turn_id": caller.turn_id, "tool": call.tool, "arguments": arguments}
