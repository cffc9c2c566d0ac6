"""What passes between a brain's words and a tool: tokens are opened in its arguments, and put away in what it gives.

So a tool alone sees what they stand for, and only those of the conversation in which it runs.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.privacy.found import Kind
from core.privacy.tokens import closed, neutral, plain, replaced, tokens_in
from orchestrator import tokens
from orchestrator.case import lock_thread
from orchestrator.events import Call
from tools.tool import ArgumentsRefused, Tool


def opened(tool: Tool, call: Call, thread_id: UUID) -> Call:
    """`call` as the tool is to run it: never kept, never told. Raises ArgumentsRefused for what is not known here."""
    if not tool.opens or not tokens_in(call.arguments):
        return call
    with reading() as session:
        values = tokens.drawer(session, thread_id).values
    given: dict[str, Any] = json.loads(call.arguments)
    for name in tool.opens:
        if isinstance(given.get(name), str):
            given[name] = replaced(given[name], lambda each: _value(each, values))
    return replace(call, arguments=json.dumps(given, ensure_ascii=False))


def put_away(tool: Tool, output: str, thread_id: UUID) -> str:
    """What `tool` gave, as it is kept and read by a brain: what is the visitor's own in it are tokens."""
    if not tool.personal:
        return neutral(output)  # a document may hold what looks like one
    with transaction() as session:
        if lock_thread(session, thread_id) is None:  # deleted meanwhile: nobody will read it
            return closed(neutral(output))
        return put_away_in(session, tool, output, thread_id)


def put_away_in(session: Session, tool: Tool, output: str, thread_id: UUID) -> str:
    """The same, for whoever holds the thread's lock."""
    read = json.loads(output)
    own = dict.fromkeys((kind, value) for kind, value in _own(read, tool.personal) if value)
    stands = tokens.tokens_for(session, thread_id, list(own)) if own else {}

    def said(path: str, value: str) -> str:
        token = stands.get((tool.personal[path], value)) if path in tool.personal else None
        return token or tokens.hidden(session, thread_id, value)

    made = _each(read, said)
    return output if made == read else json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def hidden(reason: str, thread_id: UUID) -> str:
    """Why a tool failed, without what it was given."""
    with reading() as session:
        return tokens.hidden(session, thread_id, reason)


def _value(stands: str, values: Mapping[str, str]) -> str:
    if stands not in values:
        raise ArgumentsRefused(f"The visitor has given nothing that {stands} stands for: ask them for it.")
    kind: Kind = stands[1:-1].partition(":")[0]  # type: ignore[assignment]
    return plain(kind, values[stands])


def _own(value: Any, personal: Mapping[str, Kind], path: str = "") -> Iterator[tuple[Kind, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _own(each, personal, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from _own(each, personal, path)
    elif isinstance(value, str) and path in personal:
        yield personal[path], value


def _each(value: Any, said: Callable[[str, str], str], path: str = "") -> Any:
    """`value` with every text in it as `said` gives it for its path."""
    if isinstance(value, str):
        return said(path, value)
    if isinstance(value, list):
        return [_each(one, said, path) for one in value]
    if isinstance(value, dict):
        return {name: _each(one, said, f"{path}.{name}".lstrip(".")) for name, one in value.items()}
    return value
