"""Request fields that some servers and models refuse: left out from the first refusal on."""

from collections.abc import Callable
from typing import Any, TypeVar

import anthropic
import openai

Opened = TypeVar("Opened")

REFUSALS = (
    *(openai.BadRequestError, openai.UnprocessableEntityError),
    *(anthropic.BadRequestError, anthropic.UnprocessableEntityError),
)


class OptionalFields:
    """Remembers, for one model of one server, which of `names` it refused."""

    def __init__(self, *names: str) -> None:
        """Start with all of `names`."""
        self._names = frozenset(names)
        self._refused: frozenset[str] = frozenset()

    def kept(self, body: dict[str, Any]) -> dict[str, Any]:
        """`body` without what was refused."""
        return {name: value for name, value in body.items() if name not in self._refused}

    def send(self, send: Callable[[], Opened]) -> Opened:
        """The result of `send`, tried again at once when the refusal names a field that can be left out."""
        try:
            return send()
        except REFUSALS as error:
            named = {name for name in self._names - self._refused if name in str(error)}
            if not named:
                raise
            self._refused |= named
        return send()
