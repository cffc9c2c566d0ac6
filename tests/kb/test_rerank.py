"""Candidates in order: by how the question's words stand in them, or by a model behind a /rerank API."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx2
import pytest

from core.settings import Settings
from kb.errors import RerankerUnavailable
from kb.search.candidate import Candidate
from kb.search.lexical import TermStats
from kb.search.query import read_query
from kb.search.rerank import coverage, neighbours, pairs_of, rerank, weigh
from kb.search.reranker import HostedReranker, connect

STATS = TermStats(100, {"ship": 50, "norway": 3, "cost": 20, "return": 10, "form": 10, "ruckgab": 4, "return form": 0})


def candidate(number: int, text: str, *, fused: float = 0.5, title: str = "", language: str = "") -> Candidate:
    return Candidate(number, f"d{number}", title, "", "", "file", text, None, None, fused, 1.0, 0.5, language=language)


def order(question: str, *candidates: Candidate, keep: int = 8) -> list[int]:
    return [one.chunk_id for one, _ in rerank(list(candidates), read_query(question), STATS, keep)]


def test_words_in_the_questions_order_count() -> None:
    near = candidate(2, "Fill in the return form.")
    far = candidate(1, "Form of the poles. Nobody has seen it. Many happy things to return.")
    assert order("where is the return form", far, near) == [2, 1]


def test_headings_count() -> None:
    assert order("shipping to Norway", candidate(1, "It costs 14."), candidate(2, "It costs 9.", title="Norway")) == [
        2,
        1,
    ]


def test_the_fused_score_counts_most_and_scores_are_shares() -> None:
    best, worse = candidate(1, "Nothing.", fused=1.0), candidate(2, "the return form", fused=0.2, title="Return form")
    ranked = rerank([best, worse], read_query("return form"), STATS, 8)
    assert [one.chunk_id for one, _ in ranked] == [1, 2]
    assert all(0 <= score <= 1 for _, score in ranked)


def test_no_more_are_kept_than_asked_for() -> None:
    assert order("shipping", *(candidate(n, f"ship {n}", fused=n / 10) for n in range(6)), keep=3).__len__() == 3


def test_a_text_is_read_in_its_own_language() -> None:
    german = candidate(1, "Rückgaben sind umsonst.", language="de")
    weights = weigh(read_query("Rückgabe", ["de", "en"]), STATS, "de")
    assert coverage(weights, ["ruckgab"]) == 1.0
    assert order("Rückgabe", german) == [1]


def test_a_guess_that_nobody_has_weighs_nothing() -> None:
    assert set(weigh(read_query("return form"), STATS)) == {"return", "form"}


def test_neighbours_may_have_one_term_between_them() -> None:
    weights = {"a": 1.0, "b": 2.0, "c": 2.0}
    pairs = pairs_of("abc", weights)
    assert neighbours(pairs, ["a", "x", "b", "c"], weights) == 1.0
    assert neighbours(pairs, ["a", "x", "y", "b", "c"], weights) == pytest.approx(2 / 3)
    assert neighbours(pairs, ["c", "b", "a"], weights) == 0.0
    assert neighbours(pairs_of("a", weights), ["a"], weights) == 0.0


class Server(BaseHTTPRequestHandler):
    """A /rerank server; a text is worth as much as it is long. What is asked of it is kept."""

    asked: ClassVar[list[dict[str, Any]]] = []
    says: ClassVar[str] = "good"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({**body, "key": self.headers.get("Authorization", "")})
        texts = body.get("documents") or body["texts"]
        key = "relevance_score" if "documents" in body else "score"
        rows = [{"index": at, key: min(1.0, len(text) / 100)} for at, text in enumerate(texts)][::-1]
        answer: Any = {"results": rows} if "documents" in body else rows
        if self.says == "slow":
            time.sleep(0.6)
        wrong: dict[str, bytes] = {
            "garbage": b"<html>",
            "few": json.dumps({"results": rows[1:]}).encode(),
            "nan": json.dumps({"results": [{**row, key: float("nan")} for row in rows]}).encode(),
            "null": b"null",
            "logits": json.dumps(
                {"results": [{"index": row["index"], key: row[key] * 20 - 5} for row in rows]}
            ).encode(),
        }
        said = wrong.get(self.says, json.dumps(answer).encode())
        self.send_response(503 if self.says == "down" else 200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a re-ranking server of this test's own."""
    Server.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/rerank"
    server.shutdown()
    server.server_close()
    thread.join()
    Server.says = "good"


def hosted(url: str, model: str = "m", seconds: float = 20.0) -> HostedReranker:
    given = {"reranker_url": url, "reranker_model": model, "reranker_api_key": "k", "reranker_seconds": seconds}
    return connect(Settings(profile="test", **given))  # type: ignore[arg-type]


PAIR = (candidate(1, "short", fused=0.9), candidate(2, "a much longer text than that", fused=0.1))


@pytest.mark.parametrize(("model", "field"), [("m", "documents"), ("", "texts")])
def test_a_hosted_model_puts_them_in_order(url: str, model: str, field: str) -> None:
    ranked = rerank(list(PAIR), read_query("which"), STATS, 8, hosted(url, model))
    assert [one.chunk_id for one, _ in ranked] == [2, 1]
    asked = Server.asked[0]
    assert (len(asked[field]), asked["query"], asked["key"]) == (2, "which", "Bearer k")


@pytest.mark.parametrize("says", ["down", "slow", "garbage", "few", "nan", "null"])
def test_a_model_that_is_away_leaves_our_own_order_and_is_left_alone_for_a_while(url: str, says: str) -> None:
    Server.says = says
    reranker = hosted(url, seconds=0.2 if says == "slow" else 20.0)
    for _ in range(3):
        assert [one.chunk_id for one, _ in rerank(list(PAIR), read_query("which"), STATS, 8, reranker)] == [1, 2]
    assert len(Server.asked) <= 1, "a server that failed is not asked again at once"


def test_an_address_where_nobody_listens_is_away() -> None:
    reranker = HostedReranker(httpx2.Client(timeout=0.3), "http://127.0.0.1:9/rerank")
    with pytest.raises(RerankerUnavailable):
        reranker.scores("which", ["a"])


def test_bare_logits_become_shares(url: str) -> None:
    Server.says = "logits"
    low, high = hosted(url).scores("which", ["", "x" * 100])
    assert 0 < low < 0.1
    assert 0.9 < high < 1
