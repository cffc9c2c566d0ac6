"""Chunks: nothing lost, nothing too long, rows whole, sections and places known."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.chunks.chunker import Passage, Sizes, chunk, document_text
from kb.chunks.places import place_at
from kb.chunks.tokens import count_tokens
from kb.chunks.windows import windows
from kb.loaders import Block, load
from tests.kb import samples

SMALL = Sizes(40, 80, 10)
WORDS = st.text(alphabet="abcdefghij ", min_size=1, max_size=300).filter(str.strip)
BLOCKS = st.builds(Block, st.sampled_from(["paragraph", "item", "heading"]), WORDS.map(str.strip), st.integers(1, 4))
# As wild as texts get: sentences, scripts without spaces, right to left, cells, line ends, nothing at all.
ALPHABET = "ab. \n|-#8。返品ابé\u0301😀\u2028"
WILD = st.builds(
    Block,
    st.sampled_from(["paragraph", "item", "heading", "row"]),
    st.text(alphabet=ALPHABET, max_size=400),
    st.integers(1, 9),
    page=st.one_of(st.none(), st.integers(1, 3)),
    anchor=st.sampled_from(["", "a", "b"]),
)


@given(st.lists(WILD, max_size=25))
@settings(deadline=None, max_examples=150)
def test_every_passage_is_a_slice_of_the_documents_text(blocks: list[Block]) -> None:
    whole = document_text(tuple(blocks))
    passages = chunk(tuple(blocks), SMALL)
    for passage in passages:
        assert passage.text
        assert whole[passage.start : passage.start + len(passage.text)] == passage.text
    # In order, and between two of them there is nothing but white space and bars between cells.
    read = 0
    for passage in passages:
        assert not whole[read : passage.start].strip(" \n\u2028|")
        assert passage.start + len(passage.text) > read
        read = passage.start + len(passage.text)
    assert not whole[read:].strip()


@given(st.lists(WILD, max_size=25))
@settings(deadline=None, max_examples=100)
def test_no_chunk_is_longer_than_the_limit(blocks: list[Block]) -> None:
    assert all(passage.tokens <= SMALL.most for passage in chunk(tuple(blocks), SMALL))


@given(st.lists(WILD, max_size=25))
@settings(deadline=None, max_examples=100)
def test_places_begin_with_the_passage_and_ascend(blocks: list[Block]) -> None:
    for passage in chunk(tuple(blocks), SMALL):
        offsets = [offset for offset, _, _ in passage.places]
        assert offsets[0] == 0
        assert offsets == sorted(set(offsets))
        assert offsets[-1] < len(passage.text)


def _place(passage: Passage, said: str) -> tuple[int | None, str]:
    return place_at(passage.places, passage.text.index(said))


def test_a_passage_knows_on_which_page_and_below_which_anchor_each_of_its_sentences_stands() -> None:
    blocks = (
        Block("heading", "Stove", 1, 4, "stove"),
        Block("paragraph", "It burns gas.", 0, 4, "stove"),
        Block("paragraph", "It weighs 225 g.", 0, 5, "stove"),
        Block("item", "No parts are sold.", 0, 5, "parts"),
    )
    [passage] = chunk(blocks)
    assert [_place(passage, said) for said in ("gas", "225", "sold")] == [(4, "stove"), (5, "stove"), (5, "parts")]
    assert len(passage.places) == 3
    assert (passage.page, passage.start) == (4, 0)


def test_a_sentence_that_is_repeated_keeps_its_own_page() -> None:
    sentence = "Alpha beta gamma delta epsilon zeta."
    blocks = tuple(Block("paragraph", f"{n} {sentence}", page=n + 1) for n in range(20))
    first, second = chunk(blocks, SMALL)[:2]
    assert second.start < first.start + len(first.text)
    said = second.text.split("\n\n")[0]
    assert _place(first, said) == _place(second, said)


@given(st.lists(BLOCKS, max_size=30))
@settings(deadline=None, max_examples=60)
def test_no_word_is_lost_and_their_order_is_kept(blocks: list[Block]) -> None:
    passages = chunk(tuple(blocks), SMALL)
    told = iter(" ".join(passage.text for passage in passages).replace("#", "").replace("- ", " ").split())
    assert all(word in told for block in blocks for word in block.text.split() if len(word) < SMALL.least)


@given(st.integers(1, 60))
def test_a_row_stands_whole_in_some_chunk(count: int) -> None:
    rows = [Block("row", f"Country: Land {n} | Price: {n}.90 EUR | Days: {n}") for n in range(count)]
    passages = chunk((Block("heading", "Prices", 1), *rows), SMALL)
    lines = {line for passage in passages for line in passage.text.split("\n")}
    assert {row.text for row in rows} <= lines


def test_a_short_document_is_one_chunk() -> None:
    passages = chunk(load(samples.MARKDOWN, "a.md").blocks)
    assert len(passages) == 1
    assert passages[0].section == "Returns"
    assert "## Exceptions\n\n- Gas canisters" in passages[0].text


def test_a_chunk_knows_the_deepest_section_that_it_lies_in() -> None:
    long = " ".join(["word"] * 60) + "."
    blocks = (Block("heading", "Returns", 1), Block("heading", "Exceptions", 2), *[Block("paragraph", long)] * 4)
    assert [passage.section for passage in chunk(blocks, SMALL)] == ["Returns › Exceptions"] * 4


def test_a_new_section_begins_a_new_chunk_without_overlap() -> None:
    text = " ".join(["word"] * 50) + "."
    blocks = (
        Block("heading", "One", 2),
        Block("paragraph", text),
        Block("heading", "Two", 2),
        Block("paragraph", text),
    )
    assert [passage.text.split("\n")[0] for passage in chunk(blocks, SMALL)] == ["## One", "## Two"]


def test_within_a_section_the_last_sentence_is_repeated() -> None:
    sentence = "Alpha beta gamma delta epsilon zeta."
    blocks = tuple(Block("paragraph", f"{n} {sentence}") for n in range(20))
    first, second = chunk(blocks, SMALL)[:2]
    assert first.text.split("\n\n")[-1] == second.text.split("\n\n")[0]


def test_one_line_of_a_megabyte_is_cut() -> None:
    passages = chunk((Block("paragraph", "x" * 1_000_000),), Sizes(512, 800, 80))
    assert max(passage.tokens for passage in passages) <= 800
    assert sum(passage.text.count("x") for passage in passages) >= 1_000_000


@pytest.mark.parametrize(
    "block",
    [
        Block("paragraph", "返品は六十日以内" * 20_000),
        Block("paragraph", "返品は六十日以内です。" * 20_000),
        Block("heading", "word " * 40_000, 1),
        Block("row", "Size: 42 | " * 20_000),
        Block("item", "ا" * 200_000),
    ],
    ids=["cjk", "cjk sentences", "a heading that is none", "a table on one line", "one word"],
)
def test_no_block_is_so_long_that_its_chunks_are(block: Block) -> None:
    sizes = Sizes()
    passages = chunk((Block("heading", "Top", 1), block, block), sizes)
    assert max(passage.tokens for passage in passages) <= sizes.most
    assert max(len(passage.section) for passage in passages) < 500


def test_a_row_of_up_to_720_tokens_stands_whole_below_its_heading() -> None:
    row = Block("row", "Answer: " + "word. " * 350 + "| Question: Why?")
    blocks = (Block("paragraph", "Before. " * 300), Block("heading", "Prices", 2), row)
    assert chunk(blocks)[-1].text == f"## Prices\n\n{row.text}"


def test_headings_in_a_row_stay_with_the_text_below_them() -> None:
    text = " ".join(["word"] * 35) + "."
    blocks = (
        Block("paragraph", text),
        *(Block("heading", f"Part {n}", n) for n in (1, 2, 3)),
        Block("paragraph", " ".join(["more"] * 39) + "."),
    )
    assert [passage.text.split()[0] for passage in chunk(blocks, SMALL)] == ["word", "#"]


@pytest.mark.parametrize("blocks", [(), (Block("paragraph", " \n"),), (Block("heading", "", 1), Block("item", ""))])
def test_of_nothing_nothing_is_made(blocks: tuple[Block, ...]) -> None:
    assert chunk(blocks) == []
    assert document_text(blocks) == ""


def _seconds(size: int) -> float:
    blocks = (Block("paragraph", "This is how it is done here. " * (size // 29)), Block("item", "é" * size))
    began = time.process_time()
    chunk(blocks)
    return time.process_time() - began


def test_ten_times_the_text_takes_no_more_than_ten_times_as_long() -> None:
    small = min(_seconds(100_000) for _ in range(3))
    assert _seconds(1_000_000) < 25 * small  # quadratic would be a hundred times


def test_an_edit_changes_only_its_own_chunks() -> None:
    def made(changed: str) -> list[str]:
        parts = [Block("paragraph", f"Section {n} says this. " * 12) for n in range(12)]
        parts[5] = Block("paragraph", changed * 12)
        heads = [Block("heading", f"Part {n}", 2) for n in range(12)]
        return [
            passage.content_hash
            for passage in chunk(tuple(x for pair in zip(heads, parts, strict=True) for x in pair), SMALL)
        ]

    before, after = made("Section 5 says this. "), made("Section 5 says that. ")
    assert 0 < len(set(before) - set(after)) <= 2


def test_windows_hold_about_150_words_and_name_their_document() -> None:
    [passage] = chunk((Block("paragraph", "One two three four five. " * 70),))
    cut = windows(passage, "Returns")
    assert len(cut) == 3
    assert all(text.startswith("Returns\n") and len(text.split()) <= 152 for text in cut)


def test_tokens_are_counted_near_enough() -> None:
    assert count_tokens("You have 60 days from the day your parcel is delivered.") == 12
    assert count_tokens("返品は60日以内です") == 9
