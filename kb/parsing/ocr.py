"""PDFs that are pictures of pages: a program of the operator's choice reads the letters off them, if one is set.

`HANDRAIL_OCR_COMMAND="tesseract {image} - -l eng"`: `{image}` is a greymap file of one page, the text comes on standard
output, in UTF-8, with blank lines between paragraphs. It runs within limits and, on Linux, without network.
"""

import math
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core.settings import Settings
from kb.errors import OcrFailed, OcrUnavailable, ParserTooSlow, PdfWithoutText, TooLarge
from kb.loaders.loaded import Block, Loaded, tidy
from kb.loaders.pdf_blocks import PAGE_NUMBER
from kb.loaders.pdf_text import joined
from kb.loaders.text import ITEM
from kb.parsing.parser import PATIENCE
from kb.parsing.run import NOT_RUN

MEMORY_MB = 2048
PATH = "/usr/local/bin:/usr/bin:/bin"
MOST_TEXT = 1_000_000  # bytes of one page


def read_pictures(data: bytes, settings: Settings) -> Loaded:
    """The text of every page, as paragraphs with page numbers.

    Raises PdfWithoutText where the pages are blank, TooLarge, OcrFailed, ParserTooSlow, or OcrUnavailable.
    """
    blocks: list[Block] = []
    with tempfile.TemporaryDirectory(prefix="handrail-ocr-") as folder:
        image = Path(folder) / "page.pgm"
        page, count = 0, 1
        while page < count:
            page += 1
            count = _draw(data, page, image, settings)
            blocks += blocks_of(_read(image, settings, page), page)
    if not blocks:
        raise PdfWithoutText
    return Loaded("", tuple(blocks))


def blocks_of(text: str, page: int) -> Iterator[Block]:
    """Paragraphs and items of one page's text."""
    for part in text.replace("\f", "\n\n").split("\n\n"):
        said = tidy(joined(line.strip() for line in part.splitlines()))
        if any(char.isalnum() for char in said) and not PAGE_NUMBER.fullmatch(said):
            item = ITEM.match(said)
            yield Block("item" if item else "paragraph", ITEM.sub("", said), page=page)


def _draw(data: bytes, page: int, image: Path, settings: Settings) -> int:
    """The page as a file; returns how many pages there are."""
    from kb.parsing import ask

    message = {"do": "picture", "page": page, "dpi": settings.ocr_dpi}
    answer, drawn = ask(message, data, memory_mb=settings.parse_memory_mb, seconds=settings.parse_seconds)
    image.write_bytes(drawn)
    count = answer.get("pages")
    if not isinstance(count, int) or count > settings.ocr_pages:
        raise TooLarge(
            f"The PDF is pictures of more than {settings.ocr_pages} pages: split it, or run OCR on it first."
        )
    return count


def _read(image: Path, settings: Settings, page: int) -> str:
    words = [word.replace("{image}", str(image)) for word in shlex.split(settings.ocr_command)]
    limits = (str(MEMORY_MB), str(math.ceil(settings.ocr_page_seconds)), str(os.getpid()))
    with subprocess.Popen(  # noqa: S603 - the operator names the program
        [sys.executable, "-s", "-P", "-B", "-m", "kb.parsing.run", *limits, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=image.parent,
        env=_environment(image.parent),
        start_new_session=True,
    ) as process:
        try:
            said, complained = process.communicate(timeout=settings.ocr_page_seconds * PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise ParserTooSlow from error
        finally:
            _end(process)
    if process.returncode == -signal.SIGXCPU:
        raise ParserTooSlow
    if process.returncode == NOT_RUN:
        raise OcrUnavailable
    if process.returncode:
        words_of_it = complained.decode("utf-8", "replace").strip()[-200:]
        raise OcrFailed(f"OCR failed on page {page}: {words_of_it or f'it ended with {process.returncode}'}")
    return said[:MOST_TEXT].decode("utf-8", "replace")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It, and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment(scratch: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("TESSDATA_PREFIX", "LD_LIBRARY_PATH") if name in os.environ}
    code = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    return kept | {"PATH": PATH, "LANG": "C.UTF-8", "PYTHONPATH": code, "TMPDIR": str(scratch), "OMP_THREAD_LIMIT": "1"}
