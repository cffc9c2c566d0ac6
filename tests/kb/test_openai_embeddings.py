"""The embeddings of a server, at the wire: what it can take, what it answers, and what an operator is told."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import numpy as np
import openai
import pytest

from kb.embeddings.openai_embeddings import (
    LONGEST_PAUSE,
    MOST_TEXTS,
    MOST_TOKENS,
    PAUSES,
    REST,
    OpenAIEmbedder,
    batches,
)
from kb.errors import EmbedderRefused, EmbedderUnavailable, TextRefused

Answer = Callable[[list[str]], httpx2.Response]


class Server:
    """An OpenAI-compatible server that answers as it is told, in turn, and then well; it notes what it was sent."""

    def __init__(self, *answers: httpx2.Response | Answer, patient: bool = True, dimensions: int = 2) -> None:
        self.asked: list[list[str]] = []
        self.slept: list[float] = []
        self.now = 0.0
        self.answers, self.dimensions = list(answers), dimensions
        client = httpx2.Client(transport=httpx2.MockTransport(self._reply))
        sdk = openai.OpenAI(api_key="k", base_url="http://model.test/v1", http_client=client, max_retries=0)
        self.embedder = OpenAIEmbedder(sdk, "m", patient=patient, sleep=self.slept.append, clock=lambda: self.now)

    def _reply(self, request: httpx2.Request) -> httpx2.Response:
        texts = json.loads(request.content)["input"]
        self.asked.append(texts)
        answer = self.answers.pop(0) if self.answers else self.well
        return answer(texts) if callable(answer) else answer

    def well(self, texts: list[str]) -> httpx2.Response:
        rows = [[float(len(text))] * self.dimensions for text in texts]
        return httpx2.Response(200, json=body(rows))


def body(rows: list[list[float]]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
    return {"object": "list", "model": "m", "data": data[::-1], "usage": {"prompt_tokens": 1, "total_tokens": 1}}


def status(code: int, message: str = "no", **headers: str) -> httpx2.Response:
    return httpx2.Response(code, json={"error": {"message": message}}, headers=headers)


def test_batches_are_bounded_by_texts_and_by_tokens() -> None:
    assert [len(one) for one in batches(["a"] * (MOST_TEXTS + 1))] == [MOST_TEXTS, 1]
    long = "word " * (MOST_TOKENS // 2)
    assert [len(one) for one in batches(["a", long, long, "b"])] == [2, 2]
    assert list(batches([])) == []


def test_what_is_asked_in_batches_comes_back_in_order() -> None:
    server = Server()
    made = server.embedder.embed(["ab"] * 200 + [""])
    assert [len(one) for one in server.asked] == [MOST_TEXTS, 200 - MOST_TEXTS]
    assert np.allclose(np.linalg.norm(made[:200], axis=1), 1)
    assert not made[200].any(), "an empty text is never sent: servers refuse it"


def test_empty_texts_alone_have_as_many_dimensions_as_others() -> None:
    server = Server(dimensions=3)
    assert server.embedder.embed(["", "\n"]).shape == (2, 3)
    assert server.embedder.embed([]).shape == (0, 3)
    assert server.asked == [["dimensions"]]


@pytest.mark.parametrize(
    ("code", "said"),
    [(401, "OPENAI_API_KEY"), (403, "OPENAI_API_KEY"), (404, "HANDRAIL_EMBEDDING_MODEL")],
)
def test_what_a_setting_must_mend_says_which_and_is_not_tried_again(code: int, said: str) -> None:
    server = Server(status(code))
    with pytest.raises(EmbedderRefused, match=said):
        server.embedder.embed(["a"])
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_what_passes_is_tried_again(code: int) -> None:
    server = Server(status(code), status(code))
    assert server.embedder.embed(["a"]).shape == (1, 2)
    assert server.slept == list(PAUSES)


def test_the_servers_own_pause_counts_up_to_a_point() -> None:
    server = Server(status(429, **{"retry-after": "7"}))
    server.embedder.embed(["a"])
    assert server.slept == [7.0]
    longer = Server(status(429, **{"retry-after": str(LONGEST_PAUSE * 10)}))
    with pytest.raises(EmbedderUnavailable) as caught:
        longer.embedder.embed(["a"])
    assert caught.value.retry_after_s == LONGEST_PAUSE * 10
    assert longer.slept == []


def test_a_text_that_is_refused_is_found_among_the_others() -> None:
    server = Server()

    def choosy(texts: list[str]) -> httpx2.Response:
        server.answers.append(choosy)
        return status(400, "maximum context length is 8192 tokens") if "bad" in texts else server.well(texts)

    server.answers.append(choosy)
    with pytest.raises(TextRefused, match="maximum context length") as caught:
        server.embedder.embed(["a", "b", "c", "bad", "d"])
    assert caught.value.text == "bad"


@pytest.mark.parametrize(
    "answer",
    [
        body([[1.0, 2.0], [1.0, 2.0]]),
        body([]),
        body([[]]),
        {"object": "list", "model": "m", "data": None},
        {"error": "what"},
    ],
    ids=["too many", "none", "empty", "null", "no answer"],
)
def test_answers_that_are_none_are_not_taken(answer: dict[str, Any]) -> None:
    server = Server(*[httpx2.Response(200, json=answer)] * 3)
    with pytest.raises(EmbedderUnavailable):
        server.embedder.embed(["a"])


def test_vectors_that_change_their_length_are_refused() -> None:
    server = Server()
    server.embedder.embed(["a"])
    server.dimensions = 5
    with pytest.raises(EmbedderRefused, match="kb reembed"):
        server.embedder.embed(["a"])


def test_a_question_is_tried_once_and_the_next_ones_do_without_for_a_moment() -> None:
    server = Server(status(503), patient=False)
    for _ in range(3):
        with pytest.raises(EmbedderUnavailable):
            server.embedder.embed(["a"])
    assert (len(server.asked), server.slept) == (1, [])
    server.now = REST
    assert server.embedder.embed(["a"]).shape == (1, 2)


def test_a_question_waits_a_second_and_a_half_at_most() -> None:
    import socket

    from core.settings import Settings
    from kb.embeddings.openai_embeddings import connect

    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections and never answers
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        settings = Settings(profile="test", openai_base_url=url, embed_query_seconds=0.3)
        begun = time.monotonic()
        with pytest.raises(EmbedderUnavailable):
            connect(settings, "m", patient=False).embed(["a"])
        assert time.monotonic() - begun < 3
    assert Settings(profile="test").embed_query_seconds == 1.5
