"""The whole schema, by subject: who talks, who works, what happens, what is known, done, judged, and gone."""

from sqlalchemy import MetaData

from core.db import Base
from core.models.judging import EvalCase, EvalResult, EvalRun
from core.models.knowledge import Document, DocumentEvent, Sitemap, StagedDocument
from core.models.passages import Audience, Chunk, ChunkVector, EmbeddingCache, EmbeddingModel, Posting, Segment
from core.models.people import AuditEntry, Note, SlackPost, Staff, StaffRole, StaffSession
from core.models.privacy import Erasure
from core.models.sealing_keys import SealingKey
from core.models.talk import Feedback, Message, Site, Thread, Token, Visitor
from core.models.turns import EvidenceRecord, ModelCall, Spend, Tick, ToolRun, Turn, TurnEvent, WorkerBeat
from core.models.webhooks import WebhookEvent
from core.models.work import Handoff, Order, Outgoing, Ticket, TicketEvent

metadata: MetaData = Base.metadata

__all__ = [
    "Audience",
    "AuditEntry",
    "Chunk",
    "ChunkVector",
    "Document",
    "DocumentEvent",
    "EmbeddingCache",
    "EmbeddingModel",
    "Erasure",
    "EvalCase",
    "EvalResult",
    "EvalRun",
    "EvidenceRecord",
    "Feedback",
    "Handoff",
    "Message",
    "ModelCall",
    "Note",
    "Order",
    "Outgoing",
    "Posting",
    "SealingKey",
    "Segment",
    "Site",
    "Sitemap",
    "SlackPost",
    "Spend",
    "Staff",
    "StaffRole",
    "StaffSession",
    "StagedDocument",
    "Thread",
    "Tick",
    "Ticket",
    "TicketEvent",
    "Token",
    "ToolRun",
    "Turn",
    "TurnEvent",
    "Visitor",
    "WebhookEvent",
    "WorkerBeat",
    "metadata",
]
