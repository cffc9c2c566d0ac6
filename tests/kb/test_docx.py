"""DOCX as it stands now: insertions are read, deletions, comments and macros are not, and bombs are not unpacked."""

import io
import struct
import zipfile
from time import monotonic

import pytest

from kb.errors import DocxBroken, TooLarge
from kb.loaders import Block, load

NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
)
DELETED = '<w:del w:id="1" w:author="x"><w:r><w:delText>never </w:delText></w:r></w:del>'


def packed(body: str, **parts: str | bytes) -> bytes:
    """A DOCX file; `parts` are further files by name, with "__" for "/" and "." added before the last "_"."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NAMES}><w:body>{body}</w:body></w:document>")
        for name, data in parts.items():
            archive.writestr("word/" + ".".join(name.rsplit("_", 1)), data)
    return out.getvalue()


def p(text: str, style: str = "", more: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r>{more}</w:p>"


def texts(data: bytes) -> list[str]:
    return [block.text for block in load(data, "a.docx").blocks]


def test_changes_that_are_tracked_are_read_as_they_stand() -> None:
    body = (
        p("We pay the return ", more=DELETED + "<w:ins><w:r><w:t>always.</w:t></w:r></w:ins>")
        + "<w:p><w:moveFrom><w:r><w:t>Moved away.</w:t></w:r></w:moveFrom></w:p>"
        + "<w:p><w:moveTo><w:r><w:t>Moved here.</w:t></w:r></w:moveTo></w:p>"
        + "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r></w:p>"
        + "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>"
        + p("old")
        + "</w:tc></w:tr><w:tr><w:tc>"
        + p("new")
        + "</w:tc></w:tr></w:tbl>"
    )
    assert texts(packed(body)) == ["We pay the return always.", "Moved here.", "new"]


def test_comments_headers_and_macros_are_not_read_and_footnotes_are() -> None:
    note = (
        '<w:footnote w:type="separator" w:id="0">'
        + p("line")
        + '</w:footnote><w:footnote w:id="2">'
        + p("Not on Sundays.")
        + "</w:footnote>"
    )
    data = packed(
        p("Open daily.", more='<w:r><w:commentReference w:id="1"/><w:footnoteReference w:id="2"/></w:r>'),
        footnotes_xml=f"<w:footnotes {NAMES}>{note}</w:footnotes>",
        comments_xml=f"<w:comments {NAMES}><w:comment>{p('Is that so?')}</w:comment></w:comments>",
        header1_xml=f"<w:hdr {NAMES}>{p('Confidential')}</w:hdr>",
        vbaProject_bin=b"\xd0\xcf\x11\xe0 Sub AutoOpen() Shell",
    )
    assert texts(data) == ["Open daily.", "Not on Sundays."]
    assert [
        block.text for block in load(data, "a.docm", "application/vnd.ms-word.document.macroEnabled.12").blocks
    ] == texts(data)


def test_text_boxes_are_read_once_and_content_controls_are_looked_through() -> None:
    box = "<w:txbxContent>" + p("In the box.") + "</w:txbxContent>"
    fallback = f"<mc:Fallback><v:textbox>{box}</v:textbox></mc:Fallback>"
    both = f"<w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice>{fallback}</mc:AlternateContent></w:r>"
    body = p("Beside.", more=both) + f"<w:sdt><w:sdtPr/><w:sdtContent>{p('Controlled.')}</w:sdtContent></w:sdt>"
    assert texts(packed(body)) == ["Beside.", "In the box.", "Controlled."]


def test_headings_and_lists_are_known_in_every_language_and_contents_left_out() -> None:
    styles = (
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="Eigen"><w:name w:val="Eigene"/><w:basedOn w:val="berschrift1"/></w:style>'
        '<w:style w:styleId="Punkt"><w:name w:val="Aufzählung"/><w:pPr><w:numPr/></w:pPr></w:style>'
        '<w:style w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>'
    )
    outlined = '<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Boots</w:t></w:r></w:p>'
    body = (
        p("Garantie 3", "Verzeichnis1")
        + p("Garantie", "berschrift1")
        + p("Zelte", "Eigen")
        + outlined
        + p("Zwei Jahre", "Punkt")
    )
    loaded = load(packed(body, styles_xml=f"<w:styles {NAMES}>{styles}</w:styles>"), "a.docx")
    assert loaded.title == "Garantie"
    assert loaded.blocks == (
        Block("heading", "Garantie", 1),
        Block("heading", "Zelte", 1),
        Block("heading", "Boots", 2),
        Block("item", "Zwei Jahre"),
    )


def test_tables_repeat_what_spans_and_those_inside_come_after() -> None:
    def cell(text: str, said: str = "", inner: str = "") -> str:
        return f"<w:tc><w:tcPr>{said}</w:tcPr>{p(text)}{inner}</w:tc>"

    inside = (
        "<w:tbl>"
        + "".join(f"<w:tr>{cell(a)}{cell(b)}</w:tr>" for a, b in (("Mon", "9-17"), ("Sun", "closed")))
        + "</w:tbl>"
    )
    rows = (
        cell("Zone") + cell("Parcel", '<w:gridSpan w:val="2"/>'),
        cell("North", '<w:vMerge w:val="restart"/>') + cell("4") + cell("7"),
        cell("", "<w:vMerge/>") + cell("5", inner=inside) + cell("8"),
    )
    read = texts(packed("<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"))
    assert read == [
        "Zone: North | Parcel: 4 | Parcel: 7",
        "Zone: North | Parcel: 5 | Parcel: 8",
        "Mon: 9-17",
        "Sun: closed",
    ]


def test_entities_are_refused_wherever_they_are_declared() -> None:
    evil = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    for data in (evil.encode(), evil.encode("utf-16")):
        with pytest.raises(DocxBroken, match="entities"):
            load(packed(p("Hello"), styles_xml=data), "a.docx")


def test_a_bomb_is_counted_while_it_is_unpacked_whatever_it_says_of_its_size() -> None:
    bomb = packed(p("Hello"), footnotes_xml=b" " * 200_000_000)
    began = monotonic()
    with pytest.raises(TooLarge, match="unpacks"):
        load(bomb, "a.docx")
    size = struct.pack("<I", 200_000_000)
    with pytest.raises(DocxBroken):
        load(bomb.replace(size, struct.pack("<I", 2_000)), "a.docx")
    assert monotonic() - began < 20


def test_what_is_not_text_may_be_large() -> None:
    assert texts(packed(p("Hello"), media1_png=bytes(120_000_000))) == ["Hello"]


@pytest.mark.parametrize(
    "data", [packed("<w:p>")[:-40], packed("<w:p>"), packed("<w:sdt>" * 5_000 + "</w:sdt>" * 5_000)]
)
def test_what_is_damaged_says_so(data: bytes) -> None:
    with pytest.raises(DocxBroken, match="save it again"):
        load(data, "a.docx")


def test_any_other_archive_is_no_document() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/picture.xml", "<x/>")
    with pytest.raises(DocxBroken, match="no DOCX document"):
        load(out.getvalue(), "a.docx")
