"""One thing changed in a true sentence, so that it is false: a figure, a name, a negation or a condition."""

import random
import re
from collections.abc import Callable, Sequence

NUMBER = re.compile(r"(?<![\w.,:/-])\d+(?:[.,]\d+)?(?![\w@/-])")
PRICE = re.compile(r"(?<=£)\d+(?:[.,]\d{2,3})*")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)})\b|\b({'|'.join(DAYS)})\b")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\b0\d{3,4} \d{5,6}\b")
LINK = re.compile(r"\bfjordlight\.example\b")
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?\b")
NO_NAMES = {*MONTHS, *DAYS}

NEGATIONS = (
    (r"\bcannot\b", "can"), (r"\bcan not\b", "can"), (r"\bcan't\b", "can"), (r"\b(do|does|did) not ", r"\1 "),
    (r"\b(is|are|was|were|will|must|should|may|has|have) not ", r"\1 "), (r"\bnever\b", "always"),
    (r"\bThere is no\b", "There is a"), (r"\bno longer\b", "still"), (r"\bwithout\b", "with"),
    (r"\bcan\b(?! not)", "cannot"), (r"\b(is|are|was|were|will|must|should|may)\b(?! not| no\b| never)", r"\1 not"),
    (r"\bYou have\b", "You do not have"), (r"\bWe (\w+)\b", r"We do not \1"), (r"\bwith\b", "without"),
)  # fmt: skip
CONDITIONS = (
    (r"\bonly if\b", "even if"), (r"\bonly\b", "also"), (r"\bif\b", "even if"), (r"\bIf\b", "Even if"),
    (r"\bunless\b", "if"), (r"\bexcept\b", "including"), (r"\bbefore\b", "after"), (r"\bBefore\b", "After"),
    (r"\bafter\b", "before"), (r"\bAfter\b", "Before"), (r"\bwithin\b", "after"), (r"\buntil\b", "from"),
    (r"\bat least\b", "at most"), (r"\bup to\b", "at least"), (r"\bmore than\b", "less than"),
    (r"\bless than\b", "more than"), (r"\bover\b", "under"), (r"\bunder\b", "over"), (r"\bunused\b", "used"),
    (r"\bunopened\b", "opened"), (r"\bmust\b", "need not"), (r"\bfree\b", "charged"), (r"\ball\b", "some"),
    (r"\bevery\b", "no"), (r"\bafter\b", "before"), (r"\bdays\b", "weeks"), (r"\bhours\b", "days"),
    (r"\bfirst\b", "last"), (r"\bincluded\b", "excluded"), (r"\bworking days\b", "calendar weeks"),
)  # fmt: skip

Change = Callable[[str, random.Random, Sequence[str]], str]


def _number(text: str, chance: random.Random, _: Sequence[str]) -> str:
    return _swapped(NUMBER, text, chance, lambda said: _other(said, chance))


def _price(text: str, chance: random.Random, _: Sequence[str]) -> str:
    return _swapped(PRICE, text, chance, lambda said: _other(said, chance))


def _date(text: str, chance: random.Random, _: Sequence[str]) -> str:
    def other(said: str) -> str:
        if said in DAYS:
            return chance.choice([day for day in DAYS if day != said])
        day, month = said.split()
        if chance.random() < 0.5:  # noqa: PLR2004 - a coin
            return f"{int(day) % 28 + 1} {month}"
        return f"{day} {chance.choice([one for one in MONTHS if one != month])}"

    return _swapped(DATE, text, chance, other)


def _contact(text: str, chance: random.Random, _: Sequence[str]) -> str:
    for pattern, other in (
        (EMAIL, lambda said: chance.choice(("sales@", "info@", "claims@")) + said.partition("@")[2]),
        (PHONE, lambda said: said[:-2] + str((int(said[-2:]) + 37) % 100).zfill(2)),
        (LINK, lambda _: chance.choice(("fjordlight-shop.example", "fjordlight.com", "fjordlights.example"))),
    ):
        if new := _swapped(pattern, text, chance, other):
            return new
    return ""


def _name(text: str, chance: random.Random, names: Sequence[str]) -> str:
    found = [match for match in NAME.finditer(text) if match.group() not in NO_NAMES]
    if not found:
        return ""
    match = chance.choice(found)
    other = chance.choice([name for name in names if not set(name.split()) & set(text.split())])
    return text[: match.start()] + other + text[match.end() :]


def _negation(text: str, chance: random.Random, _: Sequence[str]) -> str:
    return _by_rule(NEGATIONS, text, chance)


def _condition(text: str, chance: random.Random, _: Sequence[str]) -> str:
    return _by_rule(CONDITIONS, text, chance)


CHANGES: dict[str, Change] = {
    "number": _number,
    "price": _price,
    "date": _date,
    "contact": _contact,
    "name": _name,
    "negation": _negation,
    "condition": _condition,
}
STRICT = ("number", "price", "date", "contact")


def names_in(texts: Sequence[str]) -> list[str]:
    """All names that stand inside of sentences."""
    return sorted({match.group() for text in texts for match in NAME.finditer(text)} - NO_NAMES)


def _swapped(pattern: re.Pattern[str], text: str, chance: random.Random, other: Callable[[str], str]) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return ""
    match = chance.choice(found)
    return text[: match.start()] + other(match.group()) + text[match.end() :]


def _other(said: str, chance: random.Random) -> str:
    """Another number of the same form: a digit changed, or near by."""
    if chance.random() < 0.5 and len(said) > 1:  # noqa: PLR2004 - a coin
        at = chance.choice([at for at, char in enumerate(said) if char.isdigit() and (at or len(said) == 1)] or [0])
        return said[:at] + str((int(said[at]) + chance.randint(1, 8)) % 10) + said[at + 1 :]
    whole, point, rest = said.partition(".")
    value = int(whole.replace(",", ""))
    return f"{value + chance.choice((1, 2, 5, 10))}{point}{rest}"


def _by_rule(rules: Sequence[tuple[str, str]], text: str, chance: random.Random) -> str:
    found = [(match, new) for old, new in rules for match in re.finditer(old, text)]
    if not found:
        return ""
    match, new = chance.choice(found)
    return text[: match.start()] + match.expand(new) + text[match.end() :]
