"""Writing tools whose worker died in between: what they wrote is found by its key, and noted."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.log import get_logger
from core.sealing import places
from orchestrator import passing
from orchestrator.case import lock_thread
from tools.catalog import TOOLS
from tools.tool import Output, Tool

log = get_logger(__name__)

# While its turn is open, whoever carries the turn on runs the tool again under the same key; after that nobody does.
OPEN = text("""
    SELECT tool_runs.key, tool_runs.tool, tool_runs.turn_id, turns.thread_id
    FROM tool_runs JOIN turns ON turns.id = tool_runs.turn_id
    WHERE tool_runs.status = 'intended' AND turns.ended_at < now() - interval '30 seconds'
    ORDER BY tool_runs.created_at LIMIT 100
""")
CLOSE = text("""
    UPDATE tool_runs SET status = :status, output = CAST(:output AS jsonb), ended_at = now()
    WHERE key = :key AND status = 'intended'
""")


def reconcile(session: Session, tools: tuple[Tool, ...] = TOOLS) -> int:
    """Close every intent of an ended turn: done where something stands under its key, failed where not; how many."""
    known = {tool.name: tool for tool in tools}
    runs = session.execute(OPEN).all()
    for key, name, turn_id, thread_id in runs:
        tool = known.get(name)
        output = tool.written(session, key) if tool and tool.written else None
        found = {"json": _kept(session, tool, output, thread_id)} if tool and output else None
        kept = places.OUTPUT.text(turn_id, found) if found else None
        session.execute(CLOSE, {"key": key, "status": "done" if output else "failed", "output": kept})
        log.warning("tool_reconciled", tool=name, key=key, found=output is not None)
    return len(runs)


def _kept(session: Session, tool: Tool, output: Output, thread_id: UUID) -> str:
    lock_thread(session, thread_id)
    return passing.put_away_in(session, tool, output.model_dump_json(), thread_id)
