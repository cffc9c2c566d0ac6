"""How well a unit of a document answers a question: shared words by weight, headings, the form of the answer."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from brain.extractive.asked import Asked, asked_for
from brain.extractive.passages import Evidence, Unit
from brain.extractive.words import catch_all, content_stems, in_documents_words, one_slip, pale_stems, synonyms

# What a term of the question is worth when it is found ...
EXACT, SLIPPED, SYNONYM = 1.0, 0.85, 0.6
HEADING, TITLE, BEFORE = 0.8, 0.6, 0.35  # ... times this, where it stands not in the unit but there
PALE = 0.35
NAMED = 1.6  # a word that the visitor wrote like a name, or with digits
LATER = 0.5  # a term from the question before, in a follow-up
SHORTEST_SLIPPED = 6
SHORTEST_PREFIX, LONGEST_ENDING = 5, 4

FORM, NO_FORM = 0.25, 0.15
RANGE = 0.4
KNOWN, UNKNOWN = 1.4, 0.9  # what a missing term counts
SNIPPET = 0.15
ROW_COST = 0.02


@dataclass(frozen=True)
class Term:
    """One stem of the question, with the weight that it has among the evidence."""

    stem: str
    weight: float
    known: bool  # some unit has it, to the letter
    pale: bool  # says little
    named: bool  # written like a name


@dataclass(frozen=True)
class Ranked:
    """A unit, how well it fits (0 to about 1.5), and which terms it covers with its headings."""

    unit: Unit
    fit: float
    covered: frozenset[str]


@dataclass(frozen=True)
class Question:
    """A question as terms and forms, weighed against what was found."""

    terms: tuple[Term, ...]
    asked: Asked

    @property
    def weight(self) -> float:
        """Of all terms together."""
        return sum(term.weight for term in self.terms)

    def cover(self, covered: Iterable[str]) -> float:
        """The share of the question's weight that `covered` terms make up.

        A term that is missing here and stands elsewhere counts more than one that stands nowhere: the documents have a
        word for it and do not use it here, where the other may be only another word for the same.
        """
        held = set(covered)
        there = sum(term.weight for term in self.terms if term.stem in held)
        missing = sum(term.weight * (KNOWN if term.known else UNKNOWN) for term in self.terms if term.stem not in held)
        return there / (there + missing) if there else 0.0


def weigh(query: str, evidence: Evidence, now: str = "") -> Question:
    """The terms of `query` weighed by how rare they are among the units. `now`: the visitor's last words, if fewer."""
    stems = content_stems(in_documents_words(query))
    latest = set(content_stems(in_documents_words(now))) if now else set(stems)
    names = _names(query)
    many = max(len(evidence.units), 1)
    bags = [_bag(unit.text) | _bag(" ".join(unit.headings)) for unit in evidence.units]
    terms = []
    for term in stems:
        frequency = sum(term in bag for bag in bags)
        rarity = math.log(1 + many / (frequency + 0.5)) / math.log(1 + many / 0.5)
        weight = 0.4 + 0.6 * rarity
        pale, named = term in pale_stems(), term in names
        weight *= PALE if pale else NAMED if named else 1.0
        terms.append(Term(term, weight * (1.0 if term in latest else LATER), frequency > 0, pale, named))
    return Question(tuple(terms), asked_for(now or query))


def rank(question: Question, evidence: Evidence) -> list[Ranked]:
    """All units, the best first."""
    before: Unit | None = None
    ranked = []
    for unit in evidence.units:
        together = before if before and (before.cite, before.paragraph) == (unit.cite, unit.paragraph) else None
        ranked.append(_fit(question, unit, together))
        before = unit
    return sorted(ranked, key=lambda one: (-one.fit, one.unit.rank, one.unit.place))


def _fit(question: Question, unit: Unit, before: Unit | None) -> Ranked:
    outer = " ".join((unit.title, *unit.headings[:-1]))
    places = [(1.0, _bag(unit.text)), (HEADING, _bag(" ".join(unit.headings[-1:]))), (TITLE, _bag(outer))]
    if before is not None:
        places.append((BEFORE, _bag(before.text)))
    found = {term.stem: max(worth * _match(term, bag) for worth, bag in places) for term in question.terms}
    if question.asked.met(unit.text):
        found |= dict.fromkeys(found.keys() & question.asked.stems, EXACT)
    spanned = _spanned(question, unit)
    found |= dict.fromkeys(found.keys() & spanned, EXACT)
    share = sum(term.weight * found[term.stem] for term in question.terms) / (question.weight or 1.0)
    fit = (
        share + FORM * question.asked.met(unit.text) - NO_FORM * question.asked.missed(unit.text) + SNIPPET * unit.score
    )
    fit += RANGE * bool(spanned) - ROW_COST * (unit.kind == "row")
    covered = {stem for stem, worth in found.items() if worth > BEFORE} | {f"in range: {number}" for number in spanned}
    return Ranked(unit, fit, frozenset(covered))


@lru_cache(maxsize=8192)
def _match(term: Term, bag: frozenset[str]) -> float:
    if term.stem in bag:
        return EXACT
    if len(term.stem) >= SHORTEST_PREFIX and any(_alike(term, word) for word in bag):
        return SLIPPED
    others = synonyms(term.stem) | (frozenset() if term.known else catch_all(term.stem))
    return SYNONYM if others & bag else 0.0


def _spanned(question: Question, unit: Unit) -> frozenset[str]:
    """The question's numbers that lie in a range of `unit`; in a table only in a column that the question speaks of."""
    if unit.kind != "row":
        return question.asked.spanned(unit.text)
    stems = {term.stem for term in question.terms}
    cells = (cell.partition(": ") for cell in unit.text.split(" | "))
    return frozenset().union(*(question.asked.spanned(value) for head, _, value in cells if stems & _bag(head)))


def _alike(term: Term, word: str) -> bool:
    """One the beginning of the other ("accessible", "accessibility"), or a slip in a word that stands nowhere."""
    short, long = sorted((term.stem, word), key=len)
    if any(letter.isdigit() for letter in short + long):
        return False
    ending = LONGEST_ENDING if len(short) >= SHORTEST_PREFIX else 1
    if long.startswith(short) and len(long) <= len(short) + ending:
        return ending > 1 or not term.known
    return not term.known and len(short) >= SHORTEST_SLIPPED and short[0] == long[0] and one_slip(term.stem, word)


@lru_cache(maxsize=8192)
def _bag(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def _names(query: str) -> set[str]:
    """Stems of words written like names: a capital inside the sentence, or letters with digits."""
    found = set()
    for match in re.finditer(r"(?<=[a-z,] )[A-Z][\w-]+|\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]+", query):
        found |= set(content_stems(match.group()))
    return found
