"""What both hosted brains have in common: one call, from the ask to the reply or to a named failure."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx2

from brain.client import Ask, BrainGarbled, BrainUnavailable, PromptTooLong, Reply
from brain.hearing import Hearing, Piece
from brain.optional import OptionalFields
from brain.overflow import shortened
from brain.patience import Patience
from brain.prompt import Prompt, build_prompt
from brain.retries import open_twice
from brain.wire import json_pieces, plainly
from core.deadline import Clock, Deadline
from core.settings import Settings

LAST_WORDS_S = 0.3  # after the end of the answer: the usage, and the end of the stream


class Hosted(ABC):
    """A model behind an API. Each kind of API says how it is asked, and how its events are read."""

    optional: OptionalFields

    def __init__(self, settings: Settings, model: str, clock: Clock = time.monotonic) -> None:
        """Take limits from `settings`."""
        self.name = model
        self.settings = settings
        self._clock = clock

    @abstractmethod
    def body(self, ask: Ask, prompt: Prompt) -> dict[str, Any]:
        """The request."""

    @abstractmethod
    def post(self, body: dict[str, Any], timeout: httpx2.Timeout) -> httpx2.Response:
        """Send it through the vendor's SDK: an open response. Raises whatever the SDK raises."""

    @abstractmethod
    def read(self, event: dict[str, Any]) -> Piece:
        """One event of the stream, or a whole answer. Raises BrainGarbled for an unknown shape."""

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Reply to `ask` within `ask.timeout_s` seconds. A prompt that is too long is shortened once."""
        deadline = Deadline(min(ask.timeout_s, self.settings.model_seconds), self._clock)
        try:
            return self._think_once(ask, on_text, deadline)
        except PromptTooLong as error:
            shorter, wasted = shortened(ask), error.usage
            if shorter == ask:
                raise
        try:
            reply = self._think_once(shorter, on_text, deadline)
        except BrainUnavailable as error:
            error.usage = error.usage + wasted if error.usage and wasted else error.usage or wasted
            raise
        return replace(reply, usage=reply.usage + wasted) if wasted else reply

    def _think_once(self, ask: Ask, on_text: Callable[[str], None], deadline: Deadline) -> Reply:
        limits = self.settings
        prompt = build_prompt(ask)
        patience = Patience(deadline, first_s=limits.model_first_token_seconds, between_s=limits.model_silence_seconds)
        hearing = Hearing(ask, prompt.chars, on_text)
        begun = False
        try:
            with plainly(patience):
                response = open_twice(lambda: self._open(ask, prompt, patience, deadline), deadline)
            begun = True
            self._listen(hearing, response, patience)
            return hearing.reply(self.name)
        except BrainUnavailable as error:
            error.usage = hearing.usage() if begun or error.went_out else None
            raise

    def _listen(self, hearing: Hearing, response: httpx2.Response, patience: Patience) -> None:
        """Hear all of it. Once the model has ended its answer, it does not matter any more how the stream ends."""
        try:
            with closing(json_pieces(response, patience)) as events:
                for event in events:
                    if hearing.take(self.read(event)):
                        patience.heard()
                    if hearing.finished:
                        patience.at_most(LAST_WORDS_S)
        except BrainGarbled:
            raise
        except BrainUnavailable:
            if not hearing.finished:
                raise

    def _open(self, ask: Ask, prompt: Prompt, patience: Patience, deadline: Deadline) -> httpx2.Response:
        connect = min(self.settings.model_connect_seconds, max(deadline.left(), 0.001))
        timeout = httpx2.Timeout(patience, connect=connect, pool=connect)
        return self.optional.send(lambda: self.body(ask, prompt), lambda body: self.post(body, timeout))
