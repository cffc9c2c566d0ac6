"""Of each kind of fault ten forms that truly differ: what they say they do, and what comes of them."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from brain.prompt import prompt_hashes
from kb.chunks.chunker import chunk
from kb.loaders import Block, load
from kb.search import hybrid
from kb.search.candidate import Candidate
from kb.search.lexical import TermStats
from kb.search.query import read_query
from ops.demo.content import DOCUMENTS
from ops.evals.golden import GoldenSet, load_set
from ops.evals.planted_chunks import CHUNKERS, Chunker
from ops.evals.plants import FORMS, PLANTS, Form, Plant, prompts, rankings
from ops.evals.questions import SUITES
from ops.evals.regressions import sampled

Seen = TypeVar("Seen")

WORDS = ("return", "form", "parcel", "poles", "stove", "lamp", "boots", "tent", "glove", "mat", "rope", "axe")
STATS = TermStats(60, {"return": 12, "form": 5})
LEGS = {1: 9.0, 2: 4.0, 3: 1.0}, {2: 0.7, 3: 0.6, 4: 0.1}


@pytest.fixture(scope="module")
def golden() -> GoldenSet:
    return load_set(SUITES / "demo")


@pytest.fixture(scope="module")
def documents() -> list[tuple[Block, ...]]:
    """A long one with tables, and one of prose and lists."""
    names = ("shipping.html", "returns.md")
    return [load((DOCUMENTS / name).read_bytes(), name).blocks for name in names]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_each_has_ten_forms_and_no_two_say_the_same(plant: Plant, golden: GoldenSet) -> None:
    said = {form.what for form in plant.forms(golden)}
    assert len(said) == len(plant.forms(golden)) == FORMS


def test_a_small_suite_has_no_document_deleted_twice(golden: GoldenSet) -> None:
    few = next(plant for plant in PLANTS if plant.kind == "document").forms(sampled(golden, 12))
    assert 1 < len({form.what for form in few}) == len(few) < FORMS


@pytest.mark.parametrize(("what", "broken"), CHUNKERS)
def test_a_broken_chunker_still_gives_places_and_text(
    what: str, broken: Chunker, documents: list[tuple[Block, ...]]
) -> None:
    for blocks in documents:
        passages = broken(blocks, None)
        assert passages, what
        assert all(one.text and one.places[0][0] == 0 for one in passages)


def test_no_two_chunkers_cut_alike(documents: list[tuple[Block, ...]]) -> None:
    cut = {tuple(one.text for blocks in documents for one in broken(blocks, None)) for _, broken in CHUNKERS}
    sound = tuple(one.text for blocks in documents for one in chunk(blocks))
    assert len(cut - {sound}) == FORMS


def test_no_two_prompts_are_alike_and_the_sound_one_comes_back(golden: GoldenSet) -> None:
    sound = prompt_hashes()
    seen = {tuple(_put(form, prompt_hashes).items()) for form in prompts(golden)}
    assert len(seen - {tuple(sound.items())}) == FORMS
    assert prompt_hashes() == sound


def test_no_two_rankings_are_alike_and_the_sound_one_comes_back(golden: GoldenSet) -> None:
    sound = _ranked()
    seen = {_put(form, _ranked) for form in rankings(golden)}
    assert len(seen - {sound}) == FORMS
    assert _ranked() == sound


def _put(form: Form, look: Callable[[], Seen]) -> Seen:
    with form.put():
        return look()


def _ranked() -> tuple[object, ...]:
    """What comes of twelve candidates, and of two legs, as the search does it now."""
    rerank, fuse = vars(hybrid)["rerank"], vars(hybrid)["fuse"]
    made = [_candidate(number, word) for number, word in enumerate(WORDS, start=1)]
    ranked = rerank(made, read_query("where is the return form"), STATS, 8)
    return tuple(one.chunk_id for one, _ in ranked), tuple(sorted(fuse(*LEGS, 0.6).items()))


def _candidate(number: int, word: str) -> Candidate:
    text = f"The {word} number {number} is here, and the return form lies beside it." if number % 3 else f"One {word}."
    return Candidate(number, f"d{number}", word, "", "", "file", text, None, None, 1 / number, 1.0, 0.5)
