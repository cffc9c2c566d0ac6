"""How well a unit of a document answers a question: nearness in meaning, shared words, the form of the answer."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from brain.extractive.asked import Asked, asked_for
from brain.extractive.passages import Evidence, Unit
from brain.extractive.words import content_stems, one_slip, spelled_as
from kb.analysis import words
from kb.embeddings.meanings import vectors
from kb.embeddings.vectors import Vectors
from kb.search.lines import placed as headed

# Fitted by softmax regression over 74 development questions and all units that were found for each. Over all 79, with
# those whose answer was not found, the best unit is right for 58 % and one of the best three for 77 %.
NEAR, COVER, FORM, NO_FORM, RANGE = 3.2, 1.25, 0.42, 0.22, 0.6
CONSIDERED = 64  # units whose meaning is looked at; words and form choose them …
OF_EACH = 4  # … and of each passage at least so many
LATER = 0.5  # weight of a term from the question before, in a follow-up
SHORTEST_SLIPPED, SHORTEST_PREFIX, LONGEST_ENDING = 6, 5, 4
SLIPPED = 0.85
LEAST_WORDS = 3  # of a sentence that is compared alone
PART = re.compile(r"(?<=[.?!])\s+")


@dataclass(frozen=True)
class Term:
    """One stem of the question, and how rare it is among the units (0.4 to 1)."""

    stem: str
    weight: float
    known: bool  # some unit has it, to the letter


@dataclass(frozen=True)
class Question:
    """A question: its wording whole and sentence by sentence, its terms, and the form that its answer has."""

    wordings: tuple[str, ...]
    terms: tuple[Term, ...]
    asked: Asked

    def cover(self, bag: frozenset[str]) -> float:
        """The share of the terms, by weight, that `bag` holds."""
        total = sum(term.weight for term in self.terms)
        return sum(term.weight * matched(term, bag) for term in self.terms) / total if total else 0.0


@dataclass(frozen=True)
class Ranked:
    """A unit, how well it fits, and how near it is to the question (a cosine) in which of its wordings."""

    unit: Unit
    fit: float
    near: float
    wording: int


def weigh(query: str, evidence: Evidence, now: str = "") -> Question:
    """The terms of `query` weighed by how rare they are among the units. `now`: the visitor's last words, if fewer."""
    vocabulary = frozenset().union(*(words_of(unit) for unit in evidence.units))
    query, now = spelled_as(query, vocabulary), spelled_as(now, vocabulary)
    latest = set(content_stems(now)) if now else set(content_stems(query))
    many = max(len(evidence.units), 1)
    bags = [bag_of(unit) for unit in evidence.units]
    terms = []
    for stem in content_stems(query):
        frequency = sum(stem in bag for bag in bags)
        rarity = math.log(1 + many / (frequency + 0.5)) / math.log(1 + many / 0.5)
        terms.append(Term(stem, (0.4 + 0.6 * rarity) * (1.0 if stem in latest else LATER), frequency > 0))
    return Question(_wordings(query, now), tuple(terms), asked_for(now or query))


def _wordings(query: str, now: str) -> tuple[str, ...]:
    parts = [part for part in PART.split(query) if len(part.split()) >= LEAST_WORDS]
    return tuple(dict.fromkeys(filter(None, (query, *parts, now))))


def rank(question: Question, evidence: Evidence) -> list[Ranked]:
    """The units that come into question, the best first."""
    if not question.wordings:
        return []
    lexical = {unit: question.cover(bag_of(unit)) for unit in evidence.units}
    likely = _likely(question, lexical)
    near = _nearness(question, likely)
    ranked = []
    for unit, row in zip(likely, near, strict=True):
        at = int(np.argmax(row))
        fit = NEAR * float(row[at]) + COVER * lexical[unit] + _formal(question, unit)
        ranked.append(Ranked(unit, fit, float(row[at]), at))
    return sorted(ranked, key=lambda one: (-round(one.fit, 6), one.unit.rank, one.unit.place))


def _likely(question: Question, lexical: dict[Unit, float]) -> list[Unit]:
    """Those CONSIDERED, by words and form. Some of each passage: else a long table's rows would leave no room."""
    held: Counter[str] = Counter()
    first: list[Unit] = []
    more: list[Unit] = []
    for unit in sorted(lexical, key=lambda unit: (-lexical[unit] - _formal(question, unit), unit.rank, unit.place)):
        (first if held[unit.cite] < OF_EACH else more).append(unit)
        held[unit.cite] += 1
    return (first + more)[:CONSIDERED]


def _formal(question: Question, unit: Unit) -> float:
    asked = question.asked
    fit = FORM * asked.met(unit.text) - NO_FORM * asked.missed(unit.text)
    return fit + RANGE * bool(spanned(question, unit))


def _nearness(question: Question, units: list[Unit]) -> Vectors:
    """Cosines, shape (units, wordings); without a model the share of common words stands in for them."""
    made = vectors([*question.wordings, *map(placed, units)])
    if made is None:
        rows = [[0.3 + 0.4 * question.cover(bag_of(unit))] * len(question.wordings) for unit in units]
        return np.array(rows, np.float32).reshape(len(units), len(question.wordings))
    split = len(question.wordings)
    cosines: Vectors = made[split:] @ made[:split].T
    return cosines


def placed(unit: Unit) -> str:
    """The unit's text headed by its document's title and its own heading."""
    return headed(unit.title, unit.headings, unit.text)


@lru_cache(maxsize=16384)
def bag_of(unit: Unit) -> frozenset[str]:
    """The stems of a unit with its headings."""
    return stems_of(unit.text) | stems_of(" ".join((unit.title, *unit.headings)))


@lru_cache(maxsize=16384)
def words_of(unit: Unit) -> frozenset[str]:
    """The words of a unit with its headings, as they are written, in lower case."""
    return frozenset(words(" ".join((unit.title, *unit.headings, unit.text))))


@lru_cache(maxsize=16384)
def stems_of(text: str) -> frozenset[str]:
    """The stems of `text`."""
    return frozenset(content_stems(text))


@lru_cache(maxsize=16384)
def matched(term: Term, bag: frozenset[str]) -> float:
    """1 where `bag` holds the term, nearly so for another form or a slip of it, else 0."""
    if term.stem in bag:
        return 1.0
    return SLIPPED if len(term.stem) >= SHORTEST_PREFIX and any(_alike(term, word) for word in bag) else 0.0


def _alike(term: Term, word: str) -> bool:
    """One the beginning of the other ("accessible", "accessibility"), or a slip in a word that stands nowhere."""
    short, long = sorted((term.stem, word), key=len)
    if any(letter.isdigit() for letter in short + long):
        return False
    if len(short) >= SHORTEST_PREFIX and long.startswith(short) and len(long) <= len(short) + LONGEST_ENDING:
        return True
    return not term.known and len(short) >= SHORTEST_SLIPPED and short[0] == long[0] and one_slip(term.stem, word)


def spanned(question: Question, unit: Unit) -> frozenset[str]:
    """The question's numbers that lie in a range of `unit`; in a table only in a column that the question speaks of."""
    if unit.kind != "row":
        return question.asked.spanned(unit.text)
    stems = {term.stem for term in question.terms}
    cells = (cell.partition(": ") for cell in unit.text.split(" | "))
    return frozenset().union(*(question.asked.spanned(value) for head, _, value in cells if stems & stems_of(head)))
