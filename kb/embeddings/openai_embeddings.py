"""Embeddings from any server that speaks OpenAI's embeddings API, asked in batches that it can take."""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, NoReturn

import httpx2
import numpy as np
import openai

from core.log import get_logger
from core.settings import Settings
from core.tracing import HOOKS
from kb.chunks.tokens import count_tokens
from kb.embeddings.vectors import Vectors, unit
from kb.errors import EmbedderRefused, EmbedderUnavailable, TextRefused

log = get_logger(__name__)

MOST_TEXTS = 128  # in one request …
MOST_TOKENS = 100_000  # … and so many tokens in all, as we count them: OpenAI's own limit is 300,000
PAUSES = (1.0, 4.0)  # seconds before the second and the third try, where the server names none
LONGEST_PAUSE = 20.0  # what is longer is not waited for here: the document is tried again later
REST = 5.0  # seconds that questions do without the server after it failed one
TEXT_AT_FAULT = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
HINTS = {
    HTTPStatus.UNAUTHORIZED: "set OPENAI_API_KEY to a key that it knows",
    HTTPStatus.FORBIDDEN: "give the key in OPENAI_API_KEY the right to use this model",
    HTTPStatus.NOT_FOUND: "check HANDRAIL_EMBEDDING_MODEL and OPENAI_BASE_URL",
}


def connect(settings: Settings, model: str, *, patient: bool = True) -> "OpenAIEmbedder":
    """The embedder at the configured server. A patient one is for indexing; the other is for questions."""
    seconds = settings.embed_seconds if patient else settings.embed_query_seconds
    client = openai.OpenAI(
        api_key=settings.openai_api_key.get_secret_value() or "none",
        base_url=settings.openai_base_url or None,
        max_retries=0,
        timeout=seconds,
        http_client=openai.DefaultHttpxClient(event_hooks=HOOKS),
    )
    return OpenAIEmbedder(client, model, patient=patient)


class OpenAIEmbedder:
    """Any server that speaks OpenAI's embeddings API. Safe to share between threads.

    For documents it is patient: it tries again, and looks for the one text that a batch was refused for. For
    questions it is not: after a failure nobody asks for some seconds, so that search does not wait for each.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        model: str,
        *,
        patient: bool = True,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use `client`, which must not retry by itself."""
        self._client, self._sleep, self._clock = client, sleep, clock
        self.name = f"openai:{model}"
        self._model, self._patient = model, patient
        self._dimensions = 0
        self._rests_until = 0.0

    def embed(self, texts: list[str]) -> Vectors:
        """Unit vectors in the order of `texts`; a text without a word has zeros, since servers refuse it.

        Raises EmbedderUnavailable, EmbedderRefused, or TextRefused.
        """
        if self._clock() < self._rests_until:
            raise EmbedderUnavailable("The embedding server failed a moment ago: it is asked again in some seconds.")
        said = [at for at, text in enumerate(texts) if text.strip()]
        rows: list[list[float]] = []
        for batch in batches([texts[at] for at in said]):
            rows += self._patiently(batch)
        made = np.zeros((len(texts), self._width(len(rows[0]) if rows else 0)), dtype=np.float32)
        if rows:
            made[said] = unit(np.array(rows, dtype=np.float32))
        return made

    def _width(self, found: int) -> int:
        if not found and not self._dimensions:
            found = len(self._patiently(["dimensions"])[0])
        self._dimensions = self._dimensions or found
        if found and found != self._dimensions:
            raise EmbedderRefused(
                f"{self.name} gives vectors of {found} dimensions, and gave {self._dimensions} before: is there "
                "another model behind this name? Run `handrail kb reembed` with the name of one that stays."
            )
        return self._dimensions

    def _patiently(self, batch: list[str]) -> list[list[float]]:
        for pause in (*PAUSES, None) if self._patient else (None,):
            try:
                return self._halved(batch)
            except EmbedderRefused:
                raise
            except EmbedderUnavailable as error:
                wait = max(pause or 0.0, error.retry_after_s)
                if pause is None or wait > LONGEST_PAUSE:
                    self._rests_until = 0.0 if self._patient else self._clock() + max(REST, error.retry_after_s)
                    raise
                log.info("embedding_tried_again", model=self.name, seconds=wait, cause=error.detail)
                self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _halved(self, batch: list[str]) -> list[list[float]]:
        """Ask; if the texts are refused, ask for each half, until it is known which text it is."""
        try:
            return self._ask(batch)
        except TextRefused as error:
            if len(batch) == 1:
                raise TextRefused(error.detail, text=batch[0]) from error
            middle = len(batch) // 2
            return self._halved(batch[:middle]) + self._halved(batch[middle:])

    def _ask(self, batch: list[str]) -> list[list[float]]:
        try:
            answer = self._client.embeddings.create(model=self._model, input=batch, encoding_format="float")
            rows = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        except openai.APIStatusError as error:
            _name(error, self._model)
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, TypeError, AttributeError) as error:
            raise EmbedderUnavailable(
                f"The embedding server did not answer ({type(error).__name__}): it is tried again later."
            ) from error
        if len(rows) != len(batch) or len(set(map(len, rows))) != 1 or not rows[0]:
            raise EmbedderUnavailable("The embedding server answered with other vectors than were asked for.")
        return rows


def batches(texts: list[str]) -> Iterator[list[str]]:
    """`texts` in lists of at most MOST_TEXTS texts and MOST_TOKENS tokens; a longer text is alone."""
    batch: list[str] = []
    tokens = 0
    for text in texts:
        size = count_tokens(text)
        if batch and (len(batch) == MOST_TEXTS or tokens + size > MOST_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(text)
        tokens += size
    if batch:
        yield batch


def _name(error: openai.APIStatusError, model: str) -> NoReturn:
    """What the status means, and what to do about it."""
    status = error.status_code
    if status in HINTS:
        raise EmbedderRefused(
            f"The embedding server refused {model} (HTTP {status}): {HINTS[HTTPStatus(status)]}."
        ) from error
    if status in TEXT_AT_FAULT:
        why = f"HTTP {status}: {_said(error)}"
        raise TextRefused(f"The embedding model refused a text of this document ({why}): shorten it.") from error
    raise EmbedderUnavailable(
        f"The embedding server answered with HTTP {status}: it is tried again later.",
        retry_after_s=_seconds(error.response.headers.get("retry-after", "")),
    ) from error


def _said(error: openai.APIStatusError) -> str:
    body: Any = error.body
    said = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(said or "no reason given").split())[:160]


def _seconds(header: str) -> float:
    try:
        return min(max(float(header), 0.0), 3600.0)
    except ValueError:  # a date, or nothing
        return 0.0
