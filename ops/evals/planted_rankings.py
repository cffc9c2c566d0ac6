"""Ten rankings turned round as a careless editor turns them: at the end, in the middle, in what is fused."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from kb.search import hybrid, rerank

Ranked = list[tuple[Any, float]]
Scores = dict[int, float]


@dataclass(frozen=True)
class Turned:
    """What stands in `module` under `name`, and `made`, which makes of it what stands there instead."""

    what: str
    module: ModuleType
    name: str
    made: Callable[[Any], Any]


def _given(what: str, order: Callable[[Ranked], Ranked]) -> Turned:
    """What the re-ranking gives, in another order or not all of it."""

    def made(sound: Any) -> Any:
        return lambda *asked, **more: order(sound(*asked, **more))

    return Turned(what, hybrid, "rerank", made)


def _got(what: str, order: Callable[[list[Any]], list[Any]]) -> Turned:
    """The candidates that the re-ranking gets, in another order or not all of them."""

    def made(sound: Any) -> Any:
        return lambda candidates, *asked, **more: sound(order(candidates), *asked, **more)

    return Turned(what, hybrid, "rerank", made)


def _fused(what: str, turned: Callable[[Callable[..., Scores], Scores, Scores, float], Scores]) -> Turned:
    """How words and meaning come into one."""

    def made(sound: Callable[..., Scores]) -> Any:
        return lambda lexical, nearest, vectors: turned(sound, lexical, nearest, vectors)

    return Turned(what, hybrid, "fuse", made)


def _negative(scores: Scores) -> Scores:
    return {one: -score for one, score in scores.items()}


def _exchanged(ranked: Ranked) -> Ranked:
    """Each has the score of the one that is as far from the other end of the candidates, and none is sorted by it."""
    by_fused = sorted(ranked, key=lambda pair: -pair[0].fused)
    scores = [score for _, score in by_fused][::-1]
    paired = [(one, score) for (one, _), score in zip(by_fused, scores, strict=True)]
    return sorted(paired, key=lambda pair: -pair[1])


RANKINGS = (
    _given("the worst come first", lambda ranked: ranked[::-1]),
    _given("the best is lost", lambda ranked: ranked[1:]),
    _given("the better half is lost", lambda ranked: ranked[len(ranked) // 2 :]),
    _given("the worst alone is kept", lambda ranked: ranked[-1:]),
    _given("scores are paired with the candidates from the wrong end", _exchanged),
    _got("the candidates' last are kept, not their first", lambda candidates: candidates[::-1]),
    Turned("the fused score counts as negative", rerank, "FUSED", lambda sound: -sound),
    _fused(
        "the leg of words is upside down",
        lambda sound, lexical, nearest, vectors: sound(_negative(lexical), nearest, vectors),
    ),
    _fused(
        "cosines are taken for distances",
        lambda sound, lexical, nearest, vectors: sound(lexical, _negative(nearest), vectors),
    ),
    _fused(
        "the fused score is the distance from the best",
        lambda sound, *legs: {one: 1 - score for one, score in sound(*legs).items()},
    ),
)
