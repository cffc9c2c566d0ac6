"""`POST /rag/query`: a site asks its own knowledge, with its API key. The answer is a real turn, like any other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Security
from fastapi.security import APIKeyHeader
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import TooManyRequests, Unavailable
from core.models import Site
from core.settings import Settings
from orchestrator import inbox
from web import limits
from web.chat import PROBLEMS
from web.deps import Chosen, find_site
from web.keys import check_key
from web.schemas import Citation, Hit, QueryAnswered, QueryAsked
from web.waiting import reply_of, wait_for_turn, words_of

if TYPE_CHECKING:
    from kb.search.hybrid import Snippet

CHANNEL = "web"  # what every visitor may read
WAITING_AT_ONCE = 16  # each holds one of this process's forty threads

_seats = threading.BoundedSemaphore(WAITING_AT_ONCE)

API_KEY = APIKeyHeader(name="X-API-Key", scheme_name="ApiKey", auto_error=False, description="Of the site.")

router = APIRouter(tags=["knowledge"], responses=PROBLEMS)


@router.post("/rag/query")
def query(
    asked: QueryAsked, request: Request, settings: Chosen, x_api_key: Annotated[str | None, Security(API_KEY)]
) -> QueryAnswered:
    """Answer a question from the site's documents, and show the best `k` passages."""
    limits.count(request, settings, limits.ASK)
    with transaction() as session:
        site = find_site(session, asked.site_id)
        check_key(settings, site, asked.api_key or x_api_key or "")
    with _seat():
        return _answer(settings, site, asked)


def ask(session: Session, site: Site, question: str, *, channel: str, email: str | None = None) -> tuple[UUID, UUID]:
    """Put `question` into a new thread of its own visitor; (thread id, turn id)."""
    thread = inbox.open_thread(session, site.id, channel, email=email)
    accepted = inbox.accept(session, thread, question, uuid4().hex)
    if accepted.turn_id is None:
        raise Unavailable
    return thread.id, accepted.turn_id


def _answer(settings: Settings, site: Site, asked: QueryAsked) -> QueryAnswered:
    from kb.search.hybrid import search

    with transaction() as session:
        thread_id, turn_id = ask(session, site, asked.question, channel=CHANNEL)
    with transaction() as session:  # while a worker takes the turn
        found = search(session, site_id=site.id, channel=CHANNEL, query=asked.question, top_k=asked.k)
    if wait_for_turn(thread_id, turn_id, settings.accept_seconds) is None:
        raise Unavailable("No worker answered in time: is `handrail worker chat` running?")
    said = reply_of(turn_id)
    return QueryAnswered(
        answer=words_of(said),
        hits=[_hit(snippet, asked.question) for snippet in found.snippets],
        citations=[Citation.model_validate(citation) for citation in said.citations] if said else [],
    )


def _hit(snippet: "Snippet", question: str) -> Hit:
    from kb.citing.pointer import Quotable, point

    place = point(Quotable(snippet.text, snippet.url, snippet.page, snippet.start, snippet.places), question)
    told = ("id", "doc_id", "title", "section", "url", "text", "score")
    where = ("quote", "page", "start", "end", "link")
    facts = {name: getattr(snippet, name) for name in told} | {name: getattr(place, name) for name in where}
    return Hit.model_validate(facts)


@contextmanager
def _seat() -> Iterator[None]:
    if not _seats.acquire(blocking=False):
        raise TooManyRequests("Too many questions are being answered at this moment.", retry_after_s=2)
    try:
        yield
    finally:
        _seats.release()
