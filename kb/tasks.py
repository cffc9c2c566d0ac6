"""The indexing worker's jobs. Each carries an id only, and may come twice."""

from uuid import UUID

from core.db import transaction
from core.errors import DocumentNotFound
from core.log import get_logger
from core.queue import Job, celery_app, enqueue
from kb import merging, vector_index
from kb.indexer import due, index_document, refresh_old

log = get_logger(__name__)


@celery_app.task(name=Job.INDEX_DOCUMENT)
def index_one(document_id: str) -> None:
    """Index one document, if it is due and nobody else does."""
    try:
        index_document(UUID(document_id))
    except DocumentNotFound:
        log.info("document_gone", document=document_id)  # deleted between the ring and now


@celery_app.task(name=Job.MERGE_SEGMENTS)
def merge_audience(audience_id: str) -> None:
    """Merge an audience's segments, if there are too many, and repair them, if they miss something."""
    merging.merge_segments(int(audience_id))


@celery_app.task(name=Job.SWEEP_SEGMENTS)
def sweep_segments() -> None:
    """Ask for the merges and vector indexes that are due."""
    merging.sweep()
    vector_index.sweep()


@celery_app.task(name=Job.INDEX_VECTORS)
def index_vectors(audience_id: str, model_id: str) -> None:
    """Build or drop the vector index of an audience and a model."""
    vector_index.adjust(int(audience_id), int(model_id))


@celery_app.task(name=Job.SWEEP_DOCUMENTS)
def sweep_documents() -> None:
    """Ring again for documents that are due: lost rings, killed workers, attempts that waited, old live ones."""
    refresh_old()
    with transaction() as session:
        for document_id in due():
            enqueue(session, Job.INDEX_DOCUMENT, document_id=document_id)
