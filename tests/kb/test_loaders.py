"""Every format keeps its headings, lists and tables; every unreadable file says what to do."""

import io
import zipfile

import pytest

from kb import errors
from kb.loaders import Block, load
from kb.loaders.text import decode
from tests.kb import samples


def rows(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if block.kind == "row"]


def test_markdown_keeps_headings_items_and_rows_with_their_headers() -> None:
    loaded = load(samples.MARKDOWN, "returns.md")
    assert loaded.title == "Returns"
    assert [(block.level, block.text) for block in loaded.blocks if block.kind == "heading"] == [
        (1, "Returns"),
        (2, "Exceptions"),
    ]
    assert "Gas canisters never come back." in [block.text for block in loaded.blocks if block.kind == "item"]
    assert rows(loaded.blocks)[0] == "Country: Norway | Price: 9.90 EUR | Days: 3-5"


def test_html_keeps_the_content_and_drops_menus_banners_and_scripts() -> None:
    loaded = load(samples.HTML, "shipping")
    text = "\n".join(block.text for block in loaded.blocks)
    assert loaded.title == "Shipping"
    assert "We ship from Bergen on weekdays." in text
    assert "Country: Norway | Price: 9.90 EUR" in rows(loaded.blocks)
    assert not any(noise in text for noise in ("Home", "cookies", "journal", "track()", "(c)"))


def test_docx_keeps_styles_lists_and_tables() -> None:
    loaded = load(samples.docx(), "warranty.docx")
    assert loaded.title == "Warranty"
    assert Block("heading", "Boots", 1) in loaded.blocks
    assert Block("item", "Soles are covered for one year.") in loaded.blocks
    assert rows(loaded.blocks) == ["Part: Zip | Years: 5 | Note: -"]


def test_pdf_drops_running_heads_joins_words_and_knows_its_pages() -> None:
    loaded = load(samples.pdf(), "manual.pdf")
    text = "\n".join(block.text for block in loaded.blocks)
    assert "My Shop" not in text
    assert "Page 2" not in text
    assert "maintenance in the field." in text
    assert [(block.text, block.page) for block in loaded.blocks if block.kind == "heading"] == [
        ("Chapter 1", 1),
        ("Chapter 2", 2),
        ("Chapter 3", 3),
    ]
    assert "Fuel: Kerosene | Time: 4 min | Use: 210 g" in rows(loaded.blocks)


def test_pdf_reads_one_column_after_the_other() -> None:
    text = " ".join(block.text for block in load(samples.two_columns(), "a.pdf").blocks)
    assert text.index("The journal") < text.index("left0") < text.index("left19") < text.index("right0")


def test_text_finds_capital_headings_and_named_values() -> None:
    loaded = load(b"Skarv 45 Mat\n\nSPECIFICATIONS\nWeight: 430 g\nSize: 183 cm\n\nUSE\nFill the mat.\n", "mat.txt")
    assert loaded.title == "Skarv 45 Mat"
    assert [block.text for block in loaded.blocks if block.kind == "heading"] == [
        "Skarv 45 Mat",
        "SPECIFICATIONS",
        "USE",
    ]
    assert Block("paragraph", "Weight: 430 g") in loaded.blocks


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_in_the_usual_encodings(encoding: str) -> None:
    said = "Größe 43 kostet 15 €, naïve Grüße aus dem Café."
    assert decode(said.encode(encoding)) == said


@pytest.mark.parametrize(
    ("data", "name", "error", "hint"),
    [
        (b"", "a.md", errors.FileEmpty, "upload it again"),
        (b" \n\t ", "a.txt", errors.FileEmpty, "upload it again"),
        (b"hello", "a.xyz", errors.TypeUnknown, "use PDF"),
        (b"\x00\x01\x02\x03" * 99, "a.txt", errors.NotText, "binary"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "a.md", errors.NotText, "binary"),
        (b"%PDF-1.7 and then nothing of the kind", "a.pdf", errors.PdfBroken, "export it again"),
        (samples.pdf()[:900], "a.pdf", errors.PdfBroken, "export it again"),
        (samples.encrypted_pdf(), "a.pdf", errors.PdfEncrypted, "without one"),
        (samples.picture_pdf(), "a.pdf", errors.PdfWithoutText, "run OCR"),
        (b"PK\x03\x04 word/ but torn", "a.docx", errors.DocxBroken, "save it again"),
        (b"<html><body><script>x()</script></body></html>", "a.html", errors.HtmlWithoutText, "no readable text"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(
    data: bytes, name: str, error: type[errors.DocumentUnreadable], hint: str
) -> None:
    with pytest.raises(error, match=hint):
        load(data, name)


def test_the_bytes_outrank_the_name() -> None:
    assert load(samples.pdf(), "manual.txt").blocks[0].page == 1
    assert load(samples.HTML, "page", "text/plain").title == "Shipping"


def repacked(part: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(samples.docx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == part else old.read(name))
    return out.getvalue()


def test_docx_with_external_entities_is_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(errors.DocxBroken, match="entities"):
        load(repacked("word/document.xml", evil), "a.docx")


def test_docx_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(errors.TooLarge, match="unpacks"):
        load(repacked("word/styles.xml", b" " * 120_000_000), "a.docx")


def test_html_blocks_know_the_anchor_that_leads_to_them_and_the_page_its_language() -> None:
    page = b"""<!doctype html><html lang="de-AT"><body><main><p>Before any.</p>
    <h2 class="wp-block-heading" id="h-returns">Returns</h2><p>Sixty days.<sup id="ref1">1</sup> And a note.</p>
    <h3><span class="ez-toc-section" id="Fees"></span>Fees</h3><ul><li>None.</li></ul><h3>No anchor</h3>
    <a name="old"></a><table><tr><th>Land</th><th>Preis</th></tr><tr><td>A</td><td>5</td></tr></table></main>"""
    loaded = load(page, "page.html")
    assert loaded.language == "de"
    assert [(block.text, block.anchor) for block in loaded.blocks] == [
        ("Before any.", ""),
        ("Returns", "h-returns"),
        ("Sixty days.1 And a note.", "h-returns"),
        ("Fees", "Fees"),
        ("None.", "Fees"),
        ("No anchor", "Fees"),
        ("Land: A | Preis: 5", "old"),
    ]
