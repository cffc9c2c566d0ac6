"""Unpack gzip while counting, so that a small file that unpacks to much is stopped before it has."""

import zlib
from collections.abc import Iterable, Iterator

from kb.errors import TooLarge

GZIP = b"\x1f\x8b"
STEP = 256 * 1024  # bytes that are unpacked at once, at most


def inflated(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a gzip (or zlib) stream that comes in `parts`, in pieces of at most STEP.

    The caller counts and stops. Raises EOFError where the stream ends too early, zlib.error where it is none.
    """
    unpacker = zlib.decompressobj(wbits=47)  # 47: gzip or zlib, as the head says
    begun = False
    for part in parts:
        begun = begun or bool(part)
        waiting = part
        while waiting and not unpacker.eof:
            yield unpacker.decompress(waiting, STEP)
            waiting = unpacker.unconsumed_tail
    if begun and not unpacker.eof:
        raise EOFError


def gunzip(data: bytes, most: int) -> bytes:
    """`data` unpacked. Raises TooLarge past `most` bytes, EOFError or zlib.error where it is damaged."""
    whole = bytearray()
    for part in inflated((data,)):
        whole += part
        if len(whole) > most:
            raise TooLarge(f"The packed file unpacks to more than {most // 1024 // 1024} MB: split it into several.")
    return bytes(whole)
