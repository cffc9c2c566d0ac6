"""Chunks: nothing lost, nothing too long, rows whole, sections known."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kb.chunker import Sizes, chunk
from kb.loaders import Block, load
from kb.tokens import count_tokens
from kb.windows import windows
from tests.kb import samples

SMALL = Sizes(40, 80, 10)
WORDS = st.text(alphabet="abcdefghij ", min_size=1, max_size=300).filter(str.strip)
BLOCKS = st.builds(Block, st.sampled_from(["paragraph", "item", "heading"]), WORDS.map(str.strip), st.integers(1, 4))


@given(st.lists(BLOCKS, max_size=30))
@settings(deadline=None, max_examples=60)
def test_no_word_is_lost_and_their_order_is_kept(blocks: list[Block]) -> None:
    passages = chunk(tuple(blocks), SMALL)
    told = iter(" ".join(passage.text for passage in passages).replace("#", "").replace("- ", " ").split())
    assert all(word in told for block in blocks for word in block.text.split() if len(word) < SMALL.least)


@given(st.lists(BLOCKS.filter(lambda block: block.kind != "heading"), max_size=30))
@settings(deadline=None, max_examples=60)
def test_no_chunk_is_longer_than_the_limit(blocks: list[Block]) -> None:
    assert all(passage.tokens <= SMALL.most for passage in chunk(tuple(blocks), SMALL))


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
