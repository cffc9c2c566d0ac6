"""The indexing worker's jobs. Each carries an id only, and may come twice."""

from uuid import UUID

from core.db import transaction
from core.errors import DocumentNotFound
from core.log import get_logger
from core.queue import Job, celery_app, enqueue
from kb.indexer import due, index_document, refresh_old
from kb.sitemap import due_sitemaps, read_sitemap

log = get_logger(__name__)


@celery_app.task(name=Job.INDEX_DOCUMENT)
def index_one(document_id: str) -> None:
    """Index one document, if it is due and nobody else does."""
    try:
        index_document(UUID(document_id))
    except DocumentNotFound:
        log.info("document_gone", document=document_id)  # deleted between the ring and now


@celery_app.task(name=Job.READ_SITEMAP)
def read_one_sitemap(sitemap_id: str) -> None:
    """Read one sitemap, if it is due and nobody else does."""
    read_sitemap(int(sitemap_id))


@celery_app.task(name=Job.SWEEP_DOCUMENTS)
def sweep_documents() -> None:
    """Ring again for documents that are due: lost rings, killed workers, attempts that waited, old live ones."""
    refresh_old()
    with transaction() as session:
        for document_id in due():
            enqueue(session, Job.INDEX_DOCUMENT, document_id=document_id)
        for sitemap_id in due_sitemaps(session):
            enqueue(session, Job.READ_SITEMAP, sitemap_id=sitemap_id)
