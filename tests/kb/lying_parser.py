"""Children that were taken over: they greet like a parser of ours, and then answer with nonsense, or die."""

import os
import resource
import signal
import sys

from kb.parsing.frames import HEADER, packed


def main() -> None:
    """Greet, wait for a question, and do what the name of the document says."""
    sys.stdout.buffer.write(
        packed({"bans": "none", "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
    )
    sys.stdout.buffer.flush()
    said, _ = HEADER.unpack(os.read(0, HEADER.size))
    if b"crash" in os.read(0, said):
        signal.raise_signal(signal.SIGSEGV)
    sys.stdout.buffer.write(HEADER.pack(9, 0) + b"\x80\x04garbage")
    sys.stdout.buffer.flush()
    os.read(0, 1 << 20)


if __name__ == "__main__":
    main()
