"""What each sentence of an answer rests on: words of a passage, by their place; a tool's result; or nothing."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter

from kb.citing.pointer import best_span
from kb.citing.support import terms
from kb.figures import NUMBER, plain
from kb.sentences import Sentence, sentences
from orchestrator.claims.courtesy import courteous
from orchestrator.evidence import Snippet

SHOWN_MARK = re.compile(r"\s*\[(\d+)\]")  # as the visitor sees it
NEARBY = 0.2  # of a sentence without a mark that a passage must hold for it to rest on that
TOLD = 0.3  # of its words and numbers that stand in a tool's result


@dataclass(frozen=True)
class Told:
    """What a tool gave, passages apart: JSON text."""

    call: str
    output: str


@dataclass(frozen=True)
class Ground:
    """Words that a sentence rests on: `text[start:end]` of the passage `passage`, or the result of `call`."""

    passage: str = ""
    start: int = 0
    end: int = 0
    sha256: str = ""  # of those words, or of the result
    call: str = ""


@dataclass(frozen=True)
class Grounded:
    """One sentence of an answer, by its characters. `by`: mark, nearby, result, courtesy, own, or none."""

    start: int
    end: int
    by: str
    grounds: tuple[Ground, ...] = ()


def sha256(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def grounded(
    said: str, cited: Mapping[int, Snippet], results: tuple[Told, ...] = (), *, claims: bool = True
) -> Iterator[Grounded]:
    """Each sentence of `said`, an answer as its reader sees it. `cited` are the passages behind its numbers.

    Unless it `claims` something, what rests on nothing is the assistant's own to say.
    """
    for one in whole_sentences(said):
        found = _grounded(one, said, cited, results)
        yield found if claims or found.by != "none" else replace(found, by="own")


def whole_sentences(said: str) -> Iterator[Sentence]:
    """The sentences of an answer, each with the marks that stand on a line of their own below it."""
    waiting: Sentence | None = None
    for one in sentences(said):
        if waiting is not None and not SHOWN_MARK.sub("", one.text).strip():
            waiting = Sentence(said[waiting.start : one.end], waiting.start, one.end)
            continue
        if waiting is not None:
            yield waiting
        waiting = one
    if waiting is not None:
        yield waiting


def _grounded(one: Sentence, said: str, cited: Mapping[int, Snippet], results: tuple[Told, ...]) -> Grounded:
    claim, numbers = SHOWN_MARK.sub("", one.text).strip(), [int(each) for each in SHOWN_MARK.findall(one.text)]
    own = [cited[number] for number in dict.fromkeys(numbers) if number in cited]
    if own:
        answer = SHOWN_MARK.sub("", said)
        return Grounded(one.start, one.end, "mark", tuple(_in_passage(each, claim, answer)[0] for each in own))
    if courteous(claim):
        return Grounded(one.start, one.end, "courtesy")
    if told := next((each for each in results if _tells(each.output, claim)), None):
        return Grounded(one.start, one.end, "result", (Ground(call=told.call, sha256=sha256(told.output)),))
    near = max((_in_passage(each, claim) for each in cited.values()), key=itemgetter(1), default=None)
    if near is not None and near[1] >= NEARBY:
        return Grounded(one.start, one.end, "nearby", (near[0],))
    return Grounded(one.start, one.end, "none")


def _in_passage(snippet: Snippet, claim: str, answer: str = "") -> tuple[Ground, float]:
    (start, end), score = best_span(snippet.text, claim, answer)
    return Ground(snippet.id, start, end, sha256(snippet.text[start:end])), score


def _tells(output: str, claim: str) -> bool:
    """Whether a result holds all numbers of `claim` and a good part of its words."""
    held = {plain(number) for number in NUMBER.findall(output)}
    if any(plain(number) not in held for number in NUMBER.findall(claim)):
        return False
    wanted = terms(claim)
    return bool(wanted) and len(wanted & terms(output)) >= TOLD * len(wanted)
