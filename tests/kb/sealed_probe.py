"""Run in a process of its own: seals itself as a parser does, tries what is banned, and prints what happened."""

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from kb.parsing.bans import seal
from kb.parsing.limits import take_limits


def main() -> None:
    """One line of JSON: what keeps the ban, and for each attempt "done" or the error's name."""
    scratch = Path(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    take_limits(512)
    keeper = seal(readable=())

    def raw(name: str, *arguments: object) -> None:
        if getattr(libc, name)(*arguments) == -1:
            raise OSError(ctypes.get_errno(), name)

    attempts: dict[str, Callable[[], object]] = {
        "socket": lambda: socket.socket().close(),
        "unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "socket from C": lambda: raw("socket", 2, 1, 0),
        "program": lambda: subprocess.run(["/bin/true"], check=True),
        "program from C": lambda: raw("execv", b"/bin/true", None),
        "fork": os.fork,
        "signal to the parent": lambda: os.kill(os.getppid(), 0),
        "writing a file": lambda: (scratch / "made").write_text("x"),
        "removing a file": (scratch / "kept").unlink,
        "the parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "somebody's file": (scratch / "kept").read_text,
        "more memory": lambda: bytearray(700_000_000),
    }
    happened = {"keeper": keeper}
    for name, attempt in attempts.items():
        try:
            attempt()
            happened[name] = "done"
        except (OSError, MemoryError) as error:
            happened[name] = type(error).__name__
    print(json.dumps(happened))


if __name__ == "__main__":
    main()
