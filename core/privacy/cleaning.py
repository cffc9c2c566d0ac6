"""Taking personal data out: from one text, and from one that was sent in parts.

Call `clean` on every text before it is stored, logged, embedded, sent or shown to a model.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from core.privacy import cards, credentials, ibans, passwords, persons
from core.privacy.found import Found, Kind, settled
from core.privacy.plain import readings
from core.privacy.spelled import worth_reading
from core.privacy.tokens import untokened

Finder = Callable[[str], Iterable[Found]]

# To add one: write its file, add it here, with the fewest digits of what it finds. Each is asked of every reading.
FINDERS: tuple[tuple[Finder, int], ...] = (
    (credentials.find, 0),
    (passwords.find, 0),
    (cards.find, cards.SHORTEST),
    (ibans.find, ibans.FEWEST_DIGITS),
    (persons.find_us, 9),
    (persons.find_others, 6),
    (persons.find_papers, 5),
)
MARKS: dict[Kind, str] = {
    "secret": "[secret removed]",
    "card": "[card number removed]",
    "iban": "[bank account removed]",
    "ssn": "[social security number removed]",
    "national_id": "[identity number removed]",
    "security_code": "[security code removed]",
}
PART = "[part of a number removed]"  # in a message that was stored before the rest came
MARKED = re.compile("|".join(map(re.escape, (*MARKS.values(), PART))))
ROUNDS = 8  # what is taken out may bring words nearer to what is left
ENDS = 120  # characters of a message before in which a number may begin that goes on
NUMBER = r"\d(?:[\s\-._/,]{0,3}\d)*"
TAIL = re.compile(rf"{NUMBER}(?=\D{{0,40}}\Z)")
HEAD = re.compile(rf"\A\D{{0,40}}?({NUMBER})")


def unmarked(text: str) -> str:
    """`text` without what stands for something removed or put away: for whoever looks for what it is about."""
    return MARKED.sub(" ", untokened(text))


@dataclass(frozen=True)
class Cleaned:
    """`text` without what nobody here needs, and the kinds that were taken out, in order; empty: nothing was."""

    text: str
    found: tuple[Kind, ...] = ()


def find(text: str, finders: Sequence[tuple[Finder, int]] = FINDERS) -> tuple[Found, ...]:
    """What is to be destroyed in `text`, in order; the spans do not overlap. Never raises."""
    found: list[Found] = []
    for plain in readings(text):
        digits = sum(map(str.isdigit, plain.text))
        for finder, fewest in finders:
            if digits >= fewest:
                found += (Found(one.kind, *plain.given(one.start, one.end)) for one in finder(plain.text))
    return settled(found)


def clean(text: str) -> Cleaned:
    """`text` with a mark in the place of each card, bank account, identity number and secret. Twice is once."""
    kinds: list[Kind] = []
    for _ in range(ROUNDS):
        found = find(text)
        if not found:
            break
        kinds += [one.kind for one in found]
        text = _without(text, [(one.start, one.end, MARKS[one.kind]) for one in found])
    return Cleaned(text, tuple(kinds))


def may_go_on(text: str) -> bool:
    """Whether `text` may be the rest of what another one began: a number's, or a password by itself."""
    return any(map(str.isdigit, text)) or len(text.split()) == 1 or worth_reading(text)


def clean_next(earlier: Sequence[str], text: str) -> tuple[tuple[str, ...], Cleaned]:
    """As `clean`, for a text that comes after `earlier` ones (clean, oldest first): a number may go on in it.

    Also gives `earlier` as it must be kept from now on.
    """
    cleaned = clean(text)
    before = tuple(earlier)
    kinds = list(cleaned.found)
    for _ in range(ROUNDS):
        parts = (*before, cleaned.text)
        pieces = _in_a_row(parts) or _with_words_between(parts)
        if not pieces:
            break
        kinds += [kind for kind, at, *_ in pieces if at == len(before)]
        *rest, last = (
            _without(part, [(start, end, _mark(kind, at, len(before))) for kind, at, start, end in pieces if at == n])
            for n, part in enumerate(parts)
        )
        before, cleaned = tuple(rest), Cleaned(last, tuple(kinds))
    return before, Cleaned(cleaned.text, tuple(kinds))


Piece = tuple[Kind, int, int, int]  # of the part with this number, from where to where


def _mark(kind: Kind, at: int, last: int) -> str:
    return MARKS[kind] if at == last else PART


def _in_a_row(parts: Sequence[str]) -> list[Piece]:
    """What is found when the parts are read as lines of one text, and stands at least partly in the last of them."""
    cuts = [*(max(0, len(part) - ENDS) for part in parts[:-1]), 0]  # what goes on stands at the end
    lines = [part[cut:] for part, cut in zip(parts, cuts, strict=True)]
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    reaching = [one for one in find("\n".join(lines)) if one.end > starts[-2]]
    return [
        (one.kind, n, cut + max(one.start - start, 0), cut + min(one.end - start, len(line)))
        for one in reaching
        for n, (line, start, cut) in enumerate(zip(lines, starts, cuts, strict=False))
        if one.start < start + len(line) and one.end > start
    ]


def _with_words_between(parts: Sequence[str]) -> list[Piece]:
    """A number that ends one part and goes on in the next, with words around both."""
    if len(parts) < 2 or (tail := TAIL.search(parts[-2])) is None or (head := HEAD.search(parts[-1])) is None:  # noqa: PLR2004
        return []
    whole = f"{tail[0]}-{head[1]}"
    for one in find(whole):
        if (one.start, one.end) == (0, len(whole)):
            return [(one.kind, len(parts) - 2, *tail.span()), (one.kind, len(parts) - 1, *head.span(1))]
    return []


def _without(text: str, pieces: Iterable[tuple[int, int, str]]) -> str:
    for start, end, mark in sorted(pieces, reverse=True):
        text = text[:start] + mark + text[end:]
    return text
