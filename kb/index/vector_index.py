"""HNSW indexes, one for each large audience and model: built beside the traffic, dropped when they do not pay any more.

A partial index holds the vectors of one audience alone, so nothing has to be filtered out of what it finds.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from core import db
from core.log import get_logger
from core.models import ChunkVector, EmbeddingModel
from core.queue import Job, enqueue
from core.settings import get_settings

log = get_logger(__name__)

NAME = re.compile(r"hnsw_a(\d+)_m(\d+)")
BUILD_SECONDS = 3_600
BUILDING = 0x686E7377  # any number that is ours: "hnsw"
MOST_DIMENSIONS = 4_000  # of a halfvec that HNSW takes
EXISTING = text(r"""
    SELECT relname, indisvalid FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid
    WHERE indrelid = to_regclass('chunk_vectors') AND relname LIKE 'hnsw\_a%'
""")
# m = 16 and ef_construction = 64 are pgvector's own; more of either did not raise the recall that was measured.
BUILD = """
CREATE INDEX CONCURRENTLY {name} ON chunk_vectors USING hnsw ((embedding::halfvec({dimensions})) halfvec_ip_ops)
WHERE audience_id = {audience} AND model_id = {model}
"""


def sweep() -> None:
    """Ask for the indexes that are to be built or dropped; between half and all of the limit, they stay as they are."""
    with db.transaction() as session:
        ask(session)


def ask(session: Session) -> None:
    """The same in a transaction that is open."""
    for audience, model in due(session):
        enqueue(session, Job.INDEX_VECTORS, audience_id=audience, model_id=model)


def due(session: Session) -> set[tuple[int, int]]:
    """Audiences and models whose index is missing, broken, or there in vain."""
    most = get_settings().vector_index_windows
    per = select(ChunkVector.audience_id, ChunkVector.model_id, func.count())
    per = per.group_by(ChunkVector.audience_id, ChunkVector.model_id).having(func.count() * 2 >= most)
    counts = {(audience, model): int(count) for audience, model, count in session.execute(per)}
    there = existing(session.connection())
    wanted = {key for key, count in counts.items() if count >= most and not there.get(key)}
    return wanted | (there.keys() - counts.keys()) | {key for key, valid in there.items() if not valid}


def adjust(audience: int, model: int) -> None:
    """Build the index of this audience and model, or drop it, as its size wants it. Nobody is locked out meanwhile.

    A build that is killed leaves an invalid index behind, which the next one drops.
    """
    most = get_settings().vector_index_windows
    with _alone(audience, model) as connection:
        if connection is None:
            return
        counted = select(func.count()).where(ChunkVector.audience_id == audience, ChunkVector.model_id == model)
        windows = connection.scalar(counted) or 0
        dimensions = connection.scalar(select(EmbeddingModel.dimensions).where(EmbeddingModel.id == model)) or 0
        name, valid = f"hnsw_a{audience}_m{model}", existing(connection).get((audience, model))
        if valid is False or (valid and windows * 2 < most):
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
            log.info("vector_index_dropped", audience=audience, windows=windows, valid=valid)
        if not valid and windows >= most and 0 < dimensions <= MOST_DIMENSIONS:
            query = BUILD.format(name=name, dimensions=dimensions, audience=audience, model=model)
            connection.execute(text(query))
            log.info("vector_index_built", audience=audience, windows=windows)


def existing(connection: Connection) -> dict[tuple[int, int], bool]:
    """Audience and model → whether the index is whole."""
    found = {}
    for name, valid in connection.execute(EXISTING):
        if numbers := NAME.fullmatch(name):
            found[int(numbers[1]), int(numbers[2])] = bool(valid)
    return found


@contextmanager
def _alone(audience: int, model: int) -> Iterator[Connection | None]:
    """A connection of its own, outside of any transaction and with time enough; None while another one builds this."""
    settings = get_settings()
    engine = db.make_engine(settings.database_url, pool=1, app="handrail-vectors")
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name, value in (
                ("statement_timeout", f"{BUILD_SECONDS}s"),
                ("lock_timeout", f"{BUILD_SECONDS}s"),  # it waits for transactions that are older than it
                ("maintenance_work_mem", f"{settings.vector_index_memory_mb}MB"),
            ):
                connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
            key = {"what": BUILDING, "which": hash((audience, model)) & 0x7FFFFFFF}
            free = connection.scalar(text("SELECT pg_try_advisory_lock(:what, :which)"), key)
            yield connection if free else None
    finally:
        engine.dispose()
