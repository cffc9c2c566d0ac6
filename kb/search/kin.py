"""A question word by word against one piece of a document: what would be left unanswered if that were the answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kb.analysis import WORD, fold, stem, words
from kb.embeddings.meanings import vectors
from kb.embeddings.vectors import Vectors

MOST_WORDS = 16  # of a question that are looked at: each costs a look at the question without it


@dataclass(frozen=True)
class Kin:
    """How the words of a question fare in a piece; each about 0 to 1."""

    weakest: float  # of the question's words the one with the least kin in the piece: the cosine to its nearest word
    lost: float  # the most that a word without kin in the piece means to the question
    aside: float  # how much nearer to the piece the question comes, at most, when one of its words is left out


def kin(question: str, piece: str, whole: str, telling: Callable[[str], bool]) -> Kin | None:
    """`piece` is compared as it is, the words of `whole` one by one; `telling`: whether a folded word counts.

    None without the local model.
    """
    said = [match for match in WORD.finditer(question) if telling(fold(match.group()))][:MOST_WORDS]
    if not said:
        return Kin(1.0, 0.0, 0.0)
    without = [(question[: match.start()] + question[match.end() :]).replace("  ", " ") for match in said]
    there = [word for word in dict.fromkeys(words(whole)) if telling(word)]
    asked = [fold(match.group()) for match in said]
    made = vectors([question, piece, *without, *asked, *there])
    if made is None:
        return None
    asking, answering, rest = made[0], made[1], made[2 : 2 + len(said)]
    near = _nearest(asked, there, made[2 + len(said) :])
    meant = np.maximum(1 - rest @ asking, 0.0)
    aside = float((rest @ answering - asking @ answering).max())
    return Kin(float(near.min()), float((meant * (1 - near)).max()), aside)


def _nearest(asked: list[str], there: list[str], made: Vectors) -> Vectors:
    """For each word asked the cosine to its nearest one there; 1 where that is the same."""
    near = made[: len(asked)] @ made[len(asked) :].T if there else np.zeros((len(asked), 1), np.float32)
    stems = set(map(stem, there))
    same = [stem(word.removesuffix("'s")) in stems for word in asked]
    found: Vectors = np.where(same, 1.0, near.max(axis=1))
    return found
