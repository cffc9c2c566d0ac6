"""Is this question answered by what was found? A calibrated likelihood, and the reason where it is no."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from core.settings import get_settings
from kb.analysis import term, words
from kb.embeddings.vectors import Vectors
from kb.search.closest import Closest, PlacedLine, Worth, closest
from kb.search.query import Query, TermStats
from kb.search.reading import reading
from kb.search.rerank import Candidate, coverage, weigh

LIMIT = 0.24  # below it the agent abstains; ops/evals/fit_answerable.py chooses it, too
# Likelihoods, by the passages alone, between which the sentences are looked at; the setting `search_sentences` chooses.
DOUBTED = {"in_doubt": (0.05, 0.95), "always": (0.0, 1.0), "never": (1.0, 0.0)}
BY_MEANING = 2.0  # what the cosine of a passage counts beside the terms in its line, where the best line is chosen
FIRST = 3  # candidates that "held" and "headings" look at

# Bias and weights, in the order of Signals.known(), as `python -m ops.evals.fit_answerable` prints them. What is known
# decides: the words alone (no local model, or none that works), the passages' cosines, or a sentence that was read.
WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (-8.12, 2.8, 5.38, -0.95, 1.66),
    5: (-7.77, 3.54, 3.36, -2.5, 0.87, 6.52),
    7: (-9.57, 1.42, 2.59, -2.32, 1.15, 7.86, 3.6, -8.15),
}


@dataclass(frozen=True)
class Signals:
    """What is known about the candidates of one search; each about 0 to 1, `length` up to 5."""

    covered: float  # share of the question's terms, by idf, that the best line holds with the headings above it
    held: float  # share of its terms, each counting alike, that one of the first passages holds
    headings: float  # share by idf that stands in a title or section: what a page is about is not yet the answer
    length: float  # of the question, the logarithm of its words
    near: float | None = None  # cosine of the best line's passage to the question; None without the local model
    # Of the closest sentence, as in kb.search.closest.Closest; None where sentences were not looked at.
    said: float | None = None  # its cosine to the question
    weakest: float | None = None  # of the question's words the one with the least kin in it
    aside: float | None = None  # how much nearer to it the question comes without one of its words

    def known(self) -> tuple[float, ...]:
        """The values that count: where a sentence was looked at, it stands for its passage."""
        words = (self.covered, self.held, self.headings, self.length)
        meant = (self.near,) if self.said is None else (self.said, self.weakest, self.aside)
        return (*words, *(value for value in meant if value is not None))


@dataclass(frozen=True)
class Verdict:
    """How likely (0 to 1) a question is answered, why not where that is below LIMIT, and what it rests on."""

    likelihood: float
    reason: str
    signals: Signals


def judge(ranked: list[tuple[Candidate, float]], query: Query, stats: TermStats, vector: Vectors | None) -> Verdict:
    """The verdict on a ranking. `vector`: the question's, by the local model; None where the search used none."""
    doubt = DOUBTED[get_settings().search_sentences]
    worth = {language: weigh(query, stats, language) for language in {one.language for one, _ in ranked}}
    found = sorted(_placed(ranked, worth), key=lambda line: -line.covered - BY_MEANING * line.near)
    signals = _signals([candidate for candidate, _ in ranked[:FIRST]], query, worth, found)
    if vector is None or not found or not any(candidate.cosine for candidate, _ in ranked):
        likelihood = answerable(signals)
    else:
        signals = replace(signals, near=found[0].near)
        likelihood = answerable(signals)
        if doubt[0] <= likelihood <= doubt[1]:
            signals = _with_sentence(signals, closest(found, query, worth))
            likelihood = answerable(signals)
    return Verdict(likelihood, "" if likelihood >= LIMIT else _reason(query, stats, found), signals)


def answerable(signals: Signals) -> float:
    """The likelihood, 0 to 1: of questions that score so, half answerable and half not, this share is answered."""
    known = signals.known()
    bias, *weights = WEIGHTS[len(known)]
    weighted = sum(weight * value for weight, value in zip(weights, known, strict=True))
    return 1 / (1 + math.exp(-(bias + weighted)))


def _with_sentence(signals: Signals, found: Closest | None) -> Signals:
    return replace(signals, **asdict(found)) if found else signals


def _placed(ranked: list[tuple[Candidate, float]], worth: Worth) -> Iterator[PlacedLine]:
    known: dict[tuple[str, frozenset[str]], float] = {}  # many lines hold the same few terms
    for one, _ in ranked:
        asked = worth[one.language]
        for number, held in enumerate(reading(one).held(asked)):
            covered = known.get((one.language, held))
            if covered is None:
                covered = known[one.language, held] = coverage(asked, held)
            yield PlacedLine(one, number, held, covered)


def _signals(first: list[Candidate], query: Query, worth: Worth, found: list[PlacedLine]) -> Signals:
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


def _reason(query: Query, stats: TermStats, found: list[PlacedLine]) -> str:
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
