"""Embeddings from any server that speaks OpenAI's embeddings API."""

import httpx2
import numpy as np
import openai

from core.settings import Settings
from kb.errors import EmbedderUnavailable
from kb.vectors import Vectors, unit

MODEL = "text-embedding-3-small"
BATCH = 128  # texts in one request


def connect(settings: Settings) -> "OpenAIEmbedder":
    """The embedder at the configured server."""
    client = openai.OpenAI(
        api_key=settings.openai_api_key.get_secret_value() or "none",
        base_url=settings.openai_base_url or None,
        max_retries=0,
        timeout=settings.fetch_seconds,
    )
    return OpenAIEmbedder(client, settings.embedding_model or MODEL)


class OpenAIEmbedder:
    """Any server that speaks OpenAI's embeddings API."""

    def __init__(self, client: openai.OpenAI, model: str) -> None:
        """Use `client`, which must not retry by itself: the indexer does."""
        self._client = client
        self.name = f"openai:{model}"
        self._model = model

    def embed(self, texts: list[str]) -> Vectors:
        """Ask in batches; the answer's order is the server's word, so it is sorted by index."""
        rows: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            try:
                answer = self._client.embeddings.create(model=self._model, input=batch, encoding_format="float")
            except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
                raise EmbedderUnavailable from error
            if len(answer.data) != len(batch):
                raise EmbedderUnavailable("The embedding server answered with fewer vectors than texts.")
            rows += [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        return unit(np.array(rows, dtype=np.float32).reshape(len(texts), -1))
