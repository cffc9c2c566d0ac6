"""What listeners see of a turn's work: its state, and each tool as it begins and ends."""

from sqlalchemy.orm import Session

from core import bus
from orchestrator.effects import Plan, RunTool
from orchestrator.events import Event, ToolFailed, ToolReturned
from orchestrator.open_turns import OpenTurn

STATES = {
    "search_kb": "searching",
    "get_order": "checking_order",
    "create_ticket": "opening_ticket",
    "handoff_human": "calling_person",
}


def show_pending(session: Session, turn: OpenTurn) -> None:
    """Tell what a worker does next, once `session` has committed."""
    if isinstance(turn.pending, RunTool):
        tool = turn.pending.call.tool
        bus.tell(session, turn.thread_id, "state", state=STATES.get(tool, "thinking"))
        bus.tell(session, turn.thread_id, "tool", name=tool, status="running")
    elif turn.pending is not None:
        bus.tell(session, turn.thread_id, "state", state="thinking" if isinstance(turn.pending, Plan) else "writing")


def show_result(session: Session, turn: OpenTurn, event: Event) -> None:
    """Tell how the tool that ran has ended."""
    if isinstance(turn.pending, RunTool) and isinstance(event, ToolReturned | ToolFailed):
        status = "done" if isinstance(event, ToolReturned) else "failed"
        bus.tell(session, turn.thread_id, "tool", name=turn.pending.call.tool, status=status)
