"""Which files a parser may read: the code it runs, and nothing that is anybody's. By Landlock, where the kernel has it.

Landlock (`man 7 landlock`) also keeps a process from looking into others, such as at its parent's environment.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

import kb

CREATE, ADD, RESTRICT = 444, 445, 446  # the system calls; the same numbers on every architecture
RULE_BENEATH = 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
WRITING = sum(1 << bit for bit in range(15) if bit not in {0, 2, 3})  # what the first three versions know; not execute
REFER_SINCE, TRUNCATE_SINCE = 2, 3  # versions that brought the last two of those bits


def only_read(places: Iterable[str]) -> bool:
    """From now on only what lies beneath `places` may be opened, to be read. False where the kernel can't keep that."""
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
        return False
    libc = ctypes.CDLL(None)
    version = libc.syscall(CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    known = (1 << (13 + (version >= REFER_SINCE) + (version >= TRUNCATE_SINCE))) - 1
    handled = struct.pack("=Q", (WRITING | READ_FILE | READ_FOLDER) & known)
    rules = libc.syscall(CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    try:
        for place in places:
            _allow(libc, rules, place)
        return bool(libc.syscall(RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, place: str) -> None:
    try:
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # an entry of the path that is not there
        return
    try:
        allowed = READ_FILE | (READ_FOLDER if Path(place).is_dir() else 0)
        rule = struct.pack("=Qi", allowed, descriptor)
        libc.syscall(ADD, rules, RULE_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def code_places() -> list[str]:
    """Where Python and the packages lie, and what they load; of the project's own folder its packages alone.

    Beside those may lie the settings' `.env` and the home with everybody's documents.
    """
    ours = Path(kb.__file__).parent.parent
    paths = [entry for entry in sys.path if entry and (Path(entry) != ours or ours.name.endswith("-packages"))]
    packages = [str(ours / name) for name in ("kb", "core")]
    system = ["/usr/lib", "/lib", "/lib64", "/usr/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime"]
    return [*packages, *paths, sys.prefix, sys.base_prefix, *system, "/dev/null", "/dev/urandom"]
