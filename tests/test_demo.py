"""`handrail demo` as a newcomer meets it: one command, a page, a real browser, and nothing left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from ops.bench.processes import free_port
from ops.supervisor import SHORTEST_LIFE
from tests.browser import chromium  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("demo")]
OURS = ("HANDRAIL_", "DATABASE_URL", "REDIS_URL")


def environment(**ours: str) -> dict[str, str]:
    """What a newcomer's shell has, and `ours`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"HANDRAIL_TURN_SECONDS": "30"} | ours  # a busy machine answers late, and must not give up


@dataclass
class Demo:
    """A running `handrail demo`."""

    process: "subprocess.Popen[str]"
    home: Path
    url: str
    since: float  # when it said that it is ready, by the monotonic clock

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        self.process.communicate(timeout=15)
        return self.process.returncode

    def family(self) -> list[int]:
        """The processes that know this home, by their environment or their command line."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.home).encode() in text and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        return found


def start(home: Path) -> Demo:
    """Start the demo in `home` and wait until it says that it is ready."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "demo"],
        env=environment(HANDRAIL_HOME=str(home), HANDRAIL_PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    ready = f"Handrail is ready: http://127.0.0.1:{port}/"
    for line in process.stdout:
        if line.strip() == ready:
            return Demo(process, home, f"http://127.0.0.1:{port}", time.monotonic())
    pytest.fail(f"the demo ended with code {process.wait()}")


def gone(demo: Demo, seconds: float = 15) -> bool:
    """True once nothing of the demo runs any more."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not demo.family():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for this module; at its end a SIGTERM must leave nothing."""
    running = start(tmp_path_factory.mktemp("demo") / "home")
    yield running
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 0
    assert gone(running)


@pytest.fixture
def page(demo: Demo, chromium: Browser) -> Iterator[Page]:
    """The shop's page with the chat open; an error in its console fails the test."""
    with chromium.new_context() as context:
        opened = context.new_page()
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.goto(demo.url)
        opened.get_by_role("button", name=re.compile("chat|help|ask", re.IGNORECASE)).first.click()
        yield opened
        assert errors == []


def ask(page: Page, words: str) -> None:
    """Write and send."""
    page.get_by_role("textbox").fill(words)
    page.get_by_role("textbox").press("Enter")


def test_a_question_gets_a_cited_answer_whose_source_opens(demo: Demo, page: Page) -> None:
    ask(page, "How much does delivery to Norway cost?")
    log = page.get_by_role("log")
    expect(log.locator(".agent")).to_contain_text("£14.95", timeout=60_000)
    link = log.locator("a.source").first.get_attribute("href")
    assert link is not None
    opened = httpx2.get(demo.url + link.split("#")[0] if link.startswith("/") else link)
    assert opened.status_code == 200
    assert "Norway" in opened.text


def test_the_conversation_survives_a_reload(page: Page) -> None:
    ask(page, "How long do I have to return something?")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1, timeout=60_000)
    page.reload()
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1, timeout=60_000)


def test_a_person_can_be_called_without_a_question(demo: Demo, page: Page) -> None:
    page.get_by_role("button", name="Talk to a person").first.click()
    expect(page.get_by_role("log")).to_contain_text("asked a person", timeout=60_000)
    listed = handrail(demo, "desk")
    assert re.search(r"waiting", listed)


def test_the_command_line_works_beside_it(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "lighthouse.md").write_text("# Lighthouse tours\n\nA tour of the lighthouse costs £7.40 a person.\n")
    handrail(demo, "index", str(tmp_path), "--site", "demo")
    answer = handrail(demo, "ask", "--site", "demo", "--json", "What does a tour of the lighthouse cost?")
    assert "£7.40" in answer
    assert '"outcome": "answered"' in answer
    assert "go as they went" in handrail(demo, "replay", "--all")


def handrail(demo: Demo, *arguments: str) -> str:
    """What the command prints; it must succeed."""
    result = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "ops.cli", *arguments],
        env=environment(HANDRAIL_HOME=str(demo.home)),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    running = start(tmp_path / "home")
    assert len(running.family()) >= 6
    running.process.kill()
    running.wait()
    assert gone(running), running.family()


def test_a_database_that_is_killed_is_started_again_with_all_that_needs_it(demo: Demo) -> None:
    time.sleep(max(demo.since + SHORTEST_LIFE - time.monotonic(), 0))
    [postmaster] = [pid for pid in demo.family() if is_postmaster(pid)]
    os.kill(postmaster, signal.SIGKILL)
    assert demo.process.stdout is not None
    assert any(line.startswith("Handrail is ready") for line in demo.process.stdout)
    assert '"outcome": "answered"' in handrail(demo, "ask", "--site", "demo", "--json", "How much to Norway?")


def is_postmaster(pid: int) -> bool:
    """True for PostgreSQL's first process; its children have titles instead of arguments."""
    return b"postgres\0-D\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
