"""PDFs of every kind: what a reader would notice if it were lost, and the reason where nothing can be read."""

from pathlib import Path

import pytest
from fpdf import FPDF

from kb import errors
from kb.loaders import Block, load
from kb.loaders.pdf_page import Line, Word, line_of
from kb.loaders.pdf_text import hyphenated, joined
from ops.bench.pdf_checks import CHECKS, Check
from tests.kb import pdf_samples, samples


def texts(data: bytes) -> list[str]:
    return [block.text for block in load(data, "a.pdf").blocks]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.file.stem}: {check.aspect}, {check.about}")
def test_everything_that_the_engines_are_measured_by(check: Check) -> None:
    assert check.holds(load(check.file.read_bytes(), check.file.name))


def test_a_forms_fields_are_read_beside_their_labels() -> None:
    assert texts(pdf_samples.form()) == ["Serial number: SK-4711", "Model: Ember 3"]


def test_a_form_that_one_program_alone_can_show_says_so() -> None:
    waiting = pdf_samples.pdf_of(
        b"BT /F 12 Tf 50 700 Td (Please wait... If this message is not replaced, update your reader.) Tj ET",
        catalog=b"/NeedsRendering true /AcroForm << /Fields [] /XFA [(template) 5 0 R] >>",
        others=(b"<< /Length 10 >>\nstream\n<template>\nendstream",),
    )
    with pytest.raises(errors.PdfWithoutText, match="print it to a PDF"):
        load(waiting, "a.pdf")


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(degrees: int) -> None:
    assert texts(pdf_samples.turned(degrees)) == ["First line of the page and the second one."]


def test_a_stamp_across_the_page_is_not_read() -> None:
    stamp = b"BT /F 80 Tf .7 .7 -.7 .7 100 200 Tm (DRAFT) Tj ET\n"
    assert texts(pdf_samples.pdf_of(pdf_samples.HELLO + stamp)) == ["Gas canisters never come back."]


def test_an_empty_password_simply_opens() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", size=10)
    made.cell(0, 10, "Everybody may read this.")
    made.set_encryption(owner_password="owner", user_password="")
    assert texts(bytes(made.output())) == ["Everybody may read this."]


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_a_torn_file_is_refused_as_a_whole(kept: float) -> None:
    """Not read as far as it goes: half a manual answers wrongly."""
    whole = samples.pdf()
    with pytest.raises(errors.PdfBroken, match="cut off"):
        load(whole[: int(len(whole) * kept)], "a.pdf")


def test_a_file_with_its_middle_overwritten_is_read_or_refused_but_breaks_nothing() -> None:
    whole = samples.pdf()
    for start in range(100, len(whole) - 100, 150):
        damaged = whole[:start] + b"\x00" * 90 + whole[start + 90 :]
        try:
            load(damaged, "a.pdf")
        except (errors.PdfBroken, errors.PdfWithoutText, errors.PdfEncrypted):
            continue


def test_five_thousand_pages_are_too_many_and_the_reason_says_how_many_are_read() -> None:
    with pytest.raises(errors.TooLarge, match=r"5,000 pages, and 2,000 are read: split"):
        load(pdf_samples.pdf_of(pdf_samples.HELLO, pages=5000), "a.pdf")


def test_a_page_with_too_many_letters_is_refused() -> None:
    crowded = b"BT /F 12 Tf 50 700 Td " + b"(abcdefghij) Tj " * 40_000 + b"ET"
    with pytest.raises(errors.TooLarge, match="more letters"):
        load(pdf_samples.pdf_of(crowded), "a.pdf")


@pytest.mark.parametrize("deep", [b"[" * 100_000 + b"]" * 100_000, b"<</A" * 50_000 + b" 1" + b">>" * 50_000])
def test_deep_objects_break_nothing(deep: bytes) -> None:
    said = pdf_samples.pdf_of(pdf_samples.HELLO, catalog=b"/Deep " + deep)
    assert texts(said) == ["Gas canisters never come back."]


def test_page_numbers_are_those_that_a_reader_turns_to() -> None:
    made = FPDF()
    for number in (1, 2, 3):
        made.add_page()
        made.set_font("Helvetica", size=10)
        made.set_xy(20, 100)
        made.cell(0, 10, f"Number {number} tells of things." if number != 2 else "")
    assert [(block.text[:8], block.page) for block in load(bytes(made.output()), "a.pdf").blocks] == [
        ("Number 1", 1),
        ("Number 3", 3),
    ]


def test_chapter_names_at_the_top_are_dropped_though_they_change() -> None:
    made = FPDF()
    for number in range(12):
        made.add_page()
        made.set_font("Helvetica", size=9)
        made.text(20, 10, f"Chapter {number // 4}: {['Fuel', 'Care', 'Repair'][number // 4]}")
        made.set_font("Helvetica", size=11)
        made.text(20, 100, f"Here stands what is told on sheet {'abcdefghijkl'[number]} of this manual.")
    blocks = load(bytes(made.output()), "a.pdf").blocks
    assert [block.text[34:35] for block in blocks] == list("abcdefghijkl")


@pytest.mark.parametrize(
    ("lines", "known", "text"),
    [
        (["main-", "tenance"], set(), "maintenance"),
        (["follow-", "up"], {"follow-up"}, "follow-up"),
        (["Nord-", "Süd"], set(), "Nord- Süd"),
        (["5-", "pack"], set(), "5- pack"),
        (["Brenn\u00ad", "stoff"], set(), "Brennstoff"),
        (["Introduction . . . . . . . 12"], set(), "Introduction … 12"),
    ],
)
def test_words_that_a_lines_end_cut(lines: list[str], known: set[str], text: str) -> None:
    assert " ".join(joined(lines, known).split()) == text


def test_words_with_a_hyphen_are_known_from_the_middle_of_lines() -> None:
    assert hyphenated(["A Follow-up visit", "is a long-", "term plan"]) == {"follow-up"}


def word(x0: float, text: str, at: int, size: float = 10.0) -> Word:
    return Word(x0, 100, x0 + 5 * len(text), 110, text, size, False, at)


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        (["one", "two"], "one two"),
        (["לכם", "שלום"], "שלום לכם"),
        (["בשבוע", "הראשון", "TrackPost", "45", "באתר"], "באתר TrackPost 45 הראשון בשבוע"),
        (["see", "לכם", "שלום", "there"], "see שלום לכם there"),
    ],
)
def test_words_of_a_line_in_the_order_in_which_they_are_read(shown: list[str], read: str) -> None:
    """`shown` is how they stand, from left to right."""
    line: Line = line_of([word(60.0 * at, text, at) for at, text in enumerate(shown)])
    assert line.text == read


def test_a_table_goes_on_when_its_cells_have_several_lines() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", size=10)
    with made.table(col_widths=(20, 60, 20)) as table:
        for row in (
            ("Code", "What to do", "Lamp"),
            ("E1", "Take out the cell and wait. " * 5, "red"),
            ("E2", "Wait", ""),
        ):
            table.row(row)
    rows = [block for block in load(bytes(made.output()), "a.pdf").blocks if block.kind == "row"]
    said = " ".join(["Take out the cell and wait."] * 5)
    assert rows == [
        Block("row", f"Code: E1 | What to do: {said} | Lamp: red", page=1),
        Block("row", "Code: E2 | What to do: Wait", page=1),
    ]


def test_every_pdf_of_the_demo_shop_has_a_title_and_text() -> None:
    folder = Path(__file__).parents[2] / "ops" / "demo" / "documents"
    for path in sorted(folder.glob("*.pdf")):
        loaded = load(path.read_bytes(), path.name)
        assert loaded.title, path.name
        assert len(loaded.blocks) > 5, path.name
