"""Evidence records in their table: written with the answer, in its transaction, and found again."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import signing
from core.direct import Statement
from core.errors import BadRequest, MessageNotFound, NotFound
from core.models import EvidenceRecord, Message
from orchestrator import codec, open_turns
from orchestrator.effects import Say, SayPhrase
from orchestrator.grounds import sha256
from orchestrator.open_turns import OpenTurn
from orchestrator.record import Given, build, digest, documents

PURPOSE = "evidence"

NOW = Statement("""
    SELECT threads.channel, sites.kb_version, clock_timestamp() AS at
    FROM threads JOIN sites ON sites.id = threads.site_id WHERE threads.id = :thread_id
""")
KEEP = Statement("""
    INSERT INTO evidence (message_id, turn_id, documents, record, signature)
    VALUES (:message_id, :turn_id, CAST(:documents AS uuid[]), CAST(:record AS jsonb), :signature)
""")

Json = dict[str, Any]


class EvidenceMissing(NotFound):
    """There is no evidence record of this answer: it was given before records were kept."""


class NoAnswer(BadRequest):
    """This is not an answer of the assistant: what visitors and people of the team write rests on no evidence."""


@dataclass(frozen=True)
class Answer:
    """What the visitor was told."""

    message_id: UUID
    said: str
    citations: Sequence[Json]


@dataclass(frozen=True)
class Kept:
    """A record as it is stored, and the answer that it is about."""

    message: Message
    record: Json
    signature: str
    at: datetime

    @property
    def signed(self) -> bool:
        """Whether it is as this Handrail wrote it."""
        return signing.is_signed(PURPOSE, codec.canonical(self.record), self.signature)

    @property
    def signed_by_another_key(self) -> bool:
        """Whether it says that another secret than today's has signed it."""
        return bool(self.record.get("key") != signing.key_name(PURPOSE))

    @property
    def words_hold(self) -> bool:
        """Whether the answer and what it cites are what the record is about."""
        said = self.record.get("said", {})
        as_they_are = (sha256(self.message.content), digest(self.message.citations))
        return as_they_are == (said.get("sha256"), said.get("citations"))


def keep(session: Session, turn: OpenTurn, effect: Say | SayPhrase, answer: Answer) -> None:
    """Write down what `answer` rests on, in the transaction that says it."""
    row = NOW.row(session, thread_id=turn.thread_id)
    where = (str(answer.message_id), str(turn.id), str(turn.thread_id), turn.site_id, row.channel)
    given = Given(*where, row.kb_version, row.at.isoformat(), version_now())
    made = build(given, answer.said, answer.citations, open_turns.history(session, turn), effect)
    made["key"] = signing.key_name(PURPOSE)
    KEEP.run(
        session,
        message_id=answer.message_id,
        turn_id=turn.id,
        documents=[each for each in documents(answer.citations) if _is_id(each)],
        record=json.dumps(made),
        signature=signing.sign(PURPOSE, codec.canonical(made)),
    )


def find(session: Session, wanted: UUID) -> Kept:
    """The record of an answer, by the message's id or its turn's.

    Raises MessageNotFound, NoAnswer, EvidenceMissing.
    """
    is_it = (Message.id == wanted) | ((Message.turn_id == wanted) & (Message.role == "agent"))
    message = session.scalars(select(Message).where(is_it)).one_or_none()
    if message is None:
        raise MessageNotFound(f"There is no message {wanted}: the desk shows the id of each under “What it rests on”.")
    if message.role != "agent":
        raise NoAnswer
    found = kept(session, [message])
    if not found:
        raise EvidenceMissing(
            "There is no evidence record of this answer: it was given before records were kept. "
            f"`handrail replay {message.turn_id}` carries its turn out again."
        )
    return found[message.id]


def kept(session: Session, messages: Collection[Message]) -> dict[UUID, Kept]:
    """The records of these answers, as far as there are any."""
    by_id = {message.id: message for message in messages}
    if not by_id:
        return {}
    rows = session.scalars(select(EvidenceRecord).where(EvidenceRecord.message_id.in_(by_id)))
    return {row.message_id: Kept(by_id[row.message_id], row.record, row.signature, row.created_at) for row in rows}


@cache
def version_now() -> str:
    """Which Handrail this is."""
    return version("handrail")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
