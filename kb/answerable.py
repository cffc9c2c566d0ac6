"""Is this question answered by what was found? A calibrated likelihood, and the reason where it is no."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from core.settings import get_settings
from kb.analysis import term, terms, words
from kb.lines import Line, lines, pieces, placed
from kb.meanings import vectors
from kb.query import Query, TermStats
from kb.reading import reading
from kb.rerank import Candidate, coverage, weigh
from kb.vectors import Vectors

LIMIT = 0.22  # below it the agent abstains; ops/evals/fit_answerable.py chooses it, too
# Likelihoods, by the passages alone, between which the sentences are looked at; the setting `search_sentences` chooses.
DOUBTED = {"in_doubt": (0.03, 0.9), "always": (0.0, 1.0), "never": (1.0, 0.0)}
SENTENCES = 4  # that are compared with the question …
OF_ONE = 2  # … at most so many of one passage
BY_MEANING = 2.0  # what the cosine of a passage counts beside the terms in its line, where the best line is chosen
FIRST = 3  # candidates that "held" and "headings" look at

# Bias and weights, in the order of Signals.known(), as `python -m ops.evals.fit_answerable` prints them. What is known
# decides: the words alone (no local model, or none that works), the passages' cosines, the sentences' as well.
WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (-8.25, 2.5, 5.72, -1.0, 1.67),
    5: (-7.83, 3.22, 3.74, -2.5, 0.89, 6.28),
    6: (-7.95, 1.63, 3.69, -2.26, 0.65, 1.67, 6.68),
}


Worth = dict[str, dict[str, float]]  # language → the question's terms as texts in it have them → what each is worth


@dataclass(frozen=True)
class Signals:
    """What is known about the candidates of one search; each about 0 to 1, `length` up to 5."""

    covered: float  # share of the question's terms, by idf, that the best line holds with the headings above it
    held: float  # share of its terms, each counting alike, that one of the first passages holds
    headings: float  # share by idf that stands in a title or section: what a page is about is not yet the answer
    length: float  # of the question, the logarithm of its words
    near: float | None = None  # cosine of the best line's passage to the question; None without the local model
    said: float | None = None  # cosine of the nearest of the likeliest sentences; None where they were not looked at

    def known(self) -> tuple[float, ...]:
        """The values that there are."""
        return tuple(
            value
            for value in (self.covered, self.held, self.headings, self.length, self.near, self.said)
            if value is not None
        )


@dataclass(frozen=True)
class Verdict:
    """How likely (0 to 1) a question is answered, why not where that is below LIMIT, and what it rests on."""

    likelihood: float
    reason: str
    signals: Signals


@dataclass(frozen=True)
class _Placed:
    """A line of a candidate, and how well it stands to the question."""

    candidate: Candidate
    number: int  # among the lines of its passage
    held: frozenset[str]  # of the question's terms, by it and what stands above it
    covered: float
    rank: float

    @property
    def line(self) -> Line:
        return next(islice(lines(self.candidate.section, self.candidate.text), self.number, None))


def judge(ranked: list[tuple[Candidate, float]], query: Query, stats: TermStats, vector: Vectors | None) -> Verdict:
    """The verdict on a ranking. `vector`: the question's, by the local model; None where the search used none."""
    doubt = DOUBTED[get_settings().search_sentences]
    worth = {language: weigh(query, stats, language) for language in {one.language for one, _ in ranked}}
    found = sorted(_placed(ranked, worth), key=lambda line: -line.rank)
    signals = _signals([candidate for candidate, _ in ranked[:FIRST]], query, worth, found)
    if vector is None or not found or not any(candidate.cosine for candidate, _ in ranked):
        likelihood = answerable(signals)
    else:
        signals = replace(signals, near=found[0].candidate.cosine)
        likelihood = answerable(signals)
        if doubt[0] <= likelihood <= doubt[1] and (said := _said(found, worth, vector)) is not None:
            signals = replace(signals, said=said)
            likelihood = answerable(signals)
    return Verdict(likelihood, "" if likelihood >= LIMIT else _reason(query, stats, found), signals)


def answerable(signals: Signals) -> float:
    """The likelihood, 0 to 1: of questions that score so, half answerable and half not, this share is answered."""
    known = signals.known()
    bias, *weights = WEIGHTS[len(known)]
    weighted = sum(weight * value for weight, value in zip(weights, known, strict=True))
    return 1 / (1 + math.exp(-(bias + weighted)))


def _placed(ranked: list[tuple[Candidate, float]], worth: Worth) -> Iterator[_Placed]:
    known: dict[tuple[str, frozenset[str]], float] = {}  # many lines hold the same few terms
    for one, _ in ranked:
        asked = worth[one.language]
        for number, held in enumerate(reading(one).held(asked)):
            covered = known.get((one.language, held))
            if covered is None:
                covered = known[one.language, held] = coverage(asked, held)
            yield _Placed(one, number, held, covered, covered + BY_MEANING * one.cosine)


def _signals(first: list[Candidate], query: Query, worth: Worth, found: list[_Placed]) -> Signals:
    held, headings = [0.0], [0.0]
    for one in first:
        above = reading(one).headings
        within = frozenset(above).union(*(line.held for line in found if line.candidate is one))
        held.append(coverage(_alike(query, worth[one.language], one.language), within))
        headings.append(coverage(worth[one.language], above))
    return Signals(
        covered=found[0].covered if found else 0.0,
        held=max(held),
        headings=max(headings),
        length=math.log1p(min(len(query.text.split()), 100)),
    )


def _alike(query: Query, worth: dict[str, float], language: str) -> dict[str, float]:
    """The question's terms as texts in `language` have them, common and rare ones alike."""
    said = {one.term(language): one.weight for one in query.said}
    return {found: weight for found, weight in (said or dict(query.terms)).items() if found in worth}


def _said(found: list[_Placed], worth: Worth, vector: Vectors) -> float | None:
    made = vectors(list(_likely(found, worth)))
    return None if made is None or not len(made) else float((made @ vector).max())


def _likely(best: list[_Placed], worth: Worth) -> Iterator[str]:
    """Of the best lines the sentence that holds most of the question, at most OF_ONE of a passage."""
    taken: Counter[int] = Counter()
    for one in best:
        if taken.total() == SENTENCES:
            return
        if taken[one.candidate.chunk_id] == OF_ONE:
            continue
        line = one.line
        if found := [text for _, text in pieces(line.text)]:
            taken[one.candidate.chunk_id] += 1
            language = one.candidate.language
            covered = [coverage(worth[language], terms(text, language)) for text in found]
            yield placed(one.candidate.title, line.headings, found[covered.index(max(covered))])


def _reason(query: Query, stats: TermStats, found: list[_Placed]) -> str:
    """In words for the person who reads the conversation later."""
    written = {name: word for word in words(query.text) if (name := term(word, query.spoken))}
    if not found:
        return "The search found nothing."
    if not written:
        return "The question has no word to search for."
    if unknown := [word for name, word in written.items() if not stats.frequency(name)]:
        return f"No passage has {_listed(unknown)}."
    best = found[0]
    there = reading(best.candidate).said(best.number)
    if lost := [word for name, word in written.items() if name not in there]:
        return f"The nearest passage, in “{best.candidate.title}”, does not speak of {_listed(lost)}."
    return "The passages have the words of the question, but nothing in them is near to it in meaning."


def _listed(found: list[str], most: int = 5) -> str:
    return ", ".join(f"“{word[:40]}”" for word in found[:most])
