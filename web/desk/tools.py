"""`/admin/agent/tools`: what the agent can do; schemas, sites, breakers, and the last calls."""

from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.db import reading
from core.models import Site
from core.sealing import places
from orchestrator import circuits
from tools.catalog import TOOLS
from tools.schema import strict_schema
from web.desk.entry import Visit, seeing
from web.desk.pages import DeskRoute, page
from web.desk.rights import Right
from web.resting import degraded

TURNS = 100  # the newest, whose calls are shown
CALLS = 40

# Each result stands behind the call that it answers: the last line before it that asks for a tool.
LAST_CALLS = text("""
    WITH newest AS (
        SELECT id, thread_id, site_id FROM turns
        WHERE site_id = ANY(:sites) AND created_at > now() - interval '7 days' ORDER BY created_at DESC LIMIT :turns
    ), lines AS (
        SELECT newest.thread_id, newest.site_id, turn_events.turn_id, turn_events.seq, recorded_at,
               event, event->>'type' AS kind, jsonb_path_query_first(effects, '$[*] ? (@.type == "RunTool")') AS call
        FROM newest JOIN turn_events ON turn_events.turn_id = newest.id
    )
    SELECT result.thread_id, result.turn_id, result.site_id, result.recorded_at AS at, result.event, asked.call,
           extract(epoch FROM result.recorded_at - asked.recorded_at)::float AS seconds
    FROM lines AS result
    JOIN LATERAL (
        SELECT call, recorded_at FROM lines
        WHERE lines.turn_id = result.turn_id AND lines.seq < result.seq AND lines.call IS NOT NULL
        ORDER BY lines.seq DESC LIMIT 1
    ) AS asked ON true
    WHERE result.kind IN ('ToolReturned', 'ToolFailed')
    ORDER BY result.recorded_at DESC LIMIT :calls
""")

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/admin/agent/tools")
def show_tools(visit: Annotated[Visit, Depends(seeing(Right.SEE_FIGURES))]) -> Response:
    """Every tool, and what was called lately on one's sites."""
    with reading() as session:
        rows = session.execute(LAST_CALLS, {"sites": list(visit.sites), "turns": TURNS, "calls": CALLS})
        calls = [_called(row) for row in rows]
        on = _switched_on(session, visit)
    return page(
        visit, "tools.html", tools=[_shown(tool, on) for tool in TOOLS], calls=calls, degraded=degraded(visit.settings)
    )


def _called(row: Any) -> dict[str, Any]:
    result, asked = places.EVENT.open(row.turn_id, row.event), places.EFFECTS.open(row.turn_id, row.call)
    told = {"thread_id": row.thread_id, "site_id": row.site_id, "at": row.at, "seconds": row.seconds}
    failed = result["type"] == "ToolFailed"
    return told | {"tool": asked["call"]["tool"], "failed": failed, "reason": result["reason"] if failed else ""}


def _switched_on(session: Session, visit: Visit) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in session.execute(select(Site.id, Site.tools).where(Site.id.in_(visit.sites)).order_by(Site.id)):
        for tool in row.tools:
            found.setdefault(tool, []).append(row.id)
    return found


def _shown(tool: Any, on: dict[str, list[str]]) -> dict[str, Any]:
    name = f"tool:{tool.name}"
    left = circuits.resting().get(name)
    return {
        "name": tool.name,
        "description": tool.description,
        "kind": tool.kind,
        "input": strict_schema(tool.input),
        "output": tool.output.model_json_schema(),
        "sites": on.get(tool.name, []),
        "rests": ceil(left) if left else 0,
        "opened": circuits.opened().get(name, 0),
    }
