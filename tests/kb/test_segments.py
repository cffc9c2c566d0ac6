"""Postings in the database: whatever is replaced, removed, moved and merged, scores are those of what lives."""

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core import db
from core.models import Audience, Chunk, Document, Posting, Segment, Site
from kb.index import merging, segments
from kb.index.replacing import fail, move, replace, replace_many, tombstone
from kb.index.segments import FAN, Size, crowded
from kb.search.hybrid import ranked
from tests.conftest import make_site
from tests.kb.test_lexical import formula
from tests.kb.writing import Away, make_document, prepared, publish

WORDS = [f"word{n}" for n in range(9)]
QUERY = [("word1", 1.0), ("word5", 1.0), ("word8", 1.0)]
SITES = count()


def lexical(session: Session, site_id: str, query: str, channel: str = "web") -> dict[int, float]:
    """The chunks that a search proposes, with their BM25."""
    found = ranked(session, site_id=site_id, channel=channel, query=query, embedder=Away(), count=8)
    return {chunk_id: score for chunk_id, score in found.lexical.items() if score > 0}


def expected(session: Session, site_id: str, channel: str = "web") -> dict[int, float]:
    """The same by the formula, over the texts of all live chunks that the channel sees."""
    wanted = select(Chunk.id, Chunk.text).join(Document).where(Document.site_id == site_id, Document.state == "live")
    seen = Document.channels.overlap([channel, "*"])
    rows = session.execute(wanted.where(seen).order_by(Chunk.id)).all()
    texts = [said for _, said in rows]
    scores = {row.id: formula(QUERY, texts, at) for at, row in enumerate(rows)}
    return {chunk_id: score for chunk_id, score in scores.items() if score > 0}


def alive(session: Session, audience: int) -> set[int]:
    """The live rows of an audience's segments, each of which is in one of them alone."""
    rows = np.concatenate([np.delete(one.chunk_ids, one.dead) for one in segments.held(session, audience)]).tolist()
    assert len(rows) == len(set(rows))
    return set(rows)


def merge_all(session: Session) -> None:
    """Whatever the sweep would ask for, and one merge that it would not."""
    session.commit()
    for audience in session.scalars(select(Audience.id)).all():
        merging.merge_segments(audience)
        some = segments.held(session, audience)
        if len(some) > 1:
            merging.switch(session, audience, some, segments.merged(session, some))


texts = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join), min_size=1, max_size=3)
steps = st.one_of(
    st.tuples(st.just("replace"), st.integers(0, 4), texts),
    st.tuples(st.just("together"), st.integers(0, 4), texts),
    st.tuples(st.just("tombstone"), st.integers(0, 4), st.just([])),
    st.tuples(st.just("fail"), st.integers(0, 4), st.just([])),
    st.tuples(st.just("move"), st.integers(0, 4), st.sampled_from([["*"], ["web", "chat"], ["staff"]])),
    st.tuples(st.just("merge"), st.just(0), st.just([])),
)


def take(session: Session, documents: list[Document], step: tuple[str, int, list[str]]) -> None:
    what, at, said = step
    document = documents[at]
    other = documents[(at + 1) % len(documents)]
    if what == "replace":
        replace(session, document, prepared(*said))
    elif what == "together":
        replace_many(session, [(document, prepared(*said)), (other, prepared(*said, "word8 word8"))])
    elif what == "move":
        move(session, document, said)
        document.channels = said
    elif what == "merge":
        merge_all(session)
    elif document.state == "live":
        {"tombstone": tombstone, "fail": fail}[what](session, document, "a test")
    session.flush()


@given(plan=st.lists(steps, min_size=1, max_size=8))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scores_are_exact_after_whatever_was_done(session: Session, plan: list[tuple[str, int, list[str]]]) -> None:
    site = make_site(session, f"site-{next(SITES)}")
    documents = [make_document(session, site.id, str(n)) for n in range(5)]
    for step in plan:
        take(session, documents, step)
        channel = "staff" if step[0] == "move" else "web"
        found = lexical(session, site.id, "word1 word5 word8", channel)
        assert found == pytest.approx(expected(session, site.id, channel), abs=1e-5), step


def test_each_live_passage_is_in_one_segment_of_its_audience(session: Session, site: Site) -> None:
    for n in range(40):
        publish(session, site.id, str(n), f"word{n} here", f"and word{n} there")
    [audience] = session.scalars(select(Audience.id)).all()
    assert alive(session, audience) == set(session.scalars(select(Chunk.id)))
    assert len(segments.held(session, audience)) < 2 * FAN, "small ones are merged as they come"


def test_a_document_that_is_edited_keeps_its_other_passages(session: Session, site: Site) -> None:
    document = make_document(session, site.id, "guide")
    assert replace(session, document, prepared("word1 one", "word2 two", "word3 three")) == 3
    before = {row.text: row.id for row in session.execute(select(Chunk.text, Chunk.id))}
    assert replace(session, document, prepared("a new word0", "word1 one", "word3 three")) == 1
    rows = session.execute(select(Chunk.text, Chunk.id).order_by(Chunk.position))
    after = {row.text: row.id for row in rows}
    assert list(after) == ["a new word0", "word1 one", "word3 three"]
    assert (after["word1 one"], after["word3 three"]) == (before["word1 one"], before["word3 three"])
    assert lexical(session, site.id, "word2") == {}
    assert list(lexical(session, site.id, "word0")) == [after["a new word0"]]


def test_a_title_or_language_that_changes_makes_new_passages(session: Session, site: Site) -> None:
    document = make_document(session, site.id, "guide")
    replace(session, document, prepared("word1", title="Kayaks"))
    assert replace(session, document, prepared("word1", title="Canoes")) == 1
    assert replace(session, document, prepared("word1", title="Canoes", language="de")) == 1
    assert not lexical(session, site.id, "kayaks")
    assert lexical(session, site.id, "canoes")
    assert session.scalars(select(Audience.languages)).all() == [["de"]]


def test_a_segment_without_a_living_row_goes_and_its_postings_with_it(session: Session, site: Site) -> None:
    document = make_document(session, site.id, "guide")
    replace(session, document, prepared("word1", "word2"))
    assert session.scalar(select(func.count()).select_from(Posting))
    tombstone(session, document, "a test")
    assert session.scalar(select(func.count()).select_from(Segment)) == 0
    assert session.scalar(select(func.count()).select_from(Posting)) == 0


def test_a_site_that_is_deleted_leaves_no_postings(session: Session, site: Site) -> None:
    publish(session, site.id, "guide", "word1")
    session.execute(delete(Site).where(Site.id == site.id))
    assert session.scalar(select(func.count()).select_from(Posting)) == 0


def test_segments_that_are_lost_are_made_again_and_rows_that_are_too_many_go(session: Session, site: Site) -> None:
    for n in range(3):
        publish(session, site.id, str(n), f"word{n} is here")
    [audience] = session.scalars(select(Audience.id)).all()
    session.execute(delete(Segment).where(Segment.id == select(func.min(Segment.id)).scalar_subquery()))
    gone = session.scalars(select(Chunk.id).where(Chunk.text.contains("word2"))).one()
    session.execute(delete(Chunk).where(Chunk.id == gone))
    session.commit()
    merging.sweep()
    assert not lexical(session, site.id, "word0")
    merging.merge_segments(audience)
    assert lexical(session, site.id, "word0")
    assert not lexical(session, site.id, "word2")
    held = segments.held(session, audience)
    assert sum(one.size.live for one in held) == 2


@pytest.mark.parametrize("query", ["", "the of and", "x", "?!", "word1 " * 2_000, "\ud800 word1", "null\0byte"])
def test_odd_questions_are_no_errors(session: Session, site: Site, query: str) -> None:
    publish(session, site.id, "guide", "word1 is here")
    assert isinstance(lexical(session, site.id, query), dict)


def test_merges_are_chosen_by_tiers() -> None:
    small = [Size(n, 10, 0) for n in range(FAN)]
    assert crowded(small) == [one.id for one in small]
    assert crowded(small[1:]) == []
    assert crowded([Size(1, 10, 6)]) == [1]
    large = [Size(n, 20_000, 0) for n in range(20)]
    assert crowded(large) == [], "no two of them fit into one"
    assert crowded([*large, Size(50, 9_000, 0), Size(51, 9_000, 0)]) == [50, 51]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=300))
@settings(deadline=None)
def test_however_much_is_written_there_are_few_segments(written: list[int]) -> None:
    held: dict[int, int] = {}
    numbers = count()
    for rows in written:
        held[next(numbers)] = rows
        while chosen := crowded([Size(number, live, 0) for number, live in held.items()]):
            held[next(numbers)] = sum(held.pop(number) for number in chosen)
    assert len(held) <= 4 * (FAN - 1) + 2 * sum(written) // 32_768
    assert max(held.values()) <= 32_768


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda session, document: tombstone(session, document, "a test"),
        lambda session, document: move(session, document, ["staff"]),
        lambda session, document: replace(session, document, prepared("word2", "word4")),
    ],
)
def test_what_is_done_while_a_merge_is_built_is_in_the_merged_one(
    committed: object, meanwhile: Callable[[Session, Document], object]
) -> None:
    """The merge reads, the other commits, the merge switches."""
    with db.transaction() as session:
        make_site(session, "shop")
        ids = [publish(session, "shop", f"d{n}", f"word{n}", f"other{n}") for n in (1, 2, 3)]
    with db.transaction() as merger:
        audience = merger.scalars(select(Segment.audience_id)).first()
        assert audience is not None
        old = segments.held(merger, audience)
        built = segments.merged(merger, old)
        with db.transaction() as session:
            document = session.get_one(Document, ids[1])
            meanwhile(session, document)
        merging.switch(merger, audience, old, built)
    with db.transaction() as session:
        for n in (1, 3):
            assert lexical(session, "shop", f"word{n}")
        live = set(session.scalars(select(Chunk.id).where(Chunk.audience_id == audience)))
        assert alive(session, audience) == live
        assert not lexical(session, "shop", "other2")


def test_a_merge_that_another_one_overtook_is_thrown_away(committed: object) -> None:
    with db.transaction() as session:
        make_site(session, "shop")
        for n in (1, 2):
            publish(session, "shop", f"d{n}", f"word{n}")
        audience = session.scalars(select(Segment.audience_id)).first() or 0

    def merge_late() -> None:
        with db.transaction() as merger:
            old = segments.held(merger, audience)
            built = segments.merged(merger, old)
            with db.transaction() as session:
                merging.switch(session, audience, old, segments.merged(session, old))
            merging.switch(merger, audience, old, built)

    with pytest.raises(merging.MergeOvertaken):
        merge_late()
    with db.transaction() as session:
        assert lexical(session, "shop", "word2")
        assert len(segments.held(session, audience)) == 1
