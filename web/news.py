"""What a listener has been told, and what a thread's Redis stream says beyond it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from web.hub import Heard

EVENT_ID = re.compile(r"\d{1,15}-\d{1,10}")

Row = tuple[str, dict[str, str]]  # of a Redis stream


@dataclass
class Known:
    """What a listener has already been told, so that it is told nothing twice."""

    last_id: str | None = None
    position: int = 0  # of the newest message that needs not be looked for
    messages: set[str] = field(default_factory=set)
    turns: set[str] = field(default_factory=set)  # that have ended

    def is_new(self, heard: Heard) -> bool:
        """True where the listener should get `heard`; notes that it has it then."""
        if heard.id is not None:
            if self.last_id is not None and order(heard.id) <= order(self.last_id):
                return False
            self.last_id = heard.id
        return self.note(heard)

    def note(self, heard: Heard) -> bool:
        """True where `heard` adds something; notes which message or which turn's end it is."""
        if heard.kind == "sentence":
            return not self.turns or json.loads(heard.data).get("turn_id") not in self.turns
        seen, key = {"message": (self.messages, "id"), "done": (self.turns, "turn_id")}.get(heard.kind, (None, ""))
        if seen is None:
            return True
        id_ = str(json.loads(heard.data).get(key))
        new = id_ not in seen
        seen.add(id_)
        return new


def order(event_id: str) -> tuple[int, int]:
    """A Redis stream id as something that can be compared."""
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number or 0)


def read_event_id(given: str | None) -> str | None:
    """The Last-Event-ID, or None where it is none of ours."""
    return given if given and EVENT_ID.fullmatch(given) else None


def after(rows: Sequence[Row], last_id: str) -> list[Heard] | None:
    """What came after `last_id`; None where the stream no longer reaches back to it."""
    if not rows or order(rows[0][0]) > order(last_id):
        return None
    return [_heard(row) for row in rows if order(row[0]) > order(last_id)]


def still_open(rows: Sequence[Row]) -> list[Heard]:
    """The news of the turn that is still open, without what it has taken back, and with its newest state only."""
    end = max((n for n, (_, row) in enumerate(rows) if row["kind"] == "done"), default=-1)
    heard = [_heard(row) for row in rows[end + 1 :]]
    states = [n for n, item in enumerate(heard) if item.kind == "state"]
    rewritten = max((n for n in states if json.loads(heard[n].data).get("state") == "writing"), default=0)
    dropped = {*states[:-1], *(n for n in range(rewritten) if heard[n].kind == "sentence")}
    return [item for n, item in enumerate(heard) if n not in dropped]


def note_told(known: Known, rows: Sequence[Row]) -> None:
    """Note what stands in the stream up to the place where the listener stopped."""
    for row in rows:
        if known.last_id and order(row[0]) <= order(known.last_id):
            known.note(_heard(row))


def _heard(row: Row) -> Heard:
    return Heard(row[1]["kind"], row[1]["data"], row[0])


def event(kind: str, **data: Any) -> Heard:
    """An event of our own making: it has no id."""
    return Heard(kind, json.dumps(data))
