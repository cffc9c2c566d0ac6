"""A document that breaks, overruns or takes over its parser costs itself alone; the parser can do nothing but read."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import pytest

from core.settings import get_settings
from kb import errors, parsing
from kb.loaders import Block, Loaded, load
from kb.parsing import ask, load_apart
from kb.parsing.frames import NotOurFormat, as_loaded, as_message, packed, unpacked
from kb.parsing.parser import Parser, ParserDied, ParserSlow
from tests.kb import pdf_samples, samples

MEMORY = 256
LOAD = {"do": "load", "name": "a.pdf", "content_type": ""}


@pytest.fixture(autouse=True)
def _no_parser_stays() -> Iterator[None]:
    yield
    parsing.close()


def texts(data: bytes, *, memory_mb: int = MEMORY, seconds: float = 30.0) -> list[str]:
    answer, _ = ask(LOAD, data, memory_mb=memory_mb, seconds=seconds)
    return [block.text for block in as_loaded(answer["loaded"]).blocks]


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("data", "name"),
    [(samples.pdf(), "a.pdf"), (samples.docx(), "a.docx"), (samples.HTML, "a.html"), (samples.MARKDOWN, "a.md")],
)
def test_what_is_read_apart_is_what_is_read_here(data: bytes, name: str) -> None:
    assert load_apart(data, name) == load(data, name)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", errors.FileEmpty),
        (samples.encrypted_pdf(), errors.PdfEncrypted),
        (samples.picture_pdf(), errors.PdfWithoutText),
        (samples.pdf()[:900], errors.PdfBroken),
    ],
)
def test_reasons_come_through_with_their_words(data: bytes, error: type[errors.DocumentUnreadable]) -> None:
    with pytest.raises(error) as here:
        load(data, "a.pdf")
    with pytest.raises(error) as apart:
        load_apart(data, "a.pdf")
    assert apart.value.detail == here.value.detail


def test_one_child_reads_many_documents_and_is_replaced_in_time() -> None:
    texts(samples.pdf())
    first = parsing._idle[0]
    texts(samples.pdf())
    assert parsing._idle == [first]
    first.documents = parsing.MOST_DOCUMENTS
    texts(samples.pdf())
    assert first not in parsing._idle
    assert not first.alive


def test_a_bomb_is_too_large_and_the_next_document_is_read() -> None:
    with pytest.raises(errors.ParserTooLarge, match="HANDRAIL_PARSE_MEMORY_MB"):
        texts(pdf_samples.bomb())
    assert texts(pdf_samples.pdf_of(pdf_samples.HELLO)) == ["Gas canisters never come back."]


def test_what_takes_too_long_is_ended_and_the_next_document_is_read() -> None:
    started = time.monotonic()
    with pytest.raises(errors.ParserTooSlow, match="HANDRAIL_PARSE_SECONDS"):
        texts(pdf_samples.slow(), memory_mb=1024, seconds=0.2)
    assert time.monotonic() - started < 15
    assert texts(pdf_samples.pdf_of(pdf_samples.HELLO), memory_mb=1024) == ["Gas canisters never come back."]


def _kill_when_busy(parser: Parser, with_signal: signal.Signals) -> threading.Thread:
    def kill() -> None:
        time.sleep(0.4)
        os.kill(parser.process.pid, with_signal)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.parametrize("with_signal", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_in_the_middle_is_told_from_want_of_memory(with_signal: signal.Signals) -> None:
    parser = Parser(1024)
    killer = _kill_when_busy(parser, with_signal)
    with pytest.raises(ParserDied) as died:
        parser.ask(LOAD, pdf_samples.slow(), 60.0)
    killer.join()
    assert (died.value.code, died.value.hungry) == (-with_signal, False)
    assert not parser.alive


def test_a_child_that_stops_answering_is_ended_by_the_clock() -> None:
    parser = Parser(MEMORY)
    os.kill(parser.process.pid, signal.SIGSTOP)
    with pytest.raises(ParserSlow):
        parser.ask(LOAD, samples.pdf(), 0.1)
    assert not parser.alive


def test_a_parser_that_somebody_killed_is_replaced_without_a_word() -> None:
    texts(samples.pdf())
    os.kill(parsing._idle[0].process.pid, signal.SIGKILL)
    assert "maintenance in the field." in " ".join(texts(samples.pdf()))


@pytest.mark.parametrize("name", ["crash.pdf", "garbage.pdf"])
def test_a_document_that_breaks_every_parser_is_to_blame(name: str) -> None:
    """The first may have been ended from outside; the second tells."""
    started: list[Parser] = []

    def start(memory_mb: int) -> Parser:
        started.append(Parser(memory_mb, "tests.kb.lying_parser"))
        return started[-1]

    with pytest.raises(errors.ParserCrashed, match="save it again"):
        ask({**LOAD, "name": name}, samples.pdf(), memory_mb=MEMORY, seconds=5.0, start=start)
    assert len(started) == (2 if name == "crash.pdf" else 1)
    assert not any(parser.alive for parser in started)
    assert texts(pdf_samples.pdf_of(pdf_samples.HELLO)) == ["Gas canisters never come back."]


def test_a_child_that_does_not_start_is_not_the_documents_fault() -> None:
    with pytest.raises(errors.ParserUnavailable, match="no_such_module"):
        Parser(MEMORY, "tests.kb.no_such_module")


@pytest.mark.parametrize(
    "field",
    [
        {"kind": ["script"]},
        {"text": [7]},
        {"level": [-1]},
        {"level": [True]},
        {"page": ["1"]},
        {"page": [0]},
        {"text": ["a", "b"]},
        {"text": "abc"},
        {"more": ["x"]},
    ],
)
def test_every_field_of_an_answer_is_looked_at(field: dict[str, list[object]]) -> None:
    message = as_message(Loaded("Title", (Block("heading", "Title", 1, 1),)))
    assert as_loaded(unpacked(packed(message)[16:])).title == "Title"
    message["blocks"] |= field
    with pytest.raises(NotOurFormat):
        as_loaded(message)


def test_half_a_surrogate_pair_does_not_stop_an_answer() -> None:
    message = as_message(Loaded("", (Block("paragraph", "a\ud800b"),)))
    assert as_loaded(unpacked(packed(message)[16:])).blocks[0].text == "a?b"


def test_a_sealed_process_reaches_nothing(tmp_path: Path) -> None:
    """On Linux by the kernel: from C as from Python. The audit hook elsewhere can't be tested here."""
    (tmp_path / "kept").write_text("somebody's", encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-m", "tests.kb.sealed_probe", str(tmp_path)], capture_output=True, check=True, text=True
    )
    happened = json.loads(done.stdout)
    keeper = happened.pop("keeper")
    assert keeper in {"seccomp and landlock", "seccomp"}
    assert happened.pop("more memory") == "MemoryError"
    if keeper == "seccomp":
        del happened["the parent's environment"], happened["somebody's file"]
    assert set(happened.values()) == {"PermissionError"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]


def test_a_parser_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET_KEY", "do-not-tell")
    parser = Parser(MEMORY)
    environment = Path(f"/proc/{parser.process.pid}/environ").read_bytes()
    parser.close()
    assert b"PYTHONPATH" in environment
    assert b"do-not-tell" not in environment
    assert b"HANDRAIL" not in environment


@pytest.mark.parametrize("busy", [False, True])
def test_a_parser_dies_with_its_parent_at_once(*, busy: bool) -> None:
    told = f"""
import threading, time
from kb.parsing.parser import Parser
from tests.kb import pdf_samples
parser = Parser(1024)
if {busy}:
    question = ({LOAD!r}, pdf_samples.slow(), 60.0)
    threading.Thread(target=parser.ask, args=question, daemon=True).start()
    time.sleep(0.5)
print(parser.process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", told], stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)


def test_threads_have_a_parser_each() -> None:
    read: list[list[str]] = []
    threads = [threading.Thread(target=lambda: read.append(texts(samples.pdf()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 4
    assert len({tuple(one) for one in read}) == 1


def _in_worker(answers: "SimpleQueue[tuple[list[str], int]]") -> None:
    answers.put((texts(samples.pdf()), len(parsing._idle)))
    parsing.close()


def test_a_forked_daemonic_worker_has_parsers_of_its_own() -> None:
    """As Celery's prefork pool makes them."""
    here = texts(samples.pdf())
    context = multiprocessing.get_context("fork")
    answers: SimpleQueue[tuple[list[str], int]] = context.SimpleQueue()
    worker = context.Process(target=_in_worker, args=(answers,), daemon=True)
    worker.start()
    there, idle = answers.get()
    worker.join()
    assert there == here
    assert idle == 1
    assert parsing._idle[0].alive
    assert texts(samples.pdf()) == here


def test_the_settings_are_the_limits() -> None:
    load_apart(samples.pdf(), "a.pdf")
    assert parsing._idle[0].memory_mb == get_settings().parse_memory_mb
