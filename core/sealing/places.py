"""What is sealed, and to what each text is bound: the table, the column, and the row's conversation, turn or own key.

To seal another column: add its place here, give the column its type (`core/models/sealed.py`), and open and seal it in
the statements that are written by hand.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.sealing import seal

Json = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """A column of text; `owner` is the column that its texts are bound to."""

    table: str
    column: str
    owner: str

    @property
    def name(self) -> str:
        """As it is bound: "messages.content"."""
        return f"{self.table}.{self.column}"

    def seal(self, owner: object, text: str) -> str:
        """`text` as it is kept in the row of `owner`."""
        return seal.seal(self.name, owner, text)

    def open(self, owner: object, kept: str) -> str:
        """What was sealed. Raises KeyMissing, SealBroken."""
        return seal.opened(self.name, owner, kept)


@dataclass(frozen=True)
class Object:
    """A column of JSON, an object or (with `many`) a list of them; `visible` fields stay in sight, for statements."""

    table: str
    column: str
    owner: str
    visible: tuple[str, ...] = ()
    many: bool = False

    @property
    def name(self) -> str:
        """As it is bound: "turns.state"."""
        return f"{self.table}.{self.column}"

    def seal(self, owner: object, value: Json) -> Json:
        """`value` as it is kept in the row of `owner`."""
        return seal.seal_json(self.name, owner, value, self._seen)

    def open(self, owner: object, kept: Json) -> Json:
        """What was sealed. Raises KeyMissing, SealBroken."""
        return seal.open_json(self.name, owner, kept)

    def seal_all(self, owner: object, values: Sequence[Json]) -> list[Json]:
        """Each of `values`."""
        return [self.seal(owner, value) for value in values]

    def open_all(self, owner: object, kept: Sequence[Json]) -> list[Json]:
        """Each of `kept`."""
        return [self.open(owner, each) for each in kept]

    def text(self, owner: object, value: Json) -> str:
        """`value` as it is kept, as JSON text."""
        return json.dumps(self.seal(owner, value))

    def _seen(self, value: Json) -> Json:
        return {name: value[name] for name in self.visible if name in value}


MESSAGE = Text("messages", "content", "thread_id")
TOKEN = Text("tokens", "value", "thread_id")
NOTE = Text("notes", "content", "thread_id")
SUBJECT = Text("tickets", "subject", "thread_id")
BODY = Text("tickets", "body", "thread_id")
REASON = Text("handoffs", "reason", "thread_id")
EXCERPT = Text("handoffs", "excerpt", "thread_id")
CASE = Object("eval_cases", "case", "thread_id", ("id",))
STATE = Object("turns", "state", "id", ("type",))
PENDING = Object("turns", "pending", "id", ("type",))
EVENT = Object("turn_events", "event", "turn_id", ("type",))
EFFECTS = Object("turn_events", "effects", "turn_id", ("type",), many=True)
REQUEST = Object("model_calls", "request", "turn_id")
REPLY = Object("model_calls", "reply", "turn_id")
ARGUMENTS = Object("tool_runs", "arguments", "turn_id")
OUTPUT = Object("tool_runs", "output", "turn_id")
# Its thread may be taken off a row, but never its key.
OUTBOX = Object("outbox", "body", "key", ("type", "thread", "message", "ticket", "handoff", "note", "turn"))
TOLD = Object("webhook_events", "data", "id")
CAME = Text("webhook_events", "body", "id")  # bytes, as they came

Place = Text | Object

PLACES: tuple[Place, ...] = (
    *(MESSAGE, TOKEN, NOTE, SUBJECT, BODY, REASON, EXCERPT, CASE),
    *(STATE, PENDING, EVENT, EFFECTS, REQUEST, REPLY, ARGUMENTS, OUTPUT, OUTBOX, TOLD, CAME),
)
"""All of them."""
