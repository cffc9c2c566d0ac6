"""Questions and answers from a spreadsheet, however it was saved; what is wrong with it is said by line and column."""

import pytest

from kb.errors import CsvBroken, NotText
from kb.loaders import Block, load

PAIR = (Block("heading", "Was kostet der Versand?", 1), Block("paragraph", "4,90 €; ab 50 € nichts."))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize(
    "text",
    [
        'Frage;Antwort\r\nWas kostet der Versand?;"4,90 €; ab 50 € nichts."\r\n',
        'ANTWORT,nr,"frage"\n"4,90 €; ab 50 € nichts.",1,Was kostet der Versand?\n\n,,\n',
        "Question\tRéponse\nWas kostet der Versand?\t4,90 €; ab 50 € nichts.\n",
        'Pregunta , Respuesta\n"Was kostet\nder Versand?","4,90 €; ab\n50 € nichts."\n',
    ],
)
def test_questions_and_answers_however_the_file_was_saved(text: str, encoding: str) -> None:
    assert load(text.encode(encoding), "faq.csv").blocks == PAIR


def test_categories_titles_and_addresses_are_kept() -> None:
    text = (
        "Category,Title,Question,Answer,URL\n"
        "Shipping,Costs,How much?,5 EUR,https://a.example/costs\n"
        'Shipping,Costs,From when free?,"From 50 EUR.\n\n- by post\n- by courier",\n'
        "Returns,,How long?,<p>Sixty <b>days</b>.</p><ul><li>unused</li></ul>,javascript:x\n"
    )
    assert load(text.encode(), "", "text/csv; charset=utf-8").blocks == (
        Block("heading", "Shipping", 1),
        Block("heading", "Costs", 2),
        Block("heading", "How much?", 3),
        Block("paragraph", "5 EUR"),
        Block("paragraph", "URL: https://a.example/costs"),
        Block("heading", "From when free?", 3),
        Block("paragraph", "From 50 EUR."),
        Block("item", "by post"),
        Block("item", "by courier"),
        Block("heading", "Returns", 1),
        Block("heading", "How long?", 3),
        Block("paragraph", "Sixty days."),
        Block("item", "unused"),
    )


def test_a_table_without_questions_is_read_row_by_row() -> None:
    text = "Country;Price\nNorway;9,90\nIceland;14,90\n"
    assert [block.text for block in load(text.encode(), "rates.csv").blocks] == [
        "Country: Norway | Price: 9,90",
        "Country: Iceland | Price: 14,90",
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("question,answer\nHow?,So.\nWhy?,\n", r"line 3, column 2 \(answer\) is empty"),
        ("question,answer\n\n\n,So.\n", r"line 4, column 1 \(question\) is empty"),
        ('question,answer\n"Two\nlines?",So.\nWhy?\n', r"line 4, column 2 \(answer\) is empty"),
        ("question,answer\nHow?,So, they say.\n", "line 2 has 3 cells, but the first line names 2 columns"),
        ('question,answer\nHow?,"So.\nWhy?,Because.\n', r"Line 2 \(up to line 3\)"),
        ('question,answer\nHow?,"So" they say.\n', "Line 2 of"),
        ("question,answer\n" + "Why?,\n" * 9, "and 4 more"),
        ("question,answer\n", "no question"),
        (",,\n,,\n", "no line"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(text: str, hint: str) -> None:
    with pytest.raises(CsvBroken, match=hint):
        load(text.encode(), "faq.csv")


def test_a_picture_that_is_named_like_a_table_is_no_text() -> None:
    with pytest.raises(NotText):
        load(b"\x89PNG\r\n\x1a\n" + bytes(99), "faq.csv")


def test_the_server_may_know_the_encoding() -> None:
    html = "<html><body><p>返品は六十日以内です。</p></body></html>".encode("shift_jis")
    assert load(html, "a", "text/html; charset=Shift_JIS").blocks[0].text == "返品は六十日以内です。"
    assert load("Größe".encode(), "a.txt", "text/plain; charset=iso-8859-1").blocks[0].text == "Größe"
