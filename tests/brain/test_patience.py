"""Patience over real sockets: each limit ends a call by itself, and a connection is used again."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest

from brain.client import BrainTimeout, BrainUnavailable
from brain.openai_chat import OpenAIChat
from core.settings import Settings
from tests.brain.asks import ask, unheard
from tests.brain.hosted import OPENAI, chunk

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
ROLE = OPENAI.stream(chunk(role="assistant", content=""))
LATE = 3.5  # machines are busy; what is waited for without a limit takes 4 s and more
WORD = OPENAI.stream(chunk(content="Word "))
Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[tuple[str, list[int]]]:
    """A server that reads a request's head, and then does what `serve` does; its address, and its connections."""
    connections: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connections.append(1)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    while read_request(connection):
                        serve(connection)
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1", connections
        listening.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bool:
    held = b""
    while b"\r\n\r\n" not in held:
        if not (got := connection.recv(65_536)):
            return False
        held += got
    head, body = held.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return True


def drip(connection: socket.socket, pieces: Iterator[bytes] | list[bytes], pause_s: float) -> None:
    for piece in pieces:
        connection.sendall(piece)
        time.sleep(pause_s)


def chunked(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


def never(connection: socket.socket) -> None:
    time.sleep(5)


def silent_after_a_word(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n" + ROLE + WORD)
    time.sleep(5)


CASES: dict[str, tuple[Serve, dict[str, float], str]] = {
    "nothing at all": (never, {"model_first_token_seconds": 0.3}, "begin"),
    "a head that drips": (
        lambda connection: drip(connection, [b"H", b"T", *[b"T"] * 40], 0.1),
        {"model_first_token_seconds": 0.3},
        "begin",
    ),
    "keep-alives instead of words": (
        lambda connection: drip(connection, [HEAD + b"\r\n" + ROLE, *[b": ping\n\n"] * 40], 0.1),
        {"model_first_token_seconds": 0.3},
        "begin",
    ),
    "silence after a word": (silent_after_a_word, {"model_silence_seconds": 0.3}, "silent"),
    "keep-alives after a word": (
        lambda connection: drip(connection, [HEAD + b"\r\n" + WORD, *[b": ping\n\n"] * 40], 0.1),
        {"model_silence_seconds": 0.3},
        "silent",
    ),
    "half a line, byte by byte": (
        lambda connection: drip(connection, [HEAD + b"\r\n" + WORD, *[b"d"] * 40], 0.1),
        {"model_silence_seconds": 0.3},
        "silent",
    ),
    "words without end": (
        lambda connection: drip(connection, [HEAD + b"\r\n", *[WORD] * 40], 0.1),
        {"model_seconds": 0.5},
        "in time",
    ),
    "an error page without end": (
        lambda connection: drip(connection, [b"HTTP/1.1 500 No\r\n\r\n", *[b"no "] * 40], 0.1),
        {"model_seconds": 0.5},
        "in time",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_limit_ends_a_call_by_itself(case: str) -> None:
    serve, limits, words = CASES[case]
    with serving(serve) as (url, _):
        brain = OpenAIChat(Settings(openai_base_url=url, **limits), "m")  # type: ignore[arg-type]
        begun = time.monotonic()
        with pytest.raises(BrainTimeout, match=words) as caught:
            brain.think(ask("tea?"), unheard)
        assert time.monotonic() - begun < LATE
        assert caught.value.usage is not None


def test_an_error_page_of_a_gigabyte_is_not_read() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 404 No\r\n\r\n")
        for block in repeat(b"x" * 65_536, 16_000):
            connection.sendall(block)

    with serving(flood) as (url, _):
        begun = time.monotonic()
        with pytest.raises(BrainUnavailable):
            OpenAIChat(Settings(openai_base_url=url), "m").think(ask("tea?"), unheard)
        assert time.monotonic() - begun < 2


def test_calls_share_a_connection_and_start_no_thread() -> None:
    whole = (
        HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunked(OPENAI.stream(*OPENAI.whole, OPENAI.end)) + b"0\r\n\r\n"
    )
    with serving(lambda connection: connection.sendall(whole)) as (url, connections):
        brain = OpenAIChat(Settings(openai_base_url=url), "m")
        brain.think(ask("tea?"), unheard)
        threads: set[int] = set()
        for _ in range(5):
            brain.think(ask("tea?"), lambda _: threads.add(threading.active_count()))
        assert len(connections) <= 2, "six calls; on a busy machine one stream may end too late to go on with"
        assert len(threads) == 1


def test_an_end_that_does_not_come_costs_the_connection_and_not_the_answer() -> None:
    def hanging(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\n" + OPENAI.stream(*OPENAI.whole, OPENAI.end))
        time.sleep(5)

    with serving(hanging) as (url, _):
        begun = time.monotonic()
        assert OpenAIChat(Settings(openai_base_url=url), "m").think(ask("tea?"), unheard).text
        assert time.monotonic() - begun < LATE
