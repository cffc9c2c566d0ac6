"""Does this unit answer that question? A logistic score over what a question loses, word by word, in the unit."""

import re
from dataclasses import astuple, dataclass
from itertools import pairwise

from brain.extractive.asked import DATE
from brain.extractive.lexicon import STOP_WORDS
from brain.extractive.rank import PART, Question, Ranked, bag_of, placed, spanned
from kb.analysis import fold, stem, words
from kb.search.kin import Kin, kin

# Fitted by regularised logistic regression over 79 answerable and 38 unanswerable development questions, 78 of the
# former with all passages removed that answer them, and 150 of CLINC150's out-of-scope questions. In eightfold
# cross-validation -0.3 answers 62 % of the answerable and stops 95 % of the unanswerable ones about the shop,
# 85 % of those whose passages were removed, and 99 % of those out of scope. The limit was chosen later, with the rules
# for names and forms below, on 229 answerable questions to tune on, 90 near misses and 100 out of scope: at -0.3 it
# answers 73 % of the first (89 % of these right), 3 % of the near misses and 1 %; at -0.5 79 % (88 %), 7 % and 1 %; at
# -0.7 83 % (86 %), 10 % and 1 %; at -0.8 87 % (85 %), 19 % and 1 %.
BIAS = -2.81
WEIGHTS = (3.53, 2.09, -6.04, -3.74)  # in the order of the fields of Signals
LIMIT = -0.5
# How many there are just now stands in no document, however near one comes.
MOMENTARY = re.compile(
    r"\bhow (?:many|much)\b.{0,60}\b(?:right now|at the moment|at this moment|currently|at present)\b", re.IGNORECASE
)
ENDS, AROUND = ".?!:", ".,;:?!()\"'"
NUMBERED = re.compile(r"\b([^\W\d]\w+) (\d{1,4})\b(?![%-])")


@dataclass(frozen=True)
class Signals:
    """What speaks for and against the best unit."""

    near: float  # its cosine to the question
    weakest: float  # these three as in kb.search.kin.Kin
    lost: float
    aside: float


def answers(question: Question, best: Ranked) -> bool:
    """True where `best`, the best that was found, is likely to answer `question`."""
    if (
        MOMENTARY.search(question.wordings[0])
        or _unnumbered(question, best)
        or _unnamed(question, best)
        or question.asked.missed(best.unit.text)
    ):
        return False
    values: tuple[float, ...] = astuple(signals(question, best))
    return BIAS + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True)) > LIMIT


def signals(question: Question, best: Ranked) -> Signals:
    """The signals of a unit, against the wording of the question that it is nearest to."""
    return Signals(best.near, *astuple(_word_by_word(question.wordings[best.wording], best)))


def _word_by_word(wording: str, best: Ranked) -> Kin:
    if (found := kin(wording, placed(best.unit), _all(best), _telling)) is not None:
        return found
    held = min((stem(word) in bag_of(best.unit) for word in words(wording) if _telling(word)), default=True)
    return Kin(float(held), 0.1 * (not held), 0.0)


def _telling(word: str) -> bool:
    return word.replace("'", "") not in STOP_WORDS and (len(word) > 1 or word.isdigit())


def _all(best: Ranked) -> str:
    return " ".join((best.unit.title, *best.unit.headings, best.unit.text))


def _unnumbered(question: Question, best: Ranked) -> bool:
    """True where a name is asked about with its number ("EU 46"), and the unit has the name with other ones alone."""
    there = f" {' '.join(words(_all(best)))} "
    in_range = spanned(question, best.unit)
    return any(
        f" {fold(name)} " in there and f" {fold(name)} {number} " not in there and number not in in_range
        for name, number in NUMBERED.findall(question.wordings[0])
        if _telling(fold(name)) and not DATE.search(name) and _is_name(name, best)
    )


def _unnamed(question: Question, best: Ranked) -> bool:
    """True where a name is asked about ("the shop in Manchester") that stands in nothing that was found.

    A sentence beside the question ("I live in Bristol.") tells of the visitor, and no page has to know of it.
    """
    unknown = {term.stem for term in question.terms if not term.known}
    parts = PART.split(question.wordings[best.wording])
    asking = [part for part in parts if part.endswith("?") or len(parts) == 1]
    return any(stem(fold(name)) in unknown for part in asking for name in names_in(part))


def names_in(wording: str) -> list[str]:
    """Its words with a capital that no beginning of a sentence explains; none where most words have one."""
    written = wording.split()
    if sum(word[0].isupper() for word in written) * 2 > len(written):
        return []
    inside = [word for before, word in pairwise(written) if word[0].isupper() and before[-1] not in ENDS]
    return [word.strip(AROUND).removesuffix("'s") for word in inside]


def _is_name(word: str, best: Ranked) -> bool:
    """True where the visitor or the document writes `word` as a name, before a number in the latter."""
    return word[0].isupper() or bool(re.search(rf"\b{re.escape(word.capitalize())} \d", _all(best)))
