"""Which units make the answer: the best one and what adds to it, or none where nothing covers the question."""

from dataclasses import dataclass

from brain.extractive.passages import Evidence, Kind, Unit
from brain.extractive.rank import Question, Ranked, rank, weigh
from brain.extractive.words import content_stems

COVER = 0.53  # least share of the question that the answer's place must cover, where the search is in two minds
SURE, DOUBTFUL = 0.5, 0.1  # what the search thinks of its own results
EASED, STRAINED = 0.5, 0.68  # least share then
LEADS, NEAR_BEST = 4, 0.88  # how far down the ranking an answer may begin
POINT = 0.45  # least share of what is asked beyond the subject
BESIDE = 0.65  # least fit of a further unit, as a share of the best one's
ELSEWHERE = 0.8  # the same for a unit of another document
SAME_WORDS = 0.7  # two units are doubles when they share so much


@dataclass(frozen=True)
class Choice:
    """A piece of a document as it will stand in the answer, with the id to cite."""

    text: str
    kind: Kind
    cite: str


def choose(evidence: Evidence, now: str, *, room: int, most: int) -> list[Choice]:
    """Up to `most` units of together at most `room` characters, in reading order; none where they do not answer."""
    question = weigh(evidence.query, evidence, now)
    ranked = rank(question, evidence)
    lead = _lead(question, ranked, evidence.answerable)
    if lead is None:
        return []
    picked = _picked([lead, *(one for one in ranked if one is not lead)], room, most)
    ordered = sorted(picked, key=lambda unit: (unit.cite != lead.unit.cite, unit.rank, unit.place))
    return [Choice(unit.text, unit.kind, unit.cite) for unit in ordered]


def _lead(question: Question, ranked: list[Ranked], answerable: float) -> Ranked | None:
    """The best unit that, with its headings, covers enough of what was asked; None where no good one does."""
    needed = EASED if answerable >= SURE else STRAINED if answerable < DOUBTFUL else COVER
    subject = frozenset(content_stems(" ".join({one.unit.title for one in ranked})))
    for one in ranked[:LEADS]:
        good = one.fit >= NEAR_BEST * ranked[0].fit and question.cover(one.covered) >= needed
        if good and _on_the_point(question, one, subject):
            return one
    return None


def _on_the_point(question: Question, one: Ranked, subject: frozenset[str]) -> bool:
    """False where the subject is met, and too little of what is asked about it ("Has the Kendal shop a lift?")."""
    asked = [term for term in question.terms if not (term.pale or term.named or term.stem in subject)]
    met = sum(term.weight for term in asked if term.stem in one.covered)
    return met >= POINT * sum(term.weight for term in asked)


def _picked(ranked: list[Ranked], room: int, most: int) -> list[Unit]:
    best = ranked[0]
    picked = [best.unit]
    left = room - len(best.unit.text)
    for one in _announced(ranked) or ranked[1:]:
        if len(picked) == most:
            break
        if len(one.unit.text) <= left and _adds(one, best) and not any(_doubles(one.unit, other) for other in picked):
            picked.append(one.unit)
            left -= len(one.unit.text)
    return picked


def _announced(ranked: list[Ranked]) -> list[Ranked]:
    """What follows the best unit in its document, if that ends in a colon: the list it announces."""
    first = ranked[0].unit
    if not first.text.endswith(":"):
        return []
    after = sorted((one for one in ranked if one.unit.cite == first.cite), key=lambda one: one.unit.place)
    return [one for one in after if one.unit.place > first.place]


def _adds(one: Ranked, best: Ranked) -> bool:
    """True where a further unit is good enough. Rows of a table are alike: one more must meet all the best does."""
    if best.unit.text.endswith(":"):
        return True
    if one.unit.kind == "row" and not one.covered >= best.covered:
        return False
    return one.fit >= (BESIDE if one.unit.cite == best.unit.cite else ELSEWHERE) * best.fit


def _doubles(one: Unit, other: Unit) -> bool:
    if {one.kind, other.kind} & {"row", "item"}:
        return one.text == other.text
    first, second = set(content_stems(one.text)), set(content_stems(other.text))
    return len(first & second) >= SAME_WORDS * min(len(first), len(second)) if first and second else True
