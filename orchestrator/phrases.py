"""What the agent says in its own words, where no brain is asked: in the conversation's language."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from core.privacy.found import Kind
from orchestrator.events import Phrase

ENGLISH = "en"
# To add a language: give it every phrase there; `tests/orchestrator/test_phrases.py` says what is missing.
LANGUAGES: Mapping[str, Mapping[str, str]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))


def words(phrase: Phrase, ticket: int | None, *, address_known: bool, language: str = "") -> str:
    """The sentence for `phrase`; it asks for an address where a ticket has none. `language` is ISO 639-1."""
    said = phrased(phrase.name.lower(), language, ticket=ticket)
    return with_address(said, address_known=address_known or ticket is None, language=language)


def phrased(name: str, language: str = "", **filled: Any) -> str:
    """The phrase called `name`, filled in; in English where there is none in `language`."""
    return LANGUAGES.get(language, LANGUAGES[ENGLISH])[name].format(**filled)


def with_address(said: str, *, address_known: bool, language: str = "") -> str:
    """`said`, and the request for an address where none is known."""
    return said if address_known else f"{said} {phrased('ask_address', language)}"


def removed(kinds: Sequence[Kind], language: str = "") -> str:
    """What the visitor is told where something was taken out of a message before it was stored."""
    between = f" {phrased('and', language)} "
    what = between.join(dict.fromkeys(phrased(kind, language) for kind in kinds))
    return phrased("removed", language, what=what)
