"""Become another program, within limits, without network, and no longer than the parent lives.

`python -m kb.parsing.run MEMORY_MB SECONDS PARENT PROGRAM [ARGUMENT …]`.
"""

import ctypes
import os
import resource
import signal
import sys

from kb.parsing.bans import ban_network
from kb.parsing.limits import MEGABYTE

PR_SET_PDEATHSIG = 1
FILE_BYTES = 256 * MEGABYTE  # of its scratch files
NOT_RUN = 127  # as a shell has it


def main() -> None:
    """Take the limits, then exec."""
    memory_mb, seconds, parent, program = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:  # it ended in between
        sys.exit(1)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # at the first comes SIGXCPU, which tells why
    for kind, most in (
        (resource.RLIMIT_DATA, memory_mb * MEGABYTE),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    ban_network()
    try:
        os.execvp(program[0], program)  # noqa: S606 - the operator names it
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_RUN)


if __name__ == "__main__":
    main()
