"""The names that a golden set may use for tools and guards: those that there are."""

from functools import cache

from orchestrator.evidence import Evidence
from orchestrator.guards import judge, screen
from orchestrator.guards.draft import DraftText
from tools.catalog import TOOLS


def checked_tool(name: str) -> str:
    """`name`, if a tool has it; else ValueError."""
    return _checked(name, "tool", tuple(tool.name for tool in TOOLS))


def checked_guard(name: str) -> str:
    """`name`, if a guard has it; else ValueError."""
    return _checked(name, "guard", guard_names())


@cache
def guard_names() -> tuple[str, ...]:
    """Every guard, of messages and of drafts, as its verdicts name it."""
    verdicts = (*screen("hello"), *judge(DraftText("hello", "smalltalk"), Evidence()))
    return tuple(dict.fromkeys(verdict.guard for verdict in verdicts))


def _checked(name: str, kind: str, known: tuple[str, ...]) -> str:
    if name not in known:
        raise ValueError(f"there is no {kind} {name}; there are {', '.join(known)}")
    return name
