"""What visitors asked lately that was answered from one document, by the evidence of those answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import EvidenceRecord, Message, Thread
from core.privacy.tokens import tokens_in
from orchestrator.grounds import SHOWN_MARK

MOST = 20  # questions
LOOKED_AT = 100  # answers
CHANNELS = ("web", "email", "slack")  # in which a question can be asked again
LONGEST_TURN = 20  # messages

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One question and what its visitor was told from the document, sentence by sentence."""

    message_id: UUID  # of the answer
    channel: str
    say: tuple[str, ...]
    told: tuple[str, ...]


def asked_of(session: Session, document_id: UUID) -> list[Asked]:
    """The latest different questions whose answers cite the document; none that holds something personal."""
    wanted = select(EvidenceRecord, Message, Thread.channel).join(Message, Message.id == EvidenceRecord.message_id)
    wanted = wanted.join(Thread, Thread.id == Message.thread_id)
    wanted = wanted.where(EvidenceRecord.documents.contains([document_id]), Thread.trial.is_(False))
    wanted = wanted.where(Thread.channel.in_(CHANNELS))
    rows = session.execute(wanted.order_by(EvidenceRecord.created_at.desc()).limit(LOOKED_AT)).all()
    found: dict[tuple[str, ...], Asked] = {}
    for evidence, message, channel in rows:
        say = _said(session, evidence.record)
        if say and say not in found and not any(tokens_in(words) for words in say):
            found[say] = Asked(message.id, channel, say, tuple(_told(evidence.record, message.content, document_id)))
        if len(found) == MOST:
            break
    return list(found.values())


def _said(session: Session, record: Json) -> tuple[str, ...]:
    ids = [UUID(each) for each in record["asked"]]
    words = session.scalars(select(Message.content).where(Message.id.in_(ids)).order_by(Message.position)).all()
    return tuple(words[-LONGEST_TURN:])


def _told(record: Json, answer: str, document_id: UUID) -> Iterator[str]:
    own = {passage["id"] for passage in record["passages"] if passage["doc_id"] == str(document_id)}
    for sentence in record["sentences"]:
        grounds = sentence.get("grounds", ())
        if grounds and all(ground.get("passage") in own for ground in grounds):
            yield SHOWN_MARK.sub("", answer[sentence["start"] : sentence["end"]]).strip()
