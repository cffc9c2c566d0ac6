"""PDFs that are pictures of pages: refused with that reason, or read by the program that the settings name."""

import shlex
import sys
from pathlib import Path

import pytest

from core.settings import Settings, get_settings
from kb import errors, parsing
from kb.loaders import Block
from kb.parsing import load_apart
from kb.parsing.ocr import blocks_of, read_pictures
from tests.kb import samples

READER = """
import sys
kind, width, height, depth = open(sys.argv[1], "rb").read(40).split()[:4]
print(f"Scanned {kind.decode()} of {width.decode()} by\\n{height.decode()} dots.\\n\\n- Bring it back dry.\\n\\nPage 1")
"""


def settings(tmp_path: Path, script: str, seconds: float = 20.0) -> Settings:
    """Settings with an OCR command that runs `script` with the picture's path."""
    program = tmp_path / "reader.py"
    program.write_text(script, encoding="utf-8")
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} {{image}}"
    return Settings(ocr_command=command, ocr_dpi=72, ocr_page_seconds=seconds)


def test_the_program_gets_each_page_as_a_picture_and_its_text_gets_the_pages_number(tmp_path: Path) -> None:
    loaded = read_pictures(samples.picture_pdf(), settings(tmp_path, READER))
    assert loaded.blocks == (
        Block("paragraph", "Scanned P5 of 596 by 842 dots.", page=1),
        Block("item", "Bring it back dry.", page=1),
    )


def test_paragraphs_are_joined_over_lines_and_page_numbers_dropped() -> None:
    said = list(blocks_of("It keeps its main-\ntenance\nplan.\n\n  3 \n\n", 3))
    assert said == [Block("paragraph", "It keeps its maintenance plan.", page=3)]


@pytest.mark.parametrize(
    ("script", "error", "hint"),
    [
        ("", errors.PdfWithoutText, "run OCR"),
        ("import sys; sys.exit('no language data')", errors.OcrFailed, "page 1: no language data"),
        ("while True: pass", errors.ParserTooSlow, "too long"),
        ("import socket; socket.socket()", errors.OcrFailed, "not permitted"),
        ("bytearray(3_000_000_000)", errors.OcrFailed, "MemoryError"),
    ],
)
def test_what_goes_wrong_is_said(
    tmp_path: Path, script: str, error: type[errors.DocumentUnreadable], hint: str
) -> None:
    with pytest.raises(error, match=hint):
        read_pictures(samples.picture_pdf(), settings(tmp_path, script, seconds=1))


def test_a_program_that_is_not_there_is_not_the_documents_fault() -> None:
    with pytest.raises(errors.OcrUnavailable, match="HANDRAIL_OCR_COMMAND"):
        read_pictures(samples.picture_pdf(), Settings(ocr_command="/no/such/program {image}", ocr_dpi=72))


def test_no_secret_reaches_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET_KEY", "do-not-tell")
    script = "import os; print('variables ' + ' '.join(sorted(os.environ)))"
    (block,) = read_pictures(samples.picture_pdf(), settings(tmp_path, script)).blocks
    assert "PATH" in block.text
    assert "SECRET" not in block.text


def test_documents_that_are_read_apart_find_the_program_in_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.PdfWithoutText):
        load_apart(samples.picture_pdf(), "scan.pdf")
    monkeypatch.setenv("HANDRAIL_OCR_COMMAND", settings(tmp_path, READER).ocr_command)
    get_settings.cache_clear()
    try:
        assert load_apart(samples.picture_pdf(), "scan.pdf").blocks[0].page == 1
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
        parsing.close()
