"""What an answer rests on, read from its turn's journal: passages, tools, verdicts of the guards, models, people."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Turn, TurnEvent

PASSAGE_SHOWN = 600  # characters
OUTPUT_SHOWN = 2_000
BRAIN = frozenset({"CallsProposed", "CallsRefused", "DraftWritten", "BrainFailed"})

Json = dict[str, Any]


@dataclass(frozen=True)
class Passage:
    """A passage that a search found; `score` is the search's own, `cited` its number in the answer or None."""

    id: str
    title: str
    section: str
    url: str
    text: str
    score: float
    cited: int | None


@dataclass
class Call:
    """One tool that was called, and what came of it."""

    tool: str
    arguments: str
    result: str = ""
    failed: bool = False
    seconds: float | None = None
    passages: list[Passage] = field(default_factory=list)
    answerable: float | None = None


@dataclass
class Proof:
    """All that is known of how one turn went."""

    turn_id: UUID
    outcome: str
    phase: str
    calls: list[Call] = field(default_factory=list)
    verdicts: list[tuple[str, Json]] = field(default_factory=list)  # ("in" or "out", verdict)
    models: dict[str, tuple[int, int]] = field(default_factory=dict)  # tokens in and out
    cost_micro: int = 0
    confidence: float | None = None
    people: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def refused(self) -> bool:
        """Whether a guard objected to something."""
        return any(not verdict["passed"] for _, verdict in self.verdicts)


def proofs(session: Session, turn_ids: Iterable[UUID], citations: Mapping[UUID, Sequence[Json]]) -> dict[UUID, Proof]:
    """The proof of each turn; `citations` are those of what it said."""
    ids = list(turn_ids)
    if not ids:
        return {}
    turns = session.execute(select(Turn.id, Turn.outcome, Turn.phase).where(Turn.id.in_(ids)))
    made = {row.id: Proof(row.id, row.outcome or "", row.phase) for row in turns}
    columns = (TurnEvent.turn_id, TurnEvent.event, TurnEvent.effects, TurnEvent.recorded_at)
    journal: dict[UUID, list[Any]] = {}
    rows = select(*columns).where(TurnEvent.turn_id.in_(ids)).order_by(TurnEvent.turn_id, TurnEvent.seq)
    for row in session.execute(rows):
        journal.setdefault(row.turn_id, []).append(row)
    for turn_id, lines in journal.items():
        _read(made[turn_id], lines, citations.get(turn_id, ()))
    return made


def _read(proof: Proof, lines: Sequence[Any], citations: Sequence[Json]) -> None:
    began: dict[str, Any] = {}
    for line in lines:
        event: Json = line.event
        kind = event["type"]
        if kind in {"ToolReturned", "ToolFailed"}:
            _note_result(proof, event, kind, citations)
            if proof.calls and began:
                proof.calls[-1].seconds = (line.recorded_at - began["at"]).total_seconds()
        elif kind in BRAIN:
            _note_brain(proof, event, kind)
        else:
            _note_other(proof, event, kind)
        for effect in line.effects:
            if effect["type"] == "RunTool":
                began["at"] = line.recorded_at
                call = effect["call"]
                proof.calls.append(Call(call["tool"], _pretty(call["arguments"])))
    if lines:
        proof.seconds = (lines[-1].recorded_at - lines[0].recorded_at).total_seconds()


def _note_result(proof: Proof, event: Json, kind: str, citations: Sequence[Json]) -> None:
    if not proof.calls:
        return
    call = proof.calls[-1]
    if kind == "ToolFailed":
        call.failed, call.result = True, event["reason"]
        return
    output = _loaded(event["output"])
    if isinstance(output, dict) and "snippets" in output:
        call.answerable = output.get("answerable")
        call.passages = [_passage(found, citations) for found in output["snippets"]]
        call.result = f"{len(call.passages)} passages"
    else:
        call.result = _pretty(event["output"])


def _note_brain(proof: Proof, event: Json, kind: str) -> None:
    spent = event.get("spent") or {}
    if spent.get("model"):
        before = proof.models.get(spent["model"], (0, 0))
        proof.models[spent["model"]] = (before[0] + spent["input_tokens"], before[1] + spent["output_tokens"])
    proof.cost_micro += spent.get("cost_micro", 0)
    if kind == "BrainFailed":
        proof.faults.append(event["reason"])
    elif kind == "CallsRefused":
        proof.faults.append(event["error"])


def _note_other(proof: Proof, event: Json, kind: str) -> None:
    side = "in" if kind == "MessageScreened" else "out"
    proof.verdicts += [(side, verdict) for verdict in event.get("verdicts", ())]
    if kind == "DraftPassedGuards":
        proof.confidence = event.get("confidence")
    elif kind == "DraftApproved":
        proof.people.append(f"{event['person']} approved the draft.")
    elif kind == "DraftRefused":
        proof.people.append(f"{event['person']} refused the draft: {event['reason']}")
    elif kind == "PersonClaimed":
        proof.people.append(f"{event['person']} took the conversation.")
    elif kind == "DeadlinePassed":
        proof.faults.append("The turn's time was over.")


def _passage(found: Json, citations: Sequence[Json]) -> Passage:
    where = (found.get("doc_id"), found.get("section") or "", found.get("url") or "")
    numbers = (each["n"] for each in citations if (each["doc_id"], each["section"], each["url"]) == where)
    text = found.get("text") or ""
    shown = text if len(text) <= PASSAGE_SHOWN else f"{text[:PASSAGE_SHOWN].rsplit(' ', 1)[0]} …"
    return Passage(
        str(found["id"]),
        found.get("title") or "",
        found.get("section") or "",
        web_link(found.get("url") or ""),
        shown,
        float(found.get("score") or 0),
        next(numbers, None),
    )


def web_link(url: str) -> str:
    """`url` where it leads somewhere on the web, else "": a link must not run anything."""
    return url if url.startswith(("https://", "http://", "/")) and not url.startswith("//") else ""


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pretty(text: str) -> str:
    found = _loaded(text)
    shown = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=1)
    return shown if len(shown) <= OUTPUT_SHOWN else f"{shown[:OUTPUT_SHOWN]} …"
