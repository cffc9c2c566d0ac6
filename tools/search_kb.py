"""The tool `search_kb`: passages from the site's own published documents."""

import json
from collections.abc import Iterator
from inspect import cleandoc
from typing import Annotated

from pydantic import Field

from core.counting import SHARES, Histogram
from core.errors import HandrailError
from core.log import get_logger
from core.tracing import span
from kb.chunks.places import Place
from kb.documents.freshness import Freshness, freshness
from kb.search.hybrid import Snippet, search
from tools.fitted import shortened
from tools.tool import Arguments, Caller, Output, Tool, ToolFailed
from tools.within import within

log = get_logger(__name__)

FAILED = "The knowledge base can't be searched at the moment."
TEXT_MAX = 5_000  # characters of a passage; a chunk of 800 tokens has about 4,000
PLACES_MAX = 2_000  # characters of JSON: some forty headings in one passage
TITLE_MAX = 300
URL_MAX = 2_000  # a longer one is left out: half an address leads nowhere
SCORE_DIGITS = 4  # enough to rank; the same on every machine


SEARCHES = Histogram("handrail_search_seconds", "Time of searches for visitors")
SCORES = Histogram("handrail_search_score", "Score of the best passage of a search; 0 where none was found", (), SHARES)
ANSWERABLE = Histogram("handrail_search_answerable", "How likely a search has found an answer", (), SHARES)


class Query(Arguments):
    """What to look for."""

    query: Annotated[str, Field(min_length=1, max_length=500)] = Field(
        description="The question, or its key words, in the visitor's language."
    )
    top_k: Annotated[int, Field(ge=1, le=8)] = Field(3, description="How many passages to return; 3 is usual.")


class Passage(Output):
    """One passage. `id` is what an answer cites; `page` counts from 1 in a PDF.

    `start` and `places` say where it stands in its document, as in a Passage of the chunker: not for a model.
    """

    id: str
    doc_id: str
    title: str
    section: str
    url: str
    text: str
    page: int | None
    score: float
    updated_at: str | None
    start: int = 0
    places: tuple[Place, ...] = ()


class Passages(Output):
    """The best passages first; `answerable` (0 to 1) is how likely they hold an answer, `reason` why it is unlikely."""

    snippets: tuple[Passage, ...]
    answerable: float = Field(ge=0, le=1)
    reason: str = ""  # why it is unlikely; "" where it is not


def run(caller: Caller, query: Query) -> Passages:
    """Search the site's own published documents: products, prices, shipping, returns, warranty, opening hours.

    Use it before any statement about the shop. Cite the passages that an answer rests on by their id.
    """
    with within(caller, FAILED) as session:
        _refuse_unless_fresh(freshness(session, caller.site_id))
        try:
            with span("search") as opened, SEARCHES.timing():
                found = search(
                    session, site_id=caller.site_id, channel=caller.channel, query=query.query, top_k=query.top_k
                )
                opened.note(found=len(found.snippets), answerable=found.answerable)
        except HandrailError as error:
            log.warning("search_failed", cause=type(error).__name__)
            raise ToolFailed(FAILED) from error
    ANSWERABLE.observe(found.answerable)
    SCORES.observe(found.snippets[0].score if found.snippets else 0.0)
    snippets = tuple(_passage(snippet) for snippet in found.snippets)
    return Passages(snippets=snippets, answerable=round(found.answerable, SCORE_DIGITS), reason=found.reason)


def _passage(snippet: Snippet) -> Passage:
    return Passage(
        id=snippet.id,
        doc_id=str(snippet.doc_id),
        title=shortened(snippet.title, TITLE_MAX),
        section=shortened(snippet.section, TITLE_MAX),
        url=snippet.url if len(snippet.url) <= URL_MAX else "",
        text=snippet.text[:TEXT_MAX],  # and no ellipsis: it stays a slice of its document, to be quoted from
        page=snippet.page,
        score=round(snippet.score, SCORE_DIGITS),
        updated_at=snippet.updated_at.isoformat() if snippet.updated_at else None,
        start=snippet.start,
        places=tuple(_places(snippet.places)),
    )


def _places(places: tuple[Place, ...]) -> Iterator[Place]:
    """As many as there is room for; an anchor leads to all that follows, so those that are left out cost little."""
    room = PLACES_MAX
    for place in places:
        room -= len(json.dumps(place)) + 1
        if room < 0:
            return
        yield place


def _refuse_unless_fresh(state: Freshness) -> None:
    if state.empty:
        raise ToolFailed("The knowledge base is empty.", again=False)
    if state.stale:
        raise ToolFailed("The knowledge base is out of date, so it must not be answered from.", again=False)


def available(caller: Caller) -> bool:
    """Whether the site has a searchable index that is up to date."""
    try:
        with within(caller, FAILED) as session:
            _refuse_unless_fresh(freshness(session, caller.site_id))
    except ToolFailed as error:
        log.warning("search_kb_not_offered", site_id=caller.site_id, cause=error.detail)
        return False
    return True


TOOL = Tool("search_kb", cleandoc(run.__doc__ or ""), Query, Passages, "reads", run, available)
