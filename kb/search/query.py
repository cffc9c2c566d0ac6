"""A question as it is searched: its words with their terms in every language of the site, and what each is worth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from core.privacy.cleaning import unmarked
from kb.analysis import AROUND_WORDS, STOP_WORDS, WORD, language_of, stem, term, words, written_out
from kb.search.readable import readable
from kb.search.spelling import alternatives

HEAD, TAIL = 700, 300  # characters of a longer question that are read: the matter stands first or last
MOST_WORDS = 128
ASIDE = 0.3  # weight of a word that is put around a subject: a page on returns need not say "policy"
SINGLE = 0.3  # weight of one character of a script without spaces, beside the pairs that it is in
MENDED = 0.8  # weight of a term that was guessed
AROUND = frozenset(map(stem, AROUND_WORDS))
SHORT_PART = 5  # characters of a word that may be part of a product code
ENGLISH = ("", "en")


class TermStats(Protocol):
    """What is known of terms in all that one search can see."""

    def frequency(self, found: str, /) -> int:
        """In how many chunks `found`, a term, occurs."""
        ...

    def idf(self, found: str, /) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)): never negative; highest for a term that occurs nowhere."""
        ...


@dataclass(frozen=True)
class Said:
    """One word of a question. `terms`: language → how texts in it have the word; "" is a language that is not known."""

    word: str
    terms: Mapping[str, str]
    weight: float
    guessed: bool = False  # nobody wrote it so: it counts only where it is found

    def term(self, language: str) -> str:
        """How texts in `language` have it."""
        return self.terms.get(language) or next(iter(self.terms.values()))


@dataclass(frozen=True)
class Query:
    """`text` goes to the embedder; `terms` with their weights to BM25. `said` are the words that they come from."""

    text: str
    terms: tuple[tuple[str, float], ...]
    said: tuple[Said, ...] = ()
    languages: tuple[str, ...] = ("",)
    spoken: str = ""  # the language of the question, "" where it can't be told

    @property
    def main(self) -> str:
        """The language that is taken for granted where a question's can't be told."""
        foreign = [language for language in self.languages if language not in ENGLISH]
        return foreign[0] if len(foreign) == 1 and "en" not in self.languages else "en"

    @property
    def words(self) -> tuple[str, ...]:
        """The terms alone."""
        return tuple(found for found, _ in self.terms)


def read_query(question: str, languages: Collection[str] = ()) -> Query:
    """`question` prepared for both legs. `languages` are those of the site's documents."""
    text = " ".join(_shortened(readable(unmarked(question))).split())
    empty = Query(text, (), (), ("", *sorted(set(languages) - {""})))
    told = language_of(text)
    spoken = told or empty.main
    if spoken == "en":
        text = written_out(text)[: HEAD + TAIL + 1]
    dull = STOP_WORDS.get(spoken, frozenset())
    found = [word for word in dict.fromkeys(words(text)) if word not in dull][:MOST_WORDS]
    paired = any(_wide(word) and len(word) > 1 for word in found)
    languages = empty.languages
    said = [_said(word, languages, SINGLE if paired and _wide(word) and len(word) == 1 else 1.0) for word in found]
    joined = [_said(word, languages, 1.0, guessed=True) for word in _joined(text, dull) if word not in found]
    return _query(text, (*said, *joined), replace(empty, spoken=told))


def lost(query: Query, unknown: Collection[str]) -> bool:
    """True where a word is among what was asked of which the site has no term in any language."""
    return any(not one.guessed and set(one.terms.values()) <= set(unknown) for one in query.said)


def mended(query: Query, unknown: Collection[str], known: Mapping[str, int]) -> Query:
    """`query` without what nobody can find: each word of which the site has no term (`unknown`) is replaced.

    By its likeliest spelling, its parts, or the compounds that it is part of, among the words that the site's
    documents have (`known`: folded word → in how many places). Words that can't be helped stay: that they are not
    known counts. Of a word with terms in several languages those stay that are known.
    """
    said: list[Said] = []
    names = {word for match in WORD.findall(query.text) if match[0].isupper() for word in words(match)}
    spelled: dict[str, str] = {}
    for one in query.said:
        left = {language: found for language, found in one.terms.items() if found not in unknown}
        if left:
            said.append(replace(one, terms=left))
            continue
        if one.guessed:
            continue
        better, is_spelling = alternatives(one.word, known, query.spoken, name=one.word in names)
        if is_spelling:
            spelled[one.word] = better[0]
        said += [_said(word, query.languages, MENDED, guessed=True) for word in better] or [one]
    text = query.text
    if spelled:
        text = WORD.sub(lambda match: spelled.get(words(match.group())[0], match.group()), text)
    return _query(text, tuple(said), query)


def added(query: Query, more: Sequence[str]) -> Query:
    """`query` with `more` folded words that mean the same as words in it."""
    said = [_said(word, query.languages, MENDED, guessed=True) for word in more]
    return _query(query.text, (*query.said, *said), query)


def _query(text: str, said: tuple[Said, ...], like: Query) -> Query:
    kept = tuple(one for one in said if one.terms)
    weights: dict[str, float] = {}
    for one in kept:
        for found in one.terms.values():
            weights[found] = max(weights.get(found, 0.0), one.weight)
    return Query(text, tuple(weights.items()), kept, like.languages, like.spoken)


def _said(word: str, languages: Sequence[str], weight: float, *, guessed: bool = False) -> Said:
    terms = {language: found for language in languages if (found := term(word, language))}
    aside = ASIDE if stem(word) in AROUND else 1.0
    return Said(word, terms, weight * aside, guessed=guessed)


def _shortened(question: str) -> str:
    if len(question) <= HEAD + TAIL:
        return question
    return f"{question[:HEAD]} {question[-TAIL:]}"


def _wide(word: str) -> bool:
    return word >= "\u0e00" and not word.isascii()


def _joined(text: str, dull: Collection[str]) -> list[str]:
    """Neighbouring words as one: "fl mt 045" may be the code FLMT045, "head lamp" the headlamp."""
    found = [word for word in words(text) if word.isalnum() and (len(word) > 1 or word.isdigit())][:MOST_WORDS]
    joined: list[str] = []
    for at in range(len(found) - 1):
        pair, triple = found[at : at + 2], found[at : at + 3]
        if not any(word in dull for word in pair) and not all(map(str.isdigit, pair)):
            joined.append("".join(pair))
        if len(triple) > 2 and _coded(triple) and not any(word in dull for word in triple):  # noqa: PLR2004
            joined.append("".join(triple))
    return joined


def _coded(parts: list[str]) -> bool:
    """True where these may be the parts of one product code."""
    digits = sum(map(str.isdigit, parts))
    return 0 < digits < len(parts) and all(len(part) <= SHORT_PART for part in parts)
