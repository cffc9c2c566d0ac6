"""Which units make the answer: the best one and what adds to it, or none where it does not answer."""

from dataclasses import dataclass

from brain.extractive.gate import answers
from brain.extractive.passages import Evidence, Unit
from brain.extractive.rank import Question, Ranked, rank, spanned, stems_of, weigh
from kb.search.answerable import LIMIT
from kb.search.lines import Kind

BESIDE = 0.86  # least fit of a further unit, as a share of the best one's
ELSEWHERE = 0.93  # the same for a unit of another document
DOCUMENTS_SHOWN = 3  # where none is sure to answer: of 75 development questions 95 % have a right one among them
# Cosine below which a unit is about something else: 91 % of CLINC150's out-of-scope questions find nothing above it,
# and 97 % of the answerable development questions do.
NEAR_AT_ALL = 0.36
NEAR_BESIDE = 0.25  # the same for what is shown beside something that is near
SAME_WORDS = 0.7  # two units are doubles when they share so much


@dataclass(frozen=True)
class Choice:
    """A piece of a document as it will stand in the answer, with the id to cite."""

    text: str
    kind: Kind
    cite: str


def choose(evidence: Evidence, now: str, *, room: int, most: int) -> list[Choice]:
    """Up to `most` units of together at most `room` characters, the decisive one first; none where it is no answer.

    None either where the search itself holds an answer to be unlikely: it has seen more than these units.
    """
    if evidence.answerable < LIMIT:
        return []
    question = weigh(evidence.query, evidence, now)
    ranked = rank(question, evidence)
    if not ranked or not answers(question, ranked[0]):
        return []
    picked = _picked(question, ranked, room, most)
    return [Choice(unit.text, unit.kind, unit.cite) for unit in picked]


def nearest(evidence: Evidence, now: str, *, room: int) -> list[Choice]:
    """Where it is unsure that anything answers: the nearest unit of each of the nearest documents.

    None where the search holds an answer to be unlikely, and no unit is near either.
    """
    ranked = rank(weigh(evidence.query, evidence, now), evidence)
    if evidence.answerable < LIMIT and not any(one.near >= NEAR_AT_ALL for one in ranked):
        return []
    documents: dict[str, list[Ranked]] = {}
    for one in ranked:
        if one.near >= NEAR_BESIDE and len(one.unit.text) <= room:
            documents.setdefault(one.unit.title, []).append(one)
    best = [units[0].unit for units in sorted(documents.values(), key=_about_it, reverse=True)[:DOCUMENTS_SHOWN]]
    return [Choice(unit.text, unit.kind, unit.cite) for unit in best]


def _about_it(units: list[Ranked]) -> float:
    """How much a document is about the question: its best unit, its best three together, and the search's own word."""
    few = units[:3]
    return units[0].fit + sum(one.fit for one in few) / len(few) + max(one.unit.score for one in units)


def _picked(question: Question, ranked: list[Ranked], room: int, most: int) -> list[Unit]:
    best = ranked[0]
    picked = [best.unit]
    left = room - len(best.unit.text)
    for one in _announced(question, ranked) or ranked[1:]:
        if len(picked) == most:
            break
        new = not any(_doubles(one.unit, other) for other in picked)
        if len(one.unit.text) <= left and new and _adds(question, one, best):
            picked.append(one.unit)
            left -= len(one.unit.text)
    return picked


def _announced(question: Question, ranked: list[Ranked]) -> list[Ranked]:
    """What follows the best unit in its document, if that ends in a colon: of the list what was asked for, or all."""
    first = ranked[0].unit
    if not first.text.endswith(":"):
        return []
    after = [one for one in ranked if one.unit.cite == first.cite and one.unit.place > first.place]
    said = _met(question, ranked[0])
    named = [one for one in after if _met(question, one) - said]
    return sorted(named or after, key=lambda one: one.unit.place)


def _adds(question: Question, one: Ranked, best: Ranked) -> bool:
    """True where a further unit is good enough. Rows of a table are alike: one more must meet all the best does."""
    if best.unit.text.endswith(":"):
        return True
    if one.unit.kind == best.unit.kind == "row" and not _met(question, one) >= _met(question, best):
        return False
    return one.fit >= (BESIDE if one.unit.cite == best.unit.cite else ELSEWHERE) * best.fit


def _met(question: Question, one: Ranked) -> frozenset[str]:
    """The terms of the question in the unit's own text, and the numbers that lie in its ranges."""
    own = stems_of(one.unit.text)
    return frozenset(term.stem for term in question.terms if term.stem in own) | spanned(question, one.unit)


def _doubles(one: Unit, other: Unit) -> bool:
    if {one.kind, other.kind} & {"row", "item"}:
        return one.text == other.text
    first, second = stems_of(one.text), stems_of(other.text)
    return len(first & second) >= SAME_WORDS * min(len(first), len(second)) if first and second else True
