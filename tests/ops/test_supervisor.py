"""The supervisor's children: restarted when they die, stopped together, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.children import LONGEST_BACKOFF, Child, backoff, stop
from ops.demo import content

SLEEP = ("-c", "import time; time.sleep(60)")
DEAF = (
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)

PARENT = """
import sys, time
from pathlib import Path
from ops.children import Child
child = Child("sleeper", ("-c", "import time; time.sleep(60)"), Path(sys.argv[1]))
child.start()
print(child.process.pid, flush=True)
time.sleep(60)
"""


def until(happens: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happens():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_dead_child_is_started_again_after_a_wait(tmp_path: Path) -> None:
    child = Child("short", ("-c", "raise SystemExit(3)"), tmp_path / "log")
    child.start()
    codes: list[int] = []

    def died_twice() -> bool:
        if (code := child.watch()) is not None:
            codes.append(code)
        return len(codes) == 2

    began = time.monotonic()
    assert until(died_twice)
    assert codes == [3, 3]
    assert time.monotonic() - began >= backoff(1)


def test_the_wait_grows_to_a_limit() -> None:
    waits = [backoff(n) for n in range(1, 10)]
    assert waits[:3] == [0.5, 1.0, 2.0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_BACKOFF


def test_all_are_stopped_also_one_that_does_not_listen(tmp_path: Path) -> None:
    children = [Child("good", SLEEP, tmp_path / "good"), Child("deaf", DEAF, tmp_path / "deaf")]
    for child in children:
        child.start()
    assert until(lambda: "deaf" in (tmp_path / "deaf").read_text())
    began = time.monotonic()
    stop(children, 0.5)
    assert time.monotonic() - began < 5
    assert [child.process.returncode for child in children if child.process] == [-signal.SIGTERM, -signal.SIGKILL]


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own Python
        [sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
        assert until(lambda: not alive(pid))


def test_the_customers_are_those_of_the_orders() -> None:
    people = content.customers()
    assert len(people) == 6
    assert all(one.email == one.email.lower() and one.orders for one in people)


def test_a_page_is_shown_for_public_documents_only() -> None:
    pages = content.pages()
    assert "/returns/" in pages
    assert "/staff/goodwill/" not in pages
    assert all(file.is_file() for file, _ in pages.values())


@pytest.mark.parametrize("suffix", [".md", ".txt"])
def test_a_text_is_shown_without_running_what_it_contains(tmp_path: Path, suffix: str) -> None:
    from ops.demo.app import show

    file = tmp_path / f"a{suffix}"
    file.write_text("Hello <script>alert(1)</script>")
    page = bytes(show(file, "<b>").body).decode()
    assert "<script>" not in page
    assert "<title>&lt;b&gt;" in page
