"""The seam to a model that reads question and text together: any server with a /rerank API."""

import math
import os
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import httpx2

from core.log import get_logger
from core.settings import Settings, get_settings
from core.tracing import HOOKS
from kb.errors import RerankerUnavailable

log = get_logger(__name__)

LONGEST = 4_000  # characters of a text that are sent
REST_SECONDS = 30.0  # after a failure, so that a server that is down does not slow every search down


class Reranker(Protocol):
    """Says how well each text answers a question. Safe to share between threads."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score (0 to 1) per text. Raises RerankerUnavailable."""
        ...


def get_reranker() -> Reranker | None:
    """This process's re-ranking model; None where none is configured."""
    settings = get_settings()
    return _reranker(os.getpid(), settings) if settings.reranker_url else None


@lru_cache(maxsize=2)
def _reranker(pid: int, settings: Settings) -> Reranker:  # a forked child makes its own connections
    del pid
    return connect(settings)


def connect(settings: Settings) -> "HostedReranker":
    """The re-ranker at the configured server."""
    key = settings.reranker_api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    client = httpx2.Client(timeout=settings.reranker_seconds, headers=headers, event_hooks=HOOKS)
    return HostedReranker(client, settings.reranker_url, settings.reranker_model)


class HostedReranker:
    """Cohere, Jina, vLLM and others where a model is named; else text-embeddings-inference, which serves one alone."""

    def __init__(self, client: httpx2.Client, url: str, model: str = "") -> None:
        """Use `client`, whose timeout is for one request."""
        self._client = client
        self._url = url
        self._model = model
        self._rests_until = 0.0

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score per text. Raises RerankerUnavailable; then it rests for a while."""
        if time.monotonic() < self._rests_until:
            raise RerankerUnavailable
        try:
            response = self._client.post(self._url, json=self._request(question, [text[:LONGEST] for text in texts]))
            response.raise_for_status()
            return _scores(response.json(), len(texts))
        except (httpx2.HTTPError, ValueError, TypeError, KeyError) as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("reranker_unavailable", cause=type(error).__name__)
            raise RerankerUnavailable from error

    def _request(self, question: str, texts: list[str]) -> dict[str, Any]:
        if self._model:
            return {"model": self._model, "query": question, "documents": texts, "top_n": len(texts)}
        return {"query": question, "texts": texts, "truncate": True}


def _scores(answer: Any, count: int) -> list[float]:
    """Results come in any order and name their text by number; one that is missing makes the answer useless."""
    rows = answer["results"] if isinstance(answer, dict) else answer
    found = {row["index"]: float(row["relevance_score"] if "relevance_score" in row else row["score"]) for row in rows}
    scores = [found[number] for number in range(count)]
    if not all(map(math.isfinite, scores)):
        raise ValueError("A score is no number.")
    if all(0 <= one <= 1 for one in scores):
        return scores
    return [1 / (1 + math.exp(-max(-60.0, min(60.0, one)))) for one in scores]  # some servers send bare logits
