"""Texts that say the same, and versions of one document: only the newest is shown.

What differs in a name, or in a number where the titles differ, too, is no duplicate: two products, two countries.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from kb.analysis import fold
from kb.search.candidate import Candidate
from kb.search.reading import SKETCH, reading

ALIKE = 0.7  # share of common word triples from which on two texts of one title are one
VERSIONS_ALIKE = 0.3  # the same, where the titles say that they are versions of one document
MET = 4  # of the smallest hashes of two texts: by chance texts on one matter have one or two in common
NEVER = datetime.min.replace(tzinfo=UTC)

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
)
_MONTHS += "|nov(?:ember)?|dec(?:ember)?|januar|februar|marz|mai|juni|juli|oktober|dezember|janvier|fevrier|mars|avril"
_MONTHS += "|juin|juillet|aout|septembre|octobre|novembre|decembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
_MONTHS += "|septiembre|octubre|noviembre|diciembre"
_YEAR = r"(?:19|20)\d\d"
# A bare number is no mark: "Ember 3" and "Ember 4" are two stoves.
MARK = re.compile(
    rf"""
    \b{_YEAR}[-./]\d\d?(?:[-./]\d\d?)?\b | \b\d\d?[-./]\d\d?[-./]{_YEAR}\b | \b\d\d?[-./]{_YEAR}\b
    | \b(?:\d\d?\.?\ (?:de\ )?)?(?:{_MONTHS})\.?\ (?:\d\d?,?\ |de\ )?{_YEAR}\b
    | \bq[1-4][ /-]?{_YEAR}\b | \b{_YEAR}\b
    | \b(?:v|ver|version|rev|revision|edition|ausgabe|stand|fassung)\.?\ ?\d+(?:\.\d+)*\b
    | \b(?:old|outdated|obsolete|superseded|archived?|draft|new|current|updated|latest|final|copy|deprecated
        |alt|neu|veraltet|archiv|entwurf|aktuell|ancien(?:ne)?|nouveau|nouvelle|brouillon|antigu[oa]|nuev[oa]|borrador)\b
    """,
    re.VERBOSE,
)
_OLD = re.compile(
    r"old|outdated|obsolete|superseded|archive|deprecated|draft|alt|veraltet|archiv|ancien|antigu|borrador"
)
_NEW = re.compile(r"new|current|updated|latest|final|neu|aktuell|nouve|nuev")
_NAME = re.compile(r"\b[^\W\d_][\w'’-]+")
_SENTENCE = re.compile(r"(?:^|[.!?:|]\s+|\n[\s#*-]*)\W*$")


def distinct(candidates: list[Candidate], most: int | None = None) -> list[Candidate]:
    """`candidates`, best first, without those that another one stands for; the newest stands where the best stood.

    The first `most` of them.
    """
    outdated = _outdated(candidates)
    left = [candidate for candidate in candidates if candidate.document_id not in outdated]
    most = len(left) if most is None else most
    kept = left[:most] if _apart(left[:most]) else []
    for candidate in left[len(kept) :]:
        # What comes after the last may still be the newer version of one that is there.
        if len(kept) >= most and not any(_title(candidate).bare == _title(other).bare for other in kept):
            continue
        twin = next((at for at, other in enumerate(kept) if _same(candidate, other)), None)
        if twin is None:
            kept.append(candidate)
        elif _title(candidate).bare == _title(kept[twin]).bare and _age(candidate) > _age(kept[twin]):
            kept[twin] = candidate
    return kept[:most]


def _outdated(candidates: list[Candidate]) -> set[str]:
    """Documents of which a newer version is among the candidates."""
    named = defaultdict[str, list[Candidate]](list)
    for one in candidates:
        named[_title(one).bare].append(one)
    old: set[str] = set()
    for alike in named.values():
        for at, one in enumerate(alike):
            for other in alike[:at]:
                if one.document_id != other.document_id and _versions(one, other):
                    older = min(one, other, key=_age)
                    old.add(older.document_id)
    return old


def _versions(one: Candidate, other: Candidate) -> bool:
    first, second = _title(one), _title(other)
    marked = first.marks != second.marks and bool(first.bare)
    return marked and _likeness(one.text, other.text) >= VERSIONS_ALIKE


def _age(candidate: Candidate) -> tuple[datetime, int, tuple[int, ...]]:
    """Larger for what is newer: by its date, else by what its title says."""
    title = _title(candidate)
    return candidate.updated_at or NEVER, title.rank, title.numbers


def _same(one: Candidate, other: Candidate) -> bool:
    if one.text == other.text:
        return (
            one.document_id == other.document_id or _title(one).words == _title(other).words or not _differ(one, other)
        )
    if one.document_id == other.document_id:
        return False  # two tables of one page are alike, and both are meant
    if not _meet(one, other) or _likeness(one.text, other.text) < ALIKE:
        return False
    if _title(one).bare == _title(other).bare:
        return not (_own(one, other) and _own(other, one))
    return not _differ(one, other) and _numbers(one.text) == _numbers(other.text)


def _differ(one: Candidate, other: Candidate) -> bool:
    """True where the titles differ in what the texts differ in as well, or in a number: they are about two things."""
    titles = _title(one).words ^ _title(other).words
    texts = frozenset(_words(one.text)) ^ frozenset(_words(other.text))
    return bool(titles & texts) or any(map(str.isdigit, "".join(titles)))


def _own(one: Candidate, other: Candidate) -> bool:
    """True where `one` has a name that `other` does not have at all: "Norway" in one table, "Germany" in the next."""
    return bool(_names(f"{one.section}\n{one.text}") - frozenset(_words(f"{other.section}\n{other.text}")))


@dataclass(frozen=True)
class _Title:
    bare: str  # without marks of a version
    marks: frozenset[str]
    words: frozenset[str]
    numbers: tuple[int, ...]  # of the marks, the year first
    rank: int  # -1 where a mark says that it is old, 1 where one says that it is new


def _title(candidate: Candidate) -> _Title:
    return _read_title(candidate.title)


@lru_cache(maxsize=4096)
def _read_title(title: str) -> _Title:
    folded = fold(title).replace("_", " ")
    found = [match.group() for match in MARK.finditer(folded)]
    bare = " ".join(re.findall(r"\w+", MARK.sub(" ", folded)))
    numbers = sorted((int(number) for mark in found for number in re.findall(r"\d+", mark)), reverse=True)
    rank = any(_NEW.match(mark) for mark in found) - any(_OLD.match(mark) for mark in found)
    return _Title(bare, frozenset(found), frozenset(re.findall(r"\w+", folded)), tuple(numbers), rank)


def _meet(one: Candidate, other: Candidate) -> bool:
    """False where two texts are not ALIKE: those that are share MET of 24 pairs of terms, but for one in 10⁸."""
    if one.language != other.language:
        return True
    first, second = reading(one).sketch, reading(other).sketch
    return len(first & second) >= MET or len(first) < SKETCH or len(second) < SKETCH


def _apart(several: list[Candidate]) -> bool:
    """True where no two of them meet."""
    sketches = [reading(one).sketch for one in several]
    one_language = len({one.language for one in several}) == 1
    return (
        one_language
        and min(map(len, sketches)) == SKETCH
        and len(frozenset().union(*sketches)) == sum(map(len, sketches))
    )


def _likeness(one: str, other: str) -> float:
    first, second = _triples(one), _triples(other)
    common = len(first & second)
    return common / (len(first) + len(second) - common)


@lru_cache(maxsize=1024)
def _triples(text: str) -> frozenset[int]:
    said = _words(text)  # hashes do: every pair of candidates is compared in every search
    return frozenset(map(hash, zip(said, said[1:], said[2:], strict=False))) or frozenset({hash(said)})


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+(?:[.,]\d+)*", fold(text)))


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in _words(text) if any(map(str.isdigit, word)))


@lru_cache(maxsize=1024)
def _names(text: str) -> frozenset[str]:
    """Folded words that begin with a capital where no sentence does."""
    return frozenset(_named(text))


def _named(text: str) -> Iterable[str]:
    for match in _NAME.finditer(text):
        before = text[max(0, match.start() - 6) : match.start()]
        if match.group()[0].isupper() and not _SENTENCE.search(before):
            yield fold(match.group())
