"""All tools there are, and which of them a caller is offered."""

from collections.abc import Collection, Iterable

from tools import create_ticket, get_order, handoff_human, search_kb
from tools.tool import Caller, Tool

TOOLS: tuple[Tool, ...] = (
    # To add one: write its file with a `TOOL`, add it here.
    search_kb.TOOL,
    get_order.TOOL,
    create_ticket.TOOL,
    handoff_human.TOOL,
)


def named(name: str) -> Tool | None:
    """The tool of this name, if there is one."""
    return next((tool for tool in TOOLS if tool.name == name), None)


def offered(caller: Caller, enabled: Iterable[str], open_circuits: Collection[str]) -> tuple[Tool, ...]:
    """The tools that the brain may choose from: switched on for the site, circuit closed, able to work for `caller`."""
    wanted = set(enabled) - set(open_circuits)
    return tuple(tool for tool in TOOLS if tool.name in wanted and tool.available(caller))
