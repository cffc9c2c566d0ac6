"""Request fields that some servers and models refuse: left out from the first refusal on."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import anthropic
import openai

Opened = TypeVar("Opened")

REFUSALS = (
    *(openai.BadRequestError, openai.UnprocessableEntityError),
    *(anthropic.BadRequestError, anthropic.UnprocessableEntityError),
)

INSIDE = frozenset({"strict"})  # stands in each tool, not in the body itself


class OptionalFields:
    """Remembers, for one model of one server, which of `names` it refused."""

    def __init__(self, *names: str) -> None:
        """Start with all of `names`."""
        self._names = frozenset(names)
        self._refused: frozenset[str] = frozenset()

    def wanted(self, name: str) -> bool:
        """True until `name` was refused."""
        return name not in self._refused

    def kept(self, body: dict[str, Any]) -> dict[str, Any]:
        """`body` without what was refused."""
        return {name: value for name, value in body.items() if name not in self._refused}

    def send(self, make: Callable[[], dict[str, Any]], post: Callable[[dict[str, Any]], Opened]) -> Opened:
        """The result of posting what `make` makes, again at once where the refusal names a field that can be left out.

        Only fields that were sent count: a refusal may also name the field that it would rather see.
        """
        body = make()
        try:
            return post(body)
        except REFUSALS as error:
            named = {name for name in self._names - self._refused if _named(name, body, str(error))}
            if not named:
                raise
            self._refused |= named
        return post(make())


def _named(name: str, body: dict[str, Any], words: str) -> bool:
    return (name in body or name in INSIDE) and re.search(rf"\b{name}\b", words) is not None
