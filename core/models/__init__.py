"""The whole schema, by subject: who talks, what happens, what is known, what is done."""

from sqlalchemy import MetaData

from core.db import Base
from core.models.knowledge import Document, DocumentEvent, Sitemap
from core.models.passages import Audience, Chunk, ChunkVector, EmbeddingCache, EmbeddingModel, Posting, Segment
from core.models.talk import Feedback, Message, Site, Thread, Visitor
from core.models.turns import ModelCall, Spend, Tick, ToolRun, Turn, TurnEvent, WorkerBeat
from core.models.webhooks import WebhookEvent
from core.models.work import Handoff, Order, Outgoing, Ticket

metadata: MetaData = Base.metadata

__all__ = [
    "Audience",
    "Chunk",
    "ChunkVector",
    "Document",
    "DocumentEvent",
    "EmbeddingCache",
    "EmbeddingModel",
    "Feedback",
    "Handoff",
    "Message",
    "ModelCall",
    "Order",
    "Outgoing",
    "Posting",
    "Segment",
    "Site",
    "Sitemap",
    "Spend",
    "Thread",
    "Tick",
    "Ticket",
    "ToolRun",
    "Turn",
    "TurnEvent",
    "Visitor",
    "WebhookEvent",
    "WorkerBeat",
    "metadata",
]
