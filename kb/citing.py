"""From a claim to the place it rests on: the words of the passage, where they stand, and a link that leads there."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kb.figures import NUMBER, plain
from kb.fragments import deep_link
from kb.sentences import sentences

QUOTE_CHARS = 300  # of prose; a table row is quoted whole
ROW_CHARS = 1_000
MARK = re.compile(r"(#{1,6} |- )?")  # what the chunker sets before headings and items: no reader of the source sees it
WORD = re.compile(r"[^\W\d_]+")
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
STEM = 4  # letters that two words must begin with to count as forms of one
NUMBERS, FORMS = 3.0, 0.6  # what a shared number, and another form of a word, are worth beside a shared word
EXTRA = 0.3  # what each word costs that the claim does not have: so no quote is longer than it need be
LEAST = 0.1  # a claim that shares less than this says nothing itself ("Yes."): then all of the answer counts

Span = tuple[int, int]
Terms = frozenset[str]


@dataclass(frozen=True)
class Quotable:
    """A passage as it was found; `start` and `places` as in kb.chunker.Passage, `places` empty where not known."""

    text: str
    url: str = ""
    page: int | None = None
    start: int = 0
    places: tuple[tuple[int, int | None, str], ...] = ()


@dataclass(frozen=True)
class Pointer:
    """Where something stands: `document_text[start:end] == quote`. `link` is "" where no address leads there.

    A quote lies within one block, so it never holds a mark of ours, and is what a reader sees in the source; but for
    a table row, which is quoted with its headers as the document's text has it. `start` and `end` are None for passages
    from before places were kept.
    """

    quote: str
    start: int | None
    end: int | None
    page: int | None
    anchor: str
    link: str


def point(passage: Quotable, claim: str, answer: str = "") -> Pointer:
    """The sentence or two of `passage` that support `claim` best, one sentence of `answer`."""
    start, end = _best(passage.text, claim, answer)
    page, anchor = _place(passage, start)
    return Pointer(
        quote=passage.text[start:end],
        start=passage.start + start if passage.places else None,
        end=passage.start + end if passage.places else None,
        page=page,
        anchor=anchor,
        link=deep_link(passage.url, passage.text, (start, end), page=page, anchor=anchor),
    )


def _place(passage: Quotable, at: int) -> tuple[int | None, str]:
    page, anchor = passage.page, ""
    for offset, page_there, anchor_there in passage.places:
        if offset > at:
            break
        page, anchor = page_there, anchor_there
    return page, anchor


def _best(text: str, claim: str, answer: str) -> Span:
    spans = list(_candidates(text))
    if not spans:
        return 0, 0
    found = [(span, _terms(text[slice(*span)])) for span in spans]
    known = Counter(term for _, terms in found for term in terms)
    for said in (claim, answer):
        wanted = _terms(said)
        scores = [_support(wanted, terms, known) for _, terms in found]
        if max(scores) >= LEAST:
            break
    return spans[max(range(len(spans)), key=lambda n: scores[n])]


def _candidates(text: str) -> Iterator[Span]:
    """Rows and items whole, sentences, and two sentences of one line; headings only where there is nothing else."""
    headings: list[Span] = []
    bare = True
    at = 0
    for line in text.split("\n"):
        mark = MARK.match(line)
        start, end = at + (mark.end() if mark else 0), at + len(line.rstrip())
        at += len(line) + 1
        if start >= end:
            continue
        if line.startswith("#") and mark and mark.group():
            headings.append((start, end))
            continue
        bare = False
        whole = ROW_CHARS if " | " in line else QUOTE_CHARS if line.startswith("- ") else 0
        yield from [(start, end)] if end - start <= whole else _sentences(text, start, end)
    if bare:
        yield from (part for start, end in headings for part in _cut(text, start, end))


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    whole = [(start + each.start, start + each.end) for each in sentences(text[start:end])]
    found = [part for span in whole for part in _cut(text, *span)]
    yield from found
    yield from ((one, last) for (one, _), (_, last) in pairwise(found) if last - one <= QUOTE_CHARS)


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """A sentence that is too long to quote, in parts, between words where there are any."""
    while end - start > QUOTE_CHARS:
        space = text.rfind(" ", start, start + QUOTE_CHARS)
        last = space if space > start else start + QUOTE_CHARS
        yield start, last
        start = last + (space > start)
    if start < end:
        yield start, end


def _terms(text: str) -> Terms:
    """Numbers, words without accents, and pairs of characters where words are not set apart."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    terms = {f"#{plain(number)}" for number in NUMBER.findall(folded)}
    for word in WORD.findall(unicodedata.normalize("NFC", folded)):
        wide = WIDE.search(word)
        terms.update((a + b for a, b in pairwise(word)) if wide else (word,))
    return frozenset(terms)


def _support(wanted: Terms, held: Terms, known: Counter[str]) -> float:
    """How much of the claim is here (0 to 1), less a little for what is here and not in the claim (Tversky's index)."""
    shared = wanted & held
    begun = {term[:STEM] for term in held if len(term) >= STEM and term[0] != "#"}
    forms = {term for term in wanted - shared if len(term) >= STEM and term[:STEM] in begun}
    matched = _weight(shared, known) + FORMS * _weight(forms, known)
    extra = EXTRA * _weight(held - shared, known)
    return matched / ((_weight(wanted, known) + extra) or 1.0)


def _weight(terms: set[str] | Terms, known: Counter[str]) -> float:
    """Rare words tell more than common ones, and numbers more than words."""
    each = (
        math.log(1 + (1 + known.total()) / (1 + known[term])) * (NUMBERS if term[0] == "#" else 1) for term in terms
    )
    return math.fsum(each)
