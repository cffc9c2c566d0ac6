"""The words of a question looked up in what one site says in one channel: one statement, and one moment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from kb.index import wire
from kb.index.shelf import SHELF, Key, Scope
from kb.search.lexical import Fixed, Lexical, Searched
from kb.search.view import channels, view

QUERY = (Path(__file__).parent / "lexical.sql").read_text()
SITE, AUDIENCE, SEGMENT, POSTINGS = range(4)


@dataclass(frozen=True)
class Model:
    """The embedding model that a site is searched with; number 0: it has none yet."""

    id: int
    name: str
    dimensions: int


@dataclass(frozen=True)
class Matched:
    """What is there. `audiences` are those that may be answered, each with how many live passages it has."""

    model: Model
    audiences: dict[int, int]
    languages: frozenset[str]
    segments: tuple[Key, ...]
    lexical: Lexical


def match(session: Session, scope: Scope, terms: Sequence[str]) -> Matched | None:
    """Look `terms` up. None for a site that does not exist."""
    seen = view()
    shelf = scope if seen is None else (scope[0], f"{scope[1]} {seen.channel}")
    known = SHELF.known(shelf)
    values = {
        "site_id": scope[0],
        "channels": channels(scope[1]),
        "terms": wire.array(terms),
        "known": wire.array(number for number, _ in known),
        "made": wire.array(made for _, made in known),
    }
    found: list[list[Any]] = [[], [], [], []]
    for row in wire.rows(session, QUERY, values):
        found[row[0]].append(row)
    if not found[SITE]:
        return None
    _, number, dimensions, name, *_ = found[SITE][0]
    segments, live = _segments(shelf, known, found[SEGMENT], seen.without if seen else frozenset())
    frequencies = dict.fromkeys(terms, 0)
    for _, segment, _, term, data, *_ in found[POSTINGS]:
        frequencies[term] += segments[segment].add(term, data)
    audiences = {row[1]: live.get(row[1], 0) for row in found[AUDIENCE]}
    languages = frozenset(language for row in found[AUDIENCE] for language in row[3].split(" ") if language)
    lexical = Lexical(list(segments.values()), frequencies)
    return Matched(
        Model(number, name, dimensions),
        audiences,
        languages,
        tuple((row[1], row[2]) for row in found[SEGMENT]),
        lexical,
    )


def _segments(
    scope: Scope, known: dict[Key, Fixed], rows: list[Any], without: Collection[int]
) -> tuple[dict[int, Searched], dict[int, int]]:
    """The segments by number, in its order, and the live rows of each audience."""
    new: dict[Key, Fixed] = {}
    segments: dict[int, Searched] = {}
    live: dict[int, int] = {}
    rows.sort(key=lambda row: row[1])
    for _, number, made, audience, dead, chunk_ids, lengths in rows:
        fixed = known.get((number, made)) if chunk_ids is None else None
        if fixed is None:
            fixed = new[number, made] = Fixed.of(chunk_ids, lengths)
        segments[number] = Searched(fixed, fixed.more_dead(dead, without) if without else dead)
        live[int(audience)] = live.get(int(audience), 0) + segments[number].live
    keys = [(row[1], row[2]) for row in rows]
    if new or len(keys) != len(known):
        SHELF.keep(scope, keys, new.items())
    return segments, live
