"""Does this unit answer that question? A logistic score over what a question loses, word by word, in the unit."""

import re
from dataclasses import astuple, dataclass

import numpy as np

from brain.extractive.asked import DATE
from brain.extractive.lexicon import STOP_WORDS
from brain.extractive.rank import Question, Ranked, bag_of, placed, spanned
from kb.analysis import WORD, fold, stem, words
from kb.meanings import vectors
from kb.vectors import Vectors

# Fitted by regularised logistic regression over 79 answerable and 38 unanswerable development questions, 78 of the
# former with all passages removed that answer them, and 150 of CLINC150's out-of-scope questions. In eightfold
# cross-validation this limit answers 62 % of the answerable and stops 95 % of the unanswerable ones about the shop,
# 85 % of those whose passages were removed, and 99 % of those out of scope. At -0.6 it is 75 %, 88 %, 74 % and 99 %.
BIAS = -2.81
WEIGHTS = (3.53, 2.09, -6.04, -3.74)  # in the order of the fields of Signals
LIMIT = -0.3
NUMBERED = re.compile(r"\b([^\W\d]\w+) (\d{1,4})\b(?![%-])")


@dataclass(frozen=True)
class Signals:
    """What speaks for and against the best unit."""

    near: float  # its cosine to the question
    weakest: float  # of the question's words the one with the least kin in the unit: the cosine to its nearest word
    lost: float  # the most that a word without kin in the unit means to the question
    aside: float  # how much nearer to the unit the question comes, at most, when one of its words is left out


def answers(question: Question, best: Ranked) -> bool:
    """True where `best`, the best that was found, is likely to answer `question`."""
    if _unnumbered(question, best) or question.asked.missed(best.unit.text):
        return False
    values: tuple[float, ...] = astuple(signals(question, best))
    return BIAS + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True)) > LIMIT


def signals(question: Question, best: Ranked) -> Signals:
    """The signals of a unit, against the wording of the question that it is nearest to."""
    return Signals(best.near, *_word_by_word(question.wordings[best.wording], best))


def _word_by_word(wording: str, best: Ranked) -> tuple[float, float, float]:
    said = [match for match in WORD.finditer(wording) if _telling(fold(match.group()))]
    if not said:
        return 1.0, 0.0, 0.0
    without = [(wording[: match.start()] + wording[match.end() :]).replace("  ", " ") for match in said]
    there = [word for word in dict.fromkeys(words(_all(best))) if _telling(word)]
    asked = [fold(match.group()) for match in said]
    made = vectors([wording, placed(best.unit), *without, *asked, *there])
    if made is None:
        held = [float(stem(word) in bag_of(best.unit)) for word in asked]
        return min(held), 0.1 * (1 - min(held)), 0.0
    whole, unit, rest = made[0], made[1], made[2 : 2 + len(said)]
    kin = _kin(asked, there, made[2 + len(said) :])
    meant = np.maximum(1 - rest @ whole, 0.0)
    return float(kin.min()), float((meant * (1 - kin)).max()), float((rest @ unit - whole @ unit).max())


def _kin(asked: list[str], there: list[str], made: Vectors) -> Vectors:
    """For each word asked the cosine to its nearest one there; 1 where that is the same."""
    near = made[: len(asked)] @ made[len(asked) :].T if there else np.zeros((len(asked), 1), np.float32)
    stems = set(map(stem, there))
    same = [stem(word.removesuffix("'s")) in stems for word in asked]
    kin: Vectors = np.where(same, 1.0, near.max(axis=1))
    return kin


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


def _is_name(word: str, best: Ranked) -> bool:
    """True where the visitor or the document writes `word` as a name, before a number in the latter."""
    return word[0].isupper() or bool(re.search(rf"\b{re.escape(word.capitalize())} \d", _all(best)))
