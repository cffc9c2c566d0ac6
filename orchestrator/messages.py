"""What is said in a thread: stored once, and shown to whoever listens once that is committed."""

import json
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core import bus
from core.direct import Statement
from core.models import Message
from core.sealing import places, words
from orchestrator.told import tell_staff

ADD = Statement("""
    INSERT INTO messages (id, thread_id, turn_id, role, content, words, author, citations, client_msg_id)
    VALUES (:id, :thread_id, :turn_id, :role, :content, :words, :author, CAST(:citations AS jsonb), :client_msg_id)
    ON CONFLICT (thread_id, client_msg_id) DO NOTHING
    RETURNING created_at
""")


def say(
    session: Session,
    thread_id: UUID,
    role: str,
    content: str,
    *,
    author: str = "",
    turn_id: UUID | None = None,
    citations: list[dict[str, Any]] | None = None,
    client_msg_id: str | None = None,
) -> UUID | None:
    """Store what a visitor, the agent, staff or the system says: its id, or None where `client_msg_id` is known.

    `author` is the name of whoever of the staff says it, as visitors see it.
    """
    shown: dict[str, Any] = {"id": str(uuid4()), "role": role, "content": content, "author": author}
    shown["citations"] = citations or []
    row = shown | {"thread_id": thread_id, "turn_id": turn_id, "client_msg_id": client_msg_id}
    row |= {"content": places.MESSAGE.seal(thread_id, content), "words": words.hidden(content)}
    added = ADD.row(session, **row | {"citations": json.dumps(shown["citations"])})
    if added is None:
        return None
    bus.tell(session, thread_id, "message", **shown, created_at=added.created_at.isoformat())
    tell_staff(session, thread_id, "message", message=shown["id"])
    return UUID(shown["id"])


def as_json(message: Message) -> dict[str, Any]:
    """A message as the API and the stream show it."""
    return {
        "id": str(message.id),
        "role": message.role,
        "content": message.content,
        "author": message.author,
        "citations": message.citations,
        "created_at": message.created_at.isoformat(),
    }
