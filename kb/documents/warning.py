"""A warning about a document that reads as if it gave orders to an assistant: it is live, and somebody should look."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement

from core.models import Document
from kb.chunks.chunker import Passage
from kb.screen import orders_in

WARNED = "Warning: "
SHOWN = 80


def warning(passages: Iterable[Passage]) -> str:
    """What the site's owner should look at, or "". Answers never rest on those words, whatever the owner decides."""
    for passage in passages:
        for text in (passage.text, passage.section):
            if found := orders_in(text):
                words = found.words[:SHOWN]
                return f"{WARNED}it reads like orders to an assistant ({found.kind}: “{words}”). See who wrote this."
    return ""


def warned() -> ColumnElement[bool]:
    """The document is live, and there is a warning about it."""
    return (Document.state == "live") & Document.reason.startswith(WARNED)
