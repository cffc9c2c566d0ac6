"""From a claim to the words it rests on, and to where they stand in the document."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.chunks.chunker import Passage, Sizes, chunk, document_text
from kb.citing.pointer import ROW_CHARS, Quotable, point
from kb.loaders import Block, load
from tests.kb import samples

TEXT = """# Returns

You have 60 days to send things back. We refund you within 5 working days. Opened food is not taken back.

## Exceptions

- Gas canisters never come back.
- A tent that was pitched comes back only with all of its pegs.

Country: Norway | Price: 9.90 EUR | Days: 3-5
Country: Iceland | Price: 14.90 EUR | Days: 7-10

Weight: 430 g
Packed size: 41 x 15 cm

返品は六十日以内です。送料は店が払います。未開封の食品に限ります。

يمكنك إرجاع المنتجات خلال 60 يومًا. الشحن مجاني داخل النرويج."""


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("You can return things for 60 days.", "You have 60 days to send things back."),
        ("The money is back in 5 working days.", "We refund you within 5 working days."),
        ("Refunds take five working days.", "We refund you within 5 working days."),
        ("Gas is never taken back.", "Gas canisters never come back."),
        ("A pitched tent needs its pegs.", "A tent that was pitched comes back only with all of its pegs."),
        ("Norway costs €9,90.", "Country: Norway | Price: 9.90 EUR | Days: 3-5"),
        ("It is 14.9 EUR and 7 to 10 days.", "Country: Iceland | Price: 14.90 EUR | Days: 7-10"),
        ("It weighs 430 g.", "Weight: 430 g"),
        ("送料は店の負担です。", "送料は店が払います。"),
        ("未開封の食品", "未開封の食品に限ります。"),
        ("الشحن إلى النرويج مجاني", "الشحن مجاني داخل النرويج."),
        (
            "You have 60 days to send things back and get a refund within 5 working days.",
            "You have 60 days to send things back. We refund you within 5 working days.",
        ),
    ],
)
def test_the_quote_is_what_supports_the_claim(claim: str, quote: str) -> None:
    assert point(Quotable(TEXT), claim).quote == quote


def test_a_claim_that_says_nothing_itself_is_read_with_its_answer() -> None:
    assert point(Quotable(TEXT), "Ja.", "Ja. Norway: 9.90 EUR.").quote.startswith("Country: Norway")


def test_a_claim_in_another_language_is_found_by_its_numbers() -> None:
    assert point(Quotable(TEXT), "Der Versand nach Island kostet 14,90 EUR.").quote.startswith("Country: Iceland")


@pytest.mark.parametrize("text", ["", " \n\n", "## ", "- "])
def test_of_nothing_nothing_is_quoted(text: str) -> None:
    found = point(Quotable(text, "https://shop.example/", start=7, places=((0, None, ""),)), "sixty days")
    assert (found.quote.strip("#- \n"), found.link) == ("", "https://shop.example/#")


def test_a_heading_is_quoted_only_where_nothing_stands_below_it() -> None:
    assert point(Quotable("## Opening hours\n\nWe open at 9."), "opening hours").quote == "We open at 9."
    assert point(Quotable("## Opening hours"), "opening hours").quote == "Opening hours"


def test_a_long_sentence_is_cut_between_words_and_a_long_row_is_whole() -> None:
    words = " ".join(f"word{n}" for n in range(200))
    found = point(Quotable(words), "word150 word151").quote
    assert "word150 word151" in found
    assert len(found) <= 300
    assert set(found.split()) <= set(words.split())
    row = " | ".join(f"Column {n}: {n} units" for n in range(40))
    assert len(row) <= ROW_CHARS
    assert point(Quotable(row), "7 units").quote == row


def test_the_place_is_that_of_the_quote_and_not_of_the_passage() -> None:
    at = TEXT.index("## Exceptions")
    passage = Quotable(TEXT, "https://shop.example/m.pdf", 3, 1_000, ((0, 3, "returns"), (at, 4, "exceptions")))
    found = point(passage, "Gas is never taken back.")
    assert (found.page, found.anchor, found.link) == (4, "exceptions", "https://shop.example/m.pdf#page=4")
    start = 1_000 + TEXT.index("Gas")
    assert (found.start, found.end) == (start, start + len("Gas canisters never come back."))
    assert point(passage, "You have 60 days.").page == 3


def test_a_passage_that_knows_no_places_gives_none() -> None:
    found = point(Quotable(TEXT, page=3), "60 days to send things back")
    assert (found.start, found.end, found.page, found.anchor, found.link) == (None, None, 3, "", "")


def _quotable(passage: Passage) -> Quotable:
    return Quotable(passage.text, "/page/", passage.page, passage.start, passage.places)


BLOCKS = st.builds(
    Block,
    st.sampled_from(["paragraph", "item", "heading", "row"]),
    st.text(alphabet="ab1. \n|-#:。返ا\u0301", max_size=300),
    st.integers(1, 6),
    page=st.none(),
    anchor=st.sampled_from(["", "a"]),
)


@given(st.lists(BLOCKS, min_size=1, max_size=12), st.text(alphabet="ab1. 返ا", max_size=40))
@settings(deadline=None, max_examples=150)
def test_a_quote_is_a_slice_of_the_documents_text(blocks: list[Block], claim: str) -> None:
    whole = document_text(tuple(blocks))
    for passage in chunk(tuple(blocks), Sizes(40, 80, 10)):
        found = point(_quotable(passage), claim)
        assert whole[found.start : found.end] == found.quote
        assert "\n" not in found.quote


@pytest.mark.parametrize(
    ("data", "name"),
    [(samples.MARKDOWN, "a.md"), (samples.HTML, "a.html"), (samples.docx(), "a.docx"), (samples.pdf(), "a.pdf")],
)
def test_in_every_format_each_block_can_be_quoted_as_the_source_has_it(data: bytes, name: str) -> None:
    blocks = load(data, name).blocks
    whole = document_text(blocks)
    [passage] = chunk(blocks)
    for block in blocks:
        if block.kind == "heading":
            continue
        found = point(_quotable(passage), block.text)
        assert found.quote == block.text
        assert whole[found.start : found.end] == block.text
        assert found.page == block.page
