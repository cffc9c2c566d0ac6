"""The indexing worker's jobs. Each carries an id only, and may come twice."""

from uuid import UUID

from sqlalchemy.exc import DBAPIError

from core.db import transaction
from core.errors import Conflict, DocumentNotFound
from core.log import get_logger
from core.queue import Job, celery_app, enqueue
from kb.documents.indexer import index_document, index_waiting, refresh_old, site_of
from kb.documents.probing import verify_removed
from kb.documents.steering import rings, unverified
from kb.documents.tidying import tidy
from kb.documents.watching import watch_indexes
from kb.embeddings.reembedding import reembed, switching
from kb.errors import EmbedderUnavailable
from kb.index import merging, vector_index
from kb.sources.sitemap import due_sitemaps, read_sitemap

log = get_logger(__name__)

SWITCH_SECONDS = 8.0  # of one job, so that documents are read between two of them


@celery_app.task(name=Job.INDEX_DOCUMENT)
def index_one(document_id: str) -> None:
    """Index one document, if it is due and nobody else does; then some of those of its site that wait, too."""
    try:
        index_document(UUID(document_id))
        index_waiting(site_of(UUID(document_id)))
    except DocumentNotFound:
        log.info("document_gone", document=document_id)  # deleted between the ring and now


@celery_app.task(name=Job.VERIFY_REMOVED)
def verify() -> None:
    """See that what was taken out is found no more."""
    verify_removed()


@celery_app.task(name=Job.REEMBED)
def switch_model(site_id: str) -> None:
    """Go on with a site's switch to another embedding model; the sweep rings again while it is not complete."""
    try:
        reembed(site_id, seconds=SWITCH_SECONDS)
    except (EmbedderUnavailable, Conflict) as error:
        log.warning("switch_waits", site_id=site_id, cause=error.detail)


@celery_app.task(name=Job.TIDY_KNOWLEDGE)
def tidy_knowledge() -> None:
    """Delete what nothing needs any more."""
    tidy()


@celery_app.task(name=Job.MERGE_SEGMENTS)
def merge_audience(audience_id: str) -> None:
    """Merge an audience's segments, if there are too many, and repair them, if they miss something."""
    try:
        merging.merge_segments(int(audience_id))
    except DBAPIError as error:  # a writer had the site for too long, or the database went away
        log.warning("merge_postponed", audience=audience_id, cause=type(error.orig).__name__)


@celery_app.task(name=Job.SWEEP_SEGMENTS)
def sweep_segments() -> None:
    """Ask for the merges and vector indexes that are due."""
    merging.sweep()
    vector_index.sweep()


@celery_app.task(name=Job.INDEX_VECTORS)
def index_vectors(audience_id: str, model_id: str) -> None:
    """Build or drop the vector index of an audience and a model."""
    vector_index.adjust(int(audience_id), int(model_id))


@celery_app.task(name=Job.READ_SITEMAP)
def read_one_sitemap(sitemap_id: str) -> None:
    """Read one sitemap, if it is due and nobody else does."""
    read_sitemap(int(sitemap_id))


@celery_app.task(name=Job.SWEEP_DOCUMENTS)
def sweep_documents() -> None:
    """Ring again for what is due: lost rings, killed workers, attempts that waited, old live ones, open switches."""
    refresh_old()
    watch_indexes()
    with transaction() as session:
        for document_id in rings(session):
            enqueue(session, Job.INDEX_DOCUMENT, document_id=document_id)
        if unverified(session):
            enqueue(session, Job.VERIFY_REMOVED)
        for site_id in switching():
            enqueue(session, Job.REEMBED, site_id=site_id)
        for sitemap_id in due_sitemaps(session):
            enqueue(session, Job.READ_SITEMAP, sitemap_id=sitemap_id)
