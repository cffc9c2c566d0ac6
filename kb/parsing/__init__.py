"""Documents are read in a process of its own: limited in memory and time, without network, secrets or other programs.

A child is started afresh (nothing is forked), reads many documents, and is replaced after some hundreds, and after any
death, overrun or odd answer: so a document that breaks its parser costs itself alone.
"""

import atexit
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kb import errors
from kb.errors import DocumentUnreadable, ParserCrashed, ParserTooLarge, ParserTooSlow
from kb.loaders.loaded import Loaded
from kb.parsing.frames import Message, NotOurFormat, as_loaded
from kb.parsing.parser import Parser, ParserDied, ParserSlow

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

__all__ = ["ask", "close", "load_apart", "waiting"]

MOST_DOCUMENTS = 500  # of one child, many small ones being one: what leaks in a library stays small
MOST_IDLE = 4

_idle: list[Parser] = []
_lock = threading.Lock()


def load_apart(data: bytes, name: str, content_type: str = "") -> Loaded:
    """`kb.loaders.load` in another process; any number of threads may call it.

    Raises what that raises, ParserTooSlow, ParserTooLarge or ParserCrashed, which are DocumentUnreadable too, and
    ParserUnavailable, where the document is not to blame.
    """
    from core.settings import get_settings
    from kb.parsing.ocr import read_pictures

    settings = get_settings()
    message = {"do": "load", "name": name, "content_type": content_type}
    try:
        answer, _ = ask(message, data, memory_mb=settings.parse_memory_mb, seconds=settings.parse_seconds)
    except errors.PdfWithoutText:
        if not settings.ocr_command:
            raise
        return read_pictures(data, settings)
    try:
        return as_loaded(answer["loaded"])
    except (KeyError, TypeError, NotOurFormat) as error:
        raise ParserCrashed from error


def ask(
    message: Message,
    data: bytes,
    *,
    memory_mb: int,
    seconds: float,
    start: Callable[[int], Parser] = Parser,
    again: bool = True,
) -> tuple[Message, bytes]:
    """What a parser answers. With `again`, one that dies is replaced and asked once more: somebody may have ended it.

    `start` makes a parser of so many megabytes where none waits. Raises a DocumentUnreadable, or ParserUnavailable.
    """
    try:
        try:
            answer, tail = _ask_once(message, data, memory_mb, seconds, start)
        except ParserDied as died:
            if died.hungry or not again:
                raise
            answer, tail = _ask_once(message, data, memory_mb, seconds, start)
    except ParserSlow as error:
        raise ParserTooSlow from error
    except ParserDied as error:
        raise (ParserTooLarge if error.hungry else ParserCrashed) from error
    except NotOurFormat as error:
        raise ParserCrashed from error
    if "error" in answer:
        raise _named(str(answer["error"]))(str(answer.get("said", ""))[:500] or None)
    if "broke" in answer:
        _log().warning("parser_broke", name=message.get("name"), said=str(answer["broke"])[:500])
        raise ParserCrashed from RuntimeError(str(answer["broke"]))
    return answer, tail


def _named(name: str) -> type[DocumentUnreadable]:
    found = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, DocumentUnreadable):
        return found
    return ParserCrashed


def _ask_once(
    message: Message, data: bytes, memory_mb: int, seconds: float, start: Callable[[int], Parser]
) -> tuple[Message, bytes]:
    with _parser(memory_mb, start) as parser:
        answer, tail = parser.ask(message, data, seconds)
        if answer.get("tired") is True:
            parser.documents = MOST_DOCUMENTS
        return answer, tail


@contextmanager
def _parser(memory_mb: int, start: Callable[[int], Parser]) -> Iterator[Parser]:
    """One that nobody else asks meanwhile; whatever happens in the block, only a sound one is kept."""
    parser = _waiting(memory_mb)
    if parser is None:
        parser = start(memory_mb)
        _log().info("parser_started", process=parser.process.pid, bans=parser.bans, memory_mb=memory_mb)
    try:
        yield parser
    except BaseException:
        parser.close()
        raise
    with _lock:
        kept = parser.documents < MOST_DOCUMENTS and len(_idle) < MOST_IDLE
        if kept:
            _idle.append(parser)
    if not kept:
        parser.close()


def _waiting(memory_mb: int) -> Parser | None:
    while True:
        with _lock:
            parser = _idle.pop() if _idle else None
        if parser is None or (parser.alive and parser.memory_mb == memory_mb):
            return parser
        parser.close()


def waiting() -> list[int]:
    """The process ids of the parsers that wait for work."""
    with _lock:
        return [parser.process.pid for parser in _idle]


def close() -> None:
    """End the parsers that wait for work."""
    with _lock:
        parsers = [*_idle]
        _idle.clear()
    for parser in parsers:
        parser.close()


def _log() -> "BoundLogger":
    """Imported where it is used: the child, which imports this package, too, starts without it."""
    from core.log import get_logger

    return get_logger(__name__)


def _forget() -> None:
    """In a fork: the parsers are those of the process that was forked."""
    global _lock  # noqa: PLW0603 - it may be held by a thread that is not here
    _lock = threading.Lock()
    for parser in _idle:
        parser.forget()
    _idle.clear()


atexit.register(close)
os.register_at_fork(after_in_child=_forget)
