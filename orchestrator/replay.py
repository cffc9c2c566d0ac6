"""Replay: carry out a stored turn again from what was recorded, and compare byte by byte. No model, no tool, no clock.

Three things are done again: the machine steps over the events, the guards judge every message and draft, and each
model's recorded answer is read again; its question, too, is put together again, where the tools are still the same.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import unified_diff
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from brain.client import Intent, Reply, ToolCall, Usage
from core.errors import TurnNotFound
from core.privacy.cleaning import PART
from core.sealing import places
from orchestrator import asking, codec, inside
from orchestrator.effects import CheckDraft, Draft, Outside, Plan, RunTool, Say, SayPhrase, ScreenMessage, State
from orchestrator.events import (
    BrainFailed,
    CallsProposed,
    CallsRefused,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftWritten,
    Event,
    MessageScreened,
)
from orchestrator.machine import IllegalEvent, step
from orchestrator.memory import recall_again
from orchestrator.open_turns import History, OpenTurn, read_history
from tools.catalog import TOOLS
from tools.tool import Tool

TURN = text("""
    SELECT turns.id, turns.thread_id, turns.site_id, turns.state, sites.name AS site_name,
        (SELECT max(version) FROM turn_events WHERE turn_id = turns.id) AS version
    FROM turns JOIN sites ON sites.id = turns.site_id WHERE turns.id = :id
""")
ENDED = text("""
    SELECT id FROM turns
    WHERE ended_at IS NOT NULL AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
    ORDER BY created_at
""")
CALLS = text("SELECT n, request, reply, cost_micro FROM model_calls WHERE turn_id = :id ORDER BY n, fence")
REPLY = text("SELECT content, citations FROM messages WHERE turn_id = :id AND role = 'agent'")

GUARDED = (MessageScreened, DraftPassedGuards, DraftFailedGuard)
THOUGHTS = (CallsProposed, CallsRefused, DraftWritten, BrainFailed)


@dataclass(frozen=True)
class Difference:
    """Where a replay leaves the recorded path: at event `seq` (0: in the final state). Both sides are JSON."""

    turn_id: UUID
    seq: int
    what: str
    recorded: object
    replayed: object

    def __str__(self) -> str:
        """The lines that differ."""
        recorded, replayed = (_lines(side) for side in (self.recorded, self.replayed))
        lines = unified_diff(recorded, replayed, "recorded", "replayed", n=1, lineterm="")
        return "\n  ".join((f"turn {self.turn_id}, event {self.seq} ({self.what}):", *lines))


def _lines(side: object) -> list[str]:
    return json.dumps(side, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


@dataclass(frozen=True)
class _Stored:
    """A stored turn, opened for replay."""

    session: Session
    turn: OpenTurn
    site_name: str
    history: History
    tools: tuple[Tool, ...]

    def until(self, seq: int) -> OpenTurn:
        """The turn as it was after event `seq`."""
        return replace(self.turn, seq=seq, known=self.history[:seq], unwritten=[])

    def request(self, call: Row[Any]) -> asking.Request:
        """What a recorded question was made of."""
        return asking.read_request(places.REQUEST.open(self.turn.id, call.request))

    def reply(self) -> list[Any] | None:
        """What the turn said, and its citations; None where it said nothing."""
        found = self.session.execute(REPLY, {"id": self.turn.id}).one_or_none()
        return [places.MESSAGE.open(self.turn.thread_id, found.content), found.citations] if found else None

    def differs(self, seq: int, what: str, recorded: object, replayed: object) -> Iterator[Difference]:
        """A difference, unless both sides are the same bytes."""
        if codec.canonical(recorded) != codec.canonical(replayed):
            yield Difference(self.turn.id, seq, what, recorded, replayed)


def ended_turns(session: Session, since: datetime | None = None) -> list[UUID]:
    """The turns that can be replayed, oldest first; all of them, or those opened since a moment."""
    return list(session.scalars(ENDED, {"since": since}))


def replay(session: Session, turn_id: UUID, tools: tuple[Tool, ...] = TOOLS) -> Difference | None:
    """The first difference between the stored turn and how it would go today. Raises TurnNotFound."""
    row = session.execute(TURN, {"id": turn_id}).one_or_none()
    if row is None:
        raise TurnNotFound
    history = read_history(session, turn_id)
    kept = places.STATE.open(turn_id, row.state)
    turn = OpenTurn(row.id, row.thread_id, row.site_id, len(history), codec.load_state(kept), None, leased=False)
    if difference := compare(turn_id, history, codec.upcast(kept, row.version or codec.VERSION)):
        return difference
    stored = _Stored(session, turn, row.site_name, history, tools)
    return next(_differences(stored), None)


def compare(turn_id: UUID, history: History, final: codec.Json) -> Difference | None:
    """Step over `history`; the recorded effects and the `final` state must come out to the byte."""
    state = State()
    for seq, (event, recorded) in enumerate(history, start=1):
        state, replayed = _again(state, event)
        if codec.canonical(replayed) != codec.canonical(recorded):
            return Difference(turn_id, seq, type(event).__name__, recorded, replayed)
    if codec.canonical(codec.dump(state)) != codec.canonical(final):
        return Difference(turn_id, 0, "final state", final, codec.dump(state))
    return None


def _again(state: State, event: Event) -> tuple[State, object]:
    try:
        state, effects = step(state, event)
    except IllegalEvent as error:
        return state, f"IllegalEvent: {error}"
    return state, [codec.dump(effect) for effect in effects]


def _differences(stored: _Stored) -> Iterator[Difference]:
    calls = stored.session.execute(CALLS, {"id": stored.turn.id}).all()
    for seq, (event, effects) in enumerate(stored.history, start=1):
        for effect in effects:
            yield from _effect_again(stored, seq, effect)
        if isinstance(event, THOUGHTS):
            yield from _thought_again(stored, seq, event, [call for call in calls if call.n == event.n])


def _effect_again(stored: _Stored, seq: int, effect: codec.Json) -> Iterator[Difference]:
    """What was done inside of the transaction: the guards, and the words."""
    match codec.load_effect(effect):
        case ScreenMessage() as asked:
            yield from _guarded_again(stored, seq, asked, (MessageScreened,))
        case CheckDraft() as asked:
            yield from _guarded_again(stored, seq, asked, (DraftPassedGuards, DraftFailedGuard))
        case Say() | SayPhrase() as asked:
            found = stored.reply()
            said = inside.words_of(stored.session, stored.until(seq), asked)
            yield from stored.differs(seq, "the reply", found, list(said))


def _guarded_again(
    stored: _Stored, seq: int, effect: ScreenMessage | CheckDraft, kinds: tuple[type[Event], ...]
) -> Iterator[Difference]:
    at, recorded = next(
        (at, event) for at, (event, _) in enumerate(stored.history[seq:], start=seq + 1) if isinstance(event, kinds)
    )
    judged = _as_then(recorded, inside.judge(stored.session, stored.until(seq), effect))
    yield from stored.differs(at, type(recorded).__name__, codec.dump(recorded), codec.dump(judged))


def _as_then(recorded: Event, judged: Event) -> Event:
    """`judged` without the guards that did not exist when `recorded` was written, unless one of them now objects.

    So a turn from before a guard shows no difference where that guard would have let it pass, and shows one where the
    turn would now go otherwise.
    """
    assert isinstance(recorded, GUARDED)
    assert isinstance(judged, GUARDED)
    known = {verdict.guard for verdict in recorded.verdicts}
    kept = tuple(verdict for verdict in judged.verdicts if verdict.guard in known or not verdict.passed)
    return replace(judged, verdicts=kept)


def _thought_again(
    stored: _Stored, seq: int, event: Event, calls: Sequence[Row[tuple[object]]]
) -> Iterator[Difference]:
    """The model's answer, read again: one of those that were recorded under this number must give the event."""
    answered = [call for call in calls if call.reply is not None]
    effect = _asked(stored.history, event)
    if not answered or effect is None:
        return
    if isinstance(event, BrainFailed) and len(answered) < len(calls):
        return  # it failed for one worker, and what another one was told came too late
    read = [_read(stored, effect, call) for call in answered]
    if codec.dump(event) not in read:
        yield from stored.differs(seq, type(event).__name__, codec.dump(event), read[-1])
    for call in answered:
        yield from _question_again(stored, seq, effect, call)


def _read(stored: _Stored, effect: Plan | Draft, call: Row[tuple[object]]) -> codec.Json:
    kept = places.REPLY.open(stored.turn.id, call.reply)
    reply = Reply(
        text=kept["text"],
        calls=tuple(ToolCall(**each) for each in kept["calls"]),
        intent=Intent(kept["intent"]),
        model=kept["model"],
        usage=Usage(**kept["usage"]),
    )
    request = stored.request(call)
    return codec.dump(asking.understood(effect, reply, _named(stored, request.tools), call.cost_micro))


def _question_again(stored: _Stored, seq: int, effect: Plan | Draft, call: Row[tuple[object]]) -> Iterator[Difference]:
    request = stored.request(call)
    tools = asking.specs(_named(stored, request.tools))
    if asking.tools_hash(tools) != request.tools_hash:
        return  # a tool's description has changed since: it was another question
    memory = recall_again(stored.session, stored.turn.thread_id, request.upto, request.span)
    history = stored.history[: request.seq]
    ask = asking.question(effect, stored.site_name, memory, history, tools, request.temperature)
    if any(PART in said.text for said in memory.said) or PART in memory.summary:
        return  # the rest of a number came later, and its beginning was taken out of these words
    yield from stored.differs(seq, "the question to the model", request.sha256, asking.digest(ask))


def _named(stored: _Stored, names: tuple[str, ...]) -> tuple[Tool, ...]:
    return tuple(tool for tool in stored.tools if tool.name in names)


def _asked(history: History, event: Event) -> Plan | Draft | None:
    """The effect that asked for `event`."""
    wanted = getattr(event, "n", None)
    for _, effects in history:
        for effect in effects:
            if effect["type"] in {"Plan", "Draft"} and effect["n"] == wanted:
                found: Outside = codec.load_outside(effect)
                assert not isinstance(found, RunTool)
                return found
    return None
