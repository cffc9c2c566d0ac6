"""Nothing of another site or channel is ever found, counted, or proposed, whatever happens to the documents.

Every document of every site has the same title, the same vector and the question word for word, so that whatever lets
one through is seen at once.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.settings import get_settings
from kb.analysis import terms
from kb.search.hybrid import search
from ops.bench.retrieval_limit import Bm25
from tests.kb.neighbours import CHANNELS, OWN_WORDS, QUESTION, SITES, STAFF_WORD, TITLE, Alike, World

EXAMPLES = 25

Change = Callable[[World], None]
audiences = st.one_of(
    st.just(("*",)), st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=2, unique=True).map(tuple)
)
sites, numbers = st.sampled_from(SITES), st.integers(0, 4)
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(lambda site, number, who: lambda world: world.put(site, number, who), sites, numbers, audiences),
    st.builds(
        lambda site, number, who: lambda world: world.put(site, number, who, chunks=3), sites, numbers, audiences
    ),
    st.builds(lambda site, number, who: lambda world: world.move(site, number, who), sites, numbers, audiences),
    st.builds(lambda site, number: lambda world: world.take_out(site, number), sites, numbers),
    st.builds(lambda site, number: lambda world: world.fail(site, number), sites, numbers),
)
first_documents = st.dictionaries(numbers, audiences, min_size=1, max_size=5)


@pytest.fixture(params=["scanned", "indexed"])
def prepare(request: pytest.FixtureRequest, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """What is to be done before searches: nothing, or HNSW for every audience, as large ones have it."""
    if request.param == "scanned":
        yield lambda _: None
        return
    monkeypatch.setenv("HANDRAIL_VECTOR_INDEX_WINDOWS", "1")
    get_settings.cache_clear()
    for choice in ("seqscan", "bitmapscan", "sort"):  # so few rows would be scanned otherwise
        session.execute(text(f"SET LOCAL enable_{choice} = off"))
    yield lambda world: world.build_indexes()
    monkeypatch.undo()
    get_settings.cache_clear()


@given(begin=st.tuples(*[first_documents] * 3), then=st.lists(changes, max_size=12))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_site_and_channel_finds_its_own_and_scores_it_as_if_alone(
    session: Session, prepare: Change, begin: tuple[dict[int, tuple[str, ...]], ...], then: list[Change]
) -> None:
    with session.begin_nested() as example:
        world = World(session)
        for site, documents in zip(SITES, begin, strict=True):
            world.put_many(site, documents)
        for change in then:
            change(world)
        prepare(world)
        for site in SITES:
            for channel in CHANNELS:
                check(world, site, channel)
        example.rollback()
    session.expunge_all()


def check(world: World, site: str, channel: str) -> None:
    """Both legs hold exactly what is allowed, with the scores that it has when nothing else exists."""
    allowed = world.allowed(site, channel)
    found = world.ask(site, channel)
    assert {one for one, score in found.lexical.items() if score > 0} == set(allowed)
    assert set(found.nearest) == set(allowed)
    assert set(found.fused) == set(allowed)
    assert {candidate.chunk_id for candidate, _ in found.final} <= set(allowed)
    got = search(world.session, site_id=site, channel=channel, query=QUESTION, top_k=8, embedder=Alike())
    assert {one.text for one in got.snippets} <= set(allowed.values())
    assert bool(got.snippets) == bool(allowed)
    if not allowed:
        return
    alone = Bm25([[*terms(TITLE), *terms(said)] for said in allowed.values()]).scores(terms(QUESTION))
    assert [found.lexical[one] for one in allowed] == pytest.approx(list(alone), rel=1e-4)


def test_neighbours_do_not_change_a_single_score(session: Session) -> None:
    world = World(session)
    world.put_many("north", {0: ("web",), 1: ("*",), 2: ("web", "email")})
    before = world.ask("north", "web")
    world.put_many("south", dict.fromkeys(range(40), ("*",)))
    world.put_many("north", dict.fromkeys(range(10, 50), ("staff",)))
    after = world.ask("north", "web")
    assert (after.lexical, after.nearest, after.fused) == (before.lexical, before.nearest, before.fused)
    assert [score for _, score in after.final] == [score for _, score in before.final]


@pytest.mark.parametrize("site", SITES)
def test_a_word_is_mended_from_the_own_documents_only(session: Session, site: str) -> None:
    world = World(session)
    for each in SITES:
        world.put_many(each, {0: ("web",), 1: ("*",)})
    for each, word in OWN_WORDS.items():
        embedder = Alike()
        world.ask(site, "web", f"is there {word[:4] + word[5:]} here", embedder)
        assert any(word in text for text in embedder.seen) == (each == site)


def test_a_word_for_staff_is_not_proposed_to_visitors(session: Session) -> None:
    world = World(session)
    world.put_many("north", {0: ("web",), 1: ("staff",), 2: ("staff",)})
    for channel in CHANNELS:
        embedder = Alike()
        world.ask("north", channel, f"is there {STAFF_WORD[:4] + STAFF_WORD[5:]} here", embedder)
        assert any(STAFF_WORD in text for text in embedder.seen) == (channel == "staff")


def test_a_site_that_does_not_exist_finds_nothing_of_those_that_do(session: Session) -> None:
    world = World(session)
    world.put_many("north", {0: ("*",)})
    for site in ("nobody", "", "north%", "north' OR true --", "NORTH"):
        found = world.ask(site, "web")
        assert (found.lexical, found.nearest, found.final) == ({}, {}, [])
    for channel in ("", "*' OR true --", "WEB"):
        texts = np.unique([one.text for one, _ in world.ask("north", channel).final])
        assert set(texts) <= set(world.allowed("north", channel).values())
