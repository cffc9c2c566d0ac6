"""Small words that turn a sentence round, by what they mean, and words that may stand for each other (signals.yaml)."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_LISTS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))

PHRASES: dict[str, str] = _LISTS["phrases"]  # pattern → the word that it is read as
SPEAKING = frozenset(_LISTS["speaking"].split())  # kinds whose words say something by themselves as well
HARMLESS = frozenset(_LISTS["harmless"].split())  # words that neither claim nor change anything


@cache
def kinds() -> dict[str, frozenset[str]]:
    """Word → what it does to a sentence."""
    found: dict[str, set[str]] = {}
    for kind, listed in _LISTS["kinds"].items():
        for word in listed.split():
            found.setdefault(word, set()).add(kind)
    return {word: frozenset(meant) for word, meant in found.items()}


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Kind → the kinds that it can't stand for."""
    found: dict[str, set[str]] = {}
    for pair in _LISTS["opposites"].split(";"):
        one, other = pair.split()
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {kind: frozenset(others) for kind, others in found.items()}


@cache
def contrasts() -> dict[str, tuple[tuple[int, str], ...]]:
    """Word → the lists that it is in, and as which of their things."""
    found: dict[str, list[tuple[int, str]]] = {}
    for at, line in enumerate(_LISTS["contrasts"]):
        for things in line.split(";"):
            thing = things.split()[0]
            for word in things.split():
                found.setdefault(word, []).append((at, thing))
    return {word: tuple(places) for word, places in found.items()}


@cache
def alike() -> dict[str, str]:
    """Word → the first of those that it may stand for."""
    found: dict[str, str] = {}
    for group in _LISTS["same"].split(";"):
        first, *others = group.split()
        for word in (first, *others):
            found.setdefault(word, first)
    return found


@cache
def numerals() -> dict[str, str]:
    """Word for a number → its figures."""
    listed = (each.split() for each in _LISTS["numbers"].split(";"))
    return {word: figures for figures, *words in listed for word in words}
