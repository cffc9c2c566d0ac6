"""What nothing needs any more is deleted, some thousand rows at a time: old vectors, old cache, old history."""

from sqlalchemy import text

from core.db import transaction
from core.settings import get_settings
from kb.embeddings.reembedding import forget_old

TOGETHER = 2_000  # rows in one transaction: nobody waits for it, and it ends well within a statement's time
ROUNDS = 50  # at one time

BY_AGE = text("""
    DELETE FROM embedding_cache WHERE ctid IN (
        SELECT ctid FROM embedding_cache WHERE made_at < now() - make_interval(secs => :seconds)
        ORDER BY made_at LIMIT :most
    )
""")
BY_SIZE = text("""
    DELETE FROM embedding_cache WHERE ctid IN (
        SELECT ctid FROM embedding_cache ORDER BY made_at
        LIMIT greatest(0, least(:most, (SELECT count(*) FROM embedding_cache) - :kept))
    )
""")
HISTORY = text("""
    DELETE FROM document_events WHERE id IN (
        SELECT old.id FROM document_events AS old
        WHERE old.at < now() - make_interval(secs => :seconds)
            AND EXISTS (
                SELECT FROM document_events AS later WHERE later.document_id = old.document_id AND later.id > old.id
            )
        LIMIT :most
    )
""")


def tidy() -> None:
    """Delete what is too old or too much; what is left after ROUNDS comes next time."""
    settings = get_settings()
    day = 86_400.0
    for _ in range(ROUNDS):
        gone = forget_old(TOGETHER)
        with transaction() as session:
            for statement, values in (
                (BY_AGE, {"seconds": settings.embedding_cache_days * day}),
                (BY_SIZE, {"kept": settings.embedding_cache_most}),
                (HISTORY, {"seconds": settings.document_history_days * day}),
            ):
                gone += session.execute(statement, values | {"most": TOGETHER}).rowcount  # type: ignore[attr-defined]
        if not gone:
            return
