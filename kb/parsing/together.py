"""Small documents go to the parser many at a time, and while some are worked on, the next ones are already read."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from core.errors import HandrailError
from core.settings import get_settings
from kb.loaders.loaded import Loaded
from kb.parsing import ask
from kb.parsing.frames import Message, NotOurFormat, as_loaded

TOGETHER = 32  # documents in one question: switching between two processes takes longer than reading a short text
TOGETHER_BYTES = 512 * 1024
SMALL_BYTES = 64 * 1024  # what is larger goes by itself
SECONDS = 10.0  # of the processor, for all of one question

File = tuple[bytes, str, str]  # data, name, content type


def load_ahead(files: Sequence[File]) -> Iterator[Loaded | None]:
    """Each of `files` as `kb.parsing.load_apart` reads it; None for those that are to be read by themselves.

    These are the large ones, those with a fault, and whatever was asked about together with one that killed the
    parser: so the fault is found, and nobody else has to bear it. No item keeps its reader waiting for more than two
    minutes.
    """
    groups = list(_groups(files))
    with ThreadPoolExecutor(1, "parser") as beside:
        coming = beside.submit(load_together, groups[0]) if groups else None
        for following in chain(groups[1:], [None]):
            assert coming is not None or following is None
            loaded = coming.result() if coming else []
            coming = beside.submit(load_together, following) if following else None
            yield from loaded


def load_together(files: Sequence[File]) -> list[Loaded | None]:
    """All of `files` by one question to one parser; None as `load_ahead` says."""
    if len(files) == 1 and len(files[0][0]) > SMALL_BYTES:
        return [None]
    settings = get_settings()
    said = [{"name": name, "content_type": kind, "bytes": len(data)} for data, name, kind in files]
    seconds = min(SECONDS, settings.parse_seconds)
    try:
        message: Message = {"do": "load_many", "files": said}
        data = b"".join(data for data, _, _ in files)
        answer, _ = ask(message, data, memory_mb=settings.parse_memory_mb, seconds=seconds, again=False)
        found = [None if one is None else as_loaded(one) for one in answer["loaded"]]
    except (HandrailError, NotOurFormat, KeyError, TypeError):
        return [None] * len(files)
    return found if len(found) == len(files) else [None] * len(files)


def _groups(files: Sequence[File]) -> Iterator[list[File]]:
    group: list[File] = []
    size = 0
    for file in files:
        length = len(file[0])
        if group and (length > SMALL_BYTES or size + length > TOGETHER_BYTES or len(group) == TOGETHER):
            yield group
            group, size = [], 0
        group.append(file)
        size += length
        if length > SMALL_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
