"""Passages that are for another audience now: they keep their ids and vectors, and are indexed there."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.models import Chunk, ChunkVector
from kb.index import segments
from kb.index.merging import entries


def move_chunks(session: Session, old: dict[int, int], audience: int) -> None:
    """Chunks (by id, with the audience that they leave) and their vectors and postings into another audience."""
    if not old:
        return
    session.execute(update(Chunk).where(Chunk.id.in_(old)).values(audience_id=audience))
    session.execute(update(ChunkVector).where(ChunkVector.chunk_id.in_(old)).values(audience_id=audience))
    for left in set(old.values()):
        segments.remove(session, left, [id_ for id_, was in old.items() if was == left])
    segments.write(session, audience, entries(session, list(old)))
