"""Verifying an answer's evidence: is its record ours and whole, and what has changed since it was given?"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from brain.prompt import prompt_hashes
from core.models import Site, TurnEvent
from core.settings import Settings
from orchestrator import records, replay
from orchestrator.grounds import sha256
from orchestrator.passages_now import PassageNow, compare, held
from orchestrator.record import journal_digest
from orchestrator.records import Kept
from tools.catalog import TOOLS
from tools.tool import Tool

Json = dict[str, Any]
Entry = tuple[Json, list[Json]]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `good` is None where it can't be told. `says` is a whole sentence."""

    name: str
    good: bool | None
    says: str


NOT_REPLAYED = Check("replay", None, "Its turn was not carried out again.")


@dataclass(frozen=True)
class Verified:
    """An answer's evidence beside today. `since` are sentences on what else is another now."""

    kept: Kept
    checks: tuple[Check, ...]
    replayed: Check
    passages: tuple[PassageNow, ...]
    since: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether record, answer and journal are what was written when the answer was given."""
        return all(check.good is not False for check in self.checks)

    @property
    def same(self) -> bool:
        """Whether the answer would rest on the same today: its passages hold, and its turn goes as it went."""
        return self.replayed.good is True and all(passage.holds for passage in self.passages)


def verify(session: Session, message_id: UUID, settings: Settings, tools: tuple[Tool, ...] = TOOLS) -> Verified:
    """Look at everything again. Raises MessageNotFound, NoAnswer, EvidenceMissing."""
    kept = records.find(session, message_id)
    journal = _stored_journal(session, UUID(str(kept.message.turn_id)))
    checks = (_signature(kept), _words(kept), _journal(kept, journal))
    if not checks[0].good:  # what is not ours is not read any further
        return Verified(kept, checks, NOT_REPLAYED, (), ())
    return Verified(
        kept,
        checks,
        _replay(session, kept, tools) if journal else NOT_REPLAYED,
        tuple(compare(session, kept.record, dict(_texts(journal)))),
        tuple(_since(session, kept.record, settings)),
    )


def glance(session: Session, found: Iterable[Kept]) -> dict[UUID, str]:
    """One word for each record, quickly: "verified", "changed" since, or "broken"."""
    told: dict[UUID, str] = {}
    whole: dict[tuple[str, str], list[Kept]] = {}
    for kept in found:
        if kept.signed and kept.words_hold:
            whole.setdefault((kept.record["site"], kept.record["channel"]), []).append(kept)
        else:
            told[kept.message.id] = "broken"
    for some in whole.values():
        now = held(session, [kept.record for kept in some], whole=False)
        for kept in some:
            cited = [passage for passage in kept.record["passages"] if passage["cited"] is not None]
            same = all(now.state_of(passage) == "same" for passage in cited)
            told[kept.message.id] = "verified" if same else "changed"
    return told


def _stored_journal(session: Session, turn_id: UUID) -> list[Entry]:
    """Events and effects as they were written, in whatever form that was."""
    wanted = select(TurnEvent.event, TurnEvent.effects).where(TurnEvent.turn_id == turn_id).order_by(TurnEvent.seq)
    return [(event, effects) for event, effects in session.execute(wanted)]


def _signature(kept: Kept) -> Check:
    if kept.signed:
        return Check("signature", good=True, says="The record is signed by this Handrail, and nobody has changed it.")
    if kept.signed_by_another_key:
        return Check(
            "signature",
            good=False,
            says="The record names another HANDRAIL_SECRET_KEY than today's: verify it with that one set.",
        )
    return Check("signature", good=False, says="The record was changed after it was signed: it proves nothing.")


def _words(kept: Kept) -> Check:
    if kept.words_hold:
        return Check("answer", good=True, says="The answer and its citations stand as they were given.")
    return Check("answer", good=False, says="The answer or its citations were changed after they were given.")


def _journal(kept: Kept, journal: Sequence[Entry]) -> Check:
    told = kept.record.get("journal", {})
    if not journal:
        return Check("journal", good=None, says="The journal of its turn is not kept any more.")
    if journal_digest(journal[: told.get("events", 0)]) == told.get("sha256"):
        return Check("journal", good=True, says="The journal of its turn stands as it was written.")
    return Check("journal", good=False, says="The journal of its turn was changed after the answer was given.")


def _replay(session: Session, kept: Kept, tools: tuple[Tool, ...]) -> Check:
    difference = replay.replay(session, UUID(str(kept.message.turn_id)), tools)
    if difference is None:
        return Check("replay", good=True, says="Carried out again, its turn gives the same bytes.")
    at = f"event {difference.seq} ({difference.what})" if difference.seq else difference.what
    says = (
        f"Carried out again, its turn would go otherwise today, from {at} on: `handrail replay {difference.turn_id}`."
    )
    return Check("replay", good=False, says=says)


def _texts(journal: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """The passages that the turn's searches returned, by their hash."""
    for event, _ in journal:
        if event["type"] == "ToolReturned":
            for found in json.loads(event["output"]).get("snippets", ()):
                yield sha256(found.get("text") or ""), found.get("text") or ""


def _since(session: Session, record: Json, settings: Settings) -> Iterator[str]:
    site = session.get_one(Site, record["site"])
    if changes := site.kb_version - record["kb_version"]:
        times = "once" if changes == 1 else f"{changes} times"
        yield f"The site's index has changed {times} since."
    if others := [name for name, was in record["prompts"].items() if prompt_hashes().get(name) != was]:
        yield f"Prompts that read otherwise today: {', '.join(others)}."
    if record["settings"] != settings.fingerprint():
        yield f"Settings that can change an answer are others today (then {record['settings']})."
    if gone := [name for name in record["models"] if name not in settings.models]:
        models = ", ".join(settings.models)
        yield f"It was made with {', '.join(gone)}; today {models} would be asked."
    if record["version"] != (version := records.version_now()):
        yield f"It was made by Handrail {record['version']}; this is {version}."
