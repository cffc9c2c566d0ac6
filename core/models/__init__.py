"""The whole schema, by subject: who talks, what happens, what is known, what is done."""

from sqlalchemy import MetaData

from core.db import Base
from core.models.knowledge import Chunk, ChunkVector, Document, DocumentEvent, EmbeddingCache
from core.models.talk import Feedback, Message, Site, Thread, Visitor
from core.models.turns import ModelCall, Spend, Tick, ToolRun, Turn, TurnEvent, WorkerBeat
from core.models.work import Handoff, Order, Outgoing, Ticket

metadata: MetaData = Base.metadata

__all__ = [
    "Chunk",
    "ChunkVector",
    "Document",
    "DocumentEvent",
    "EmbeddingCache",
    "Feedback",
    "Handoff",
    "Message",
    "ModelCall",
    "Order",
    "Outgoing",
    "Site",
    "Spend",
    "Thread",
    "Tick",
    "Ticket",
    "ToolRun",
    "Turn",
    "TurnEvent",
    "Visitor",
    "WorkerBeat",
    "metadata",
]
