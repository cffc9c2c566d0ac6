"""The evidence record of one answer, made from its turn's journal: ids, hashes and places, no words of a visitor."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from orchestrator import codec
from orchestrator.effects import Say, SayPhrase
from orchestrator.events import (
    DraftApproved,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftWritten,
    Event,
    MessageScreened,
    Phrase,
    Spent,
    ToolReturned,
    TurnOpened,
    Verdict,
    VisitorSaid,
)
from orchestrator.evidence import Evidence, Snippet, cited, gather
from orchestrator.grounds import Told, grounded, sha256
from orchestrator.open_turns import History

FORM = 1
TITLE_CHARS = 300

Json = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What an answer's journal does not tell. `at` is when it was given, as ISO 8601; `version` is Handrail's own."""

    message: str
    turn: str
    thread: str
    site: str
    channel: str
    kb_version: int
    at: str
    version: str


@dataclass(frozen=True)
class Called:
    """One tool call, as far as it came."""

    id: str
    tool: str
    output: str | None = None  # JSON text; None where it failed


@dataclass
class _Journal:
    """What a journal tells of an answer, event by event."""

    calls: list[Called] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    screened: list[dict[str, bool]] = field(default_factory=list)
    passed: dict[str, bool] = field(default_factory=dict)
    refused: list[list[str]] = field(default_factory=list)
    spent: dict[str, Json] = field(default_factory=dict)
    draft: str = ""
    intent: str = ""
    settings: str = ""
    prompts: dict[str, str] = field(default_factory=dict)
    confidence: float | None = None
    person: Json | None = None
    shown: str = ""


def build(given: Given, said: str, citations: Sequence[Json], history: History, effect: Say | SayPhrase) -> Json:
    """The record of the answer `said`, whose turn has gone as `history` tells, up to the event that let it out.

    The same facts give the same record.
    """
    read = _read(history)
    evidence = gather(event for event, _ in history)
    sources = _sources(read, evidence, effect)
    results = tuple(Told(call.id, call.output) for call in read.calls if call.output is not None and not _found(call))
    claims = isinstance(effect, Say) and read.intent == "answer"
    return {
        "form": FORM,
        **asdict(given),
        "said": {"sha256": sha256(said), "citations": digest(list(citations)), "chars": len(said)},
        "kind": effect.phrase.value if isinstance(effect, SayPhrase) else read.intent or "answer",
        "asked": read.asked,
        "journal": {"events": len(history), "sha256": journal_digest(_stored(history))},
        "sentences": [_sparse(asdict(each)) for each in grounded(said, sources, results, claims=claims)],
        "passages": list(_passages(read, {snippet.id: n for n, snippet in sources.items()})),
        "tools": [_tool(call) for call in read.calls],
        "confidence": read.confidence,
        "guards": {"in": read.screened, "out": read.passed, "objected": read.refused},
        "person": read.person,
        "models": read.spent,
        "prompts": read.prompts,
        "settings": read.settings,
    }


def documents(citations: Sequence[Json]) -> list[str]:
    """The ids of the documents that an answer cites."""
    return list(dict.fromkeys(each["doc_id"] for each in citations))


def digest(value: object) -> str:
    """SHA-256 of anything that is plain JSON, however it is spelled."""
    return hashlib.sha256(codec.canonical(value)).hexdigest()


def journal_digest(stored: Sequence[tuple[Json, list[Json]]]) -> str:
    """SHA-256 of a journal as it is stored: each event with the effects that were answered to it."""
    return digest([list(entry) for entry in stored])


def _stored(history: History) -> list[tuple[Json, list[Json]]]:
    return [(codec.dump(event), effects) for event, effects in history]


def _read(history: History) -> _Journal:
    read = _Journal()
    for event, effects in history:
        _note(read, event)
        for effect in effects:
            if effect["type"] == "RunTool":
                read.calls.append(Called(effect["call"]["id"], effect["call"]["tool"]))
            elif effect["type"] == "HoldForReview":
                read.shown = effect["text"]
    return read


def _note(read: _Journal, event: Event) -> None:
    if isinstance(spent := getattr(event, "spent", None), Spent) and spent.model:
        _note_spent(read, spent)
    match event:
        case TurnOpened(_, settings, prompts):
            read.settings, read.prompts = settings, dict(prompts)
        case VisitorSaid(message_id):
            read.asked.append(message_id)
        case MessageScreened(verdicts):
            read.screened.append(_verdicts(verdicts))
        case ToolReturned(_, output) if read.calls:
            read.calls[-1] = Called(read.calls[-1].id, read.calls[-1].tool, output)
        case DraftWritten(_, text, intent):
            read.draft, read.intent = text, intent
        case DraftPassedGuards(verdicts, _, _, confidence):
            read.passed, read.confidence = _verdicts(verdicts), confidence
        case DraftFailedGuard(verdicts):
            read.refused.append([each.guard for each in verdicts if not each.passed])
        case DraftApproved(_, _, text):
            read.person = {"approved": True, "edited": text != read.shown}
        case _:  # what went wrong on the way stands in the journal
            pass


def _note_spent(read: _Journal, spent: Spent) -> None:
    so_far = read.spent.setdefault(spent.model, {"steps": 0, "tokens": [0, 0], "cost_micro": 0})
    so_far["steps"] += 1
    so_far["tokens"] = [so_far["tokens"][0] + spent.input_tokens, so_far["tokens"][1] + spent.output_tokens]
    so_far["cost_micro"] += spent.cost_micro


def _verdicts(verdicts: Sequence[Verdict]) -> dict[str, bool]:
    """By guard, and without the reasons, which may repeat what somebody wrote: the journal has those."""
    return {each.guard: each.passed for each in verdicts}


def _sources(read: _Journal, evidence: Evidence, effect: Say | SayPhrase) -> dict[int, Snippet]:
    """The passages behind the numbers that the visitor sees."""
    if isinstance(effect, SayPhrase):
        best = next(iter(evidence.snippets.values()), None)
        return {1: best} if best and effect.phrase is Phrase.CHECKING_FURTHER else {}
    ids = [each for each in cited(read.draft) if each in evidence.snippets]
    shown = {each["n"] for each in effect.citations}
    return {n: evidence.snippets[each] for n, each in enumerate(ids, start=1) if n in shown}


def _found(call: Called) -> list[Json]:
    """The passages that a call returned, best first."""
    return list(json.loads(call.output).get("snippets", ())) if call.output else []


def _passages(read: _Journal, numbers: dict[str, int]) -> Iterator[Json]:
    for call in read.calls:
        for rank, found in enumerate(_found(call), start=1):
            yield {
                "id": found["id"],
                "call": call.id,
                "rank": rank,
                "score": found.get("score"),
                "cited": numbers.get(found["id"]),
                "doc_id": found["doc_id"],
                "title": str(found.get("title") or "")[:TITLE_CHARS],
                "section": str(found.get("section") or ""),
                "url": str(found.get("url") or ""),
                "page": found.get("page"),
                "start": found.get("start") or 0,
                "chars": len(found.get("text") or ""),
                "sha256": sha256(found.get("text") or ""),
            }


def _tool(call: Called) -> Json:
    return {"call": call.id, "tool": call.tool, "ok": call.output is not None} | (
        {"sha256": sha256(call.output)} if call.output is not None else {}
    )


def _sparse(sentence: Json) -> Json:
    """Without what says nothing."""
    kept = [{name: value for name, value in ground.items() if value != ""} for ground in sentence.pop("grounds")]
    for ground in kept:
        if "call" in ground:
            ground.pop("start"), ground.pop("end")
    return sentence | ({"grounds": kept} if kept else {})
