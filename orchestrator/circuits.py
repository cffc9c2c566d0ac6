"""Circuits: a tool that failed through all its retries rests for a while, in every process."""

import redis

from core import bus
from core.log import get_logger
from core.settings import get_settings

log = get_logger(__name__)


def trip(tool: str) -> None:
    """Do not offer `tool` for a while."""
    seconds = get_settings().circuit_seconds
    log.warning("circuit_opened", tool=tool, seconds=seconds)
    try:
        bus.client().set(_key(tool), "open", ex=seconds)
    except redis.RedisError as error:
        log.warning("circuit_not_shared", tool=tool, cause=repr(error))


def open_circuits(tools: tuple[str, ...]) -> frozenset[str]:
    """Those of `tools` that rest now. Without Redis none does: each call still has its own time limit."""
    try:
        found = bus.client().mget([_key(tool) for tool in tools]) if tools else []
    except redis.RedisError:
        return frozenset()
    return frozenset(tool for tool, value in zip(tools, found, strict=True) if value)


def _key(tool: str) -> str:
    return f"circuit:{tool}"


def resting() -> dict[str, float]:
    """Stub."""
    return {
        f"tool:{name}": 60.0 for name in open_circuits(("search_kb", "get_order", "create_ticket", "handoff_human"))
    }


def failed(name: str, *, threshold: int, seconds: float) -> None:
    """Stub."""


def succeeded(name: str) -> None:
    """Stub."""
