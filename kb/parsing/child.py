"""The process that reads strangers' files: it limits itself, says that it is ready, and answers until it is ended.

`python -m kb.parsing.child MEMORY_MB LIFELINE`. Questions come on standard input, answers go to standard output.
"""

import contextlib
import fcntl
import os
import re
import resource
import sys
from collections.abc import Callable, Iterator

from kb.errors import DocumentUnreadable, ParserTooLarge
from kb.loaders import load
from kb.loaders.pdf_picture import picture
from kb.parsing.bans import seal
from kb.parsing.frames import HEADER, Message, as_message, packed, unpacked
from kb.parsing.limits import MEGABYTE, take_limits
from kb.parsing.readable import code_places

PEAK = re.compile(rb"VmHWM:\s+(\d+) kB")


def main() -> None:
    """Answer until the parent closes the pipe."""
    memory_mb, lifeline = int(sys.argv[1]), int(sys.argv[2])
    asked, answers = os.dup(0), os.dup(1)
    _die_with(lifeline)
    take_limits(memory_mb)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # a library that prints would break the answer
        os.dup2(null, standard)
    status = _status()
    keeper = seal(code_places())
    most = _peak(status) + memory_mb * MEGABYTE // 2
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    _write(answers, packed({"bans": keeper, "resident": resident}))
    while (head := _read(asked, HEADER.size)) is not None:
        said, tail = HEADER.unpack(head)
        message = unpacked(bytes(_read(asked, said) or b""))
        data = bytes(_read(asked, tail) or b"")
        _write(answers, _answer(message, data, tired=lambda: _peak(status) > most))


def _die_with(lifeline: int) -> None:
    """The kernel sends SIGIO, which ends us, as soon as nobody holds the other end; whatever we are doing."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):  # it is open, as it should be
        if not os.read(lifeline, 1):
            sys.exit(0)


def _answer(message: Message, data: bytes, tired: Callable[[], bool]) -> bytes:
    """The frame to send; `tired` where so much memory was in use once that the next document might lack it."""
    try:
        if message["do"] == "picture":
            answer, tail = picture(data, message["page"], message["dpi"])
            return packed(answer, tail)
        if message["do"] == "load_many":
            return packed({"loaded": list(_each(message["files"], data)), "tired": tired()})
        loaded = load(data, message["name"], message["content_type"])
        return packed({"loaded": as_message(loaded), "tired": tired()})
    except DocumentUnreadable as error:
        return packed({"error": type(error).__name__, "said": error.detail, "tired": tired()})
    except MemoryError:
        return packed({"error": ParserTooLarge.__name__, "said": ParserTooLarge().detail, "tired": True})
    except Exception as error:  # noqa: BLE001 - a loader that breaks on one document goes on with the next
        return packed({"broke": f"{type(error).__name__}: {error}"[:500], "tired": True})


def _each(files: list[Message], data: bytes) -> Iterator[Message | None]:
    """Each of the files that lie in `data` one behind the other; None for what can't be read, and says so when alone.

    What breaks a loader breaks all of them: what came after it might suffer from what it left behind.
    """
    at = 0
    for file in files:
        part = data[at : at + file["bytes"]]
        at += file["bytes"]
        try:
            yield as_message(load(part, file["name"], file["content_type"]))
        except DocumentUnreadable:
            yield None


def _status() -> int:
    """The kernel's page about this process, opened while files can be; -1 where there is none."""
    try:
        return os.open("/proc/self/status", os.O_RDONLY)
    except OSError:
        return -1


def _peak(status: int) -> int:
    """Bytes of memory that were in use at most until now. `ru_maxrss` would count the parent's, too."""
    found = PEAK.search(os.pread(status, 4096, 0)) if status >= 0 else None
    return int(found.group(1)) * 1024 if found else 0


def _read(source: int, count: int) -> bytearray | None:
    """Exactly `count` bytes, or None at the end."""
    data = bytearray(count)
    view, at = memoryview(data), 0
    while at < count:
        got = os.readv(source, [view[at:]])
        if not got:
            return None
        at += got
    return data


def _write(target: int, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[os.write(target, view) :]


if __name__ == "__main__":
    main()
