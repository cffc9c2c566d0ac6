"""One parser process as its parent sees it: started afresh, asked with a deadline, and buried with what it died of."""

import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kb.errors import ParserUnavailable
from kb.parsing.frames import HEADER, Message, NotOurFormat, packed, unpacked
from kb.parsing.limits import MEGABYTE, give_seconds

START_SECONDS = 60.0
PATIENCE = 4.0  # times the CPU seconds, in wall time: a machine under load gives a process a part of them
PIPE_BYTES = 1024 * 1024
F_SETPIPE_SZ = 1031
CRASHES = (signal.SIGABRT, signal.SIGTRAP, signal.SIGILL)  # how a library ends itself that gets no memory


class ParserDied(Exception):
    """It ended in the middle of a document."""

    def __init__(self, code: int, *, hungry: bool) -> None:
        """`code` as subprocess has it; `hungry` where it probably died for want of memory."""
        super().__init__(f"the parser ended with {code}")
        self.code, self.hungry = code, hungry


class ParserSlow(Exception):
    """It used all of its time, and was ended."""


class Parser:
    """A running child. One thread at a time may ask it."""

    def __init__(self, memory_mb: int, module: str = "kb.parsing.child") -> None:
        """Start `module` in a fresh Python. Raises ParserUnavailable."""
        self.memory_mb, self.documents, self.bans, self._resident = memory_mb, 0, "", 0
        lifeline, self._lifeline = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own Python
                [sys.executable, "-s", "-P", "-B", "-m", module, str(memory_mb), str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(lifeline,),
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._lifeline)
            raise ParserUnavailable from error
        finally:
            os.close(lifeline)
        self._enlarge()
        self._greet()

    def _enlarge(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            try:
                fcntl.fcntl(pipe.fileno(), F_SETPIPE_SZ, PIPE_BYTES)
            except OSError:  # another kernel, or too many pipes of this user: it is slower then
                return

    def _greet(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        try:
            hello, _ = self._receive(time.monotonic() + START_SECONDS)
            self.bans, self._resident = str(hello["bans"]), int(hello["resident"])
        except (ParserDied, ParserSlow, NotOurFormat, KeyError) as error:
            said = stream.read().decode("utf-8", "replace").strip()
            stream.close()
            self.close()
            raise ParserUnavailable(f"The process that reads documents did not start: {said[-300:]}") from error
        stream.close()

    @property
    def alive(self) -> bool:
        """Whether it may be asked."""
        return self.process.poll() is None

    def ask(self, message: Message, data: bytes, seconds: float) -> tuple[Message, bytes]:
        """The answer. Raises ParserDied, ParserSlow, or NotOurFormat; after each of them it is gone."""
        deadline = time.monotonic() + seconds * PATIENCE
        self.documents += 1
        try:
            give_seconds(self.process.pid, seconds)
            self._send(packed(message), data, deadline)
            return self._receive(deadline)
        except OSError as error:  # it died before, or while it was being told
            raise self._died() from error
        except NotOurFormat:
            self.close()
            raise

    def close(self) -> None:
        """End it, if it still runs."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()

    def forget(self) -> None:
        """In a fork of the parent: let go of what belongs to the parent, without ending it."""
        self.process.returncode = 0
        self.close()

    def _send(self, head: bytes, data: bytes, deadline: float) -> None:
        assert self.process.stdin is not None
        target = self.process.stdin.fileno()
        said = HEADER.unpack_from(head)[0]
        for part in (HEADER.pack(said, len(data)) + head[HEADER.size :], data):
            view = memoryview(part)
            while view:
                self._wait(target, select.POLLOUT, deadline)
                view = view[os.write(target, view) :]

    def _receive(self, deadline: float) -> tuple[Message, bytes]:
        said, tail = HEADER.unpack(self._read(HEADER.size, deadline))
        if said + tail > self.memory_mb * MEGABYTE:
            raise NotOurFormat("longer than its memory")
        return unpacked(bytes(self._read(said, deadline))), bytes(self._read(tail, deadline))

    def _read(self, count: int, deadline: float) -> bytearray:
        assert self.process.stdout is not None
        source, data, at = self.process.stdout.fileno(), bytearray(count), 0
        view = memoryview(data)
        while at < count:
            self._wait(source, select.POLLIN, deadline)
            got = os.readv(source, [view[at:]])
            if not got:
                raise self._died()
            at += got
        return data

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            self.close()
            raise ParserSlow

    def _died(self) -> Exception:
        """What it died of; it is buried."""
        _, status, used = os.wait4(self.process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self.process.returncode = code
        self.close()
        if code == -signal.SIGXCPU:
            return ParserSlow()
        grown = used.ru_maxrss * 1024 - self._resident
        return ParserDied(code, hungry=-code in CRASHES or grown > self.memory_mb * MEGABYTE / 2)


def _environment() -> dict[str, str]:
    """No secret: what Python needs to find the code, and one thread for libraries that would start many."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(_code()), "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


def _code() -> Iterator[str]:
    return (str(Path(entry).resolve()) for entry in sys.path)
