"""A text as a check reads it: words in their clauses, with what each says and what each turns round."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kb.analysis import stem
from kb.analysis.written import fold
from kb.citing.pointer import spans
from kb.figures import plain
from orchestrator.claims.signals import HARMLESS, PHRASES, SPEAKING, alike, contrasts, kinds, numerals

TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,:/’']\d+)*)|(?P<money>[£€$¥])|(?P<share>%)"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<cut>[,;:()|–—.!?\n])"
)
PHRASE = re.compile("|".join(rf"\b(?P<p{at}>{said})\b" for at, said in enumerate(PHRASES)), re.IGNORECASE)
MEANT = tuple(PHRASES.values())
LEADS = {"yes": "yes", "ja": "yes", "sí": "yes", "oui": "yes", "no": "no", "nein": "no", "non": "no"}
LEAD = re.compile(rf"({'|'.join(LEADS)})[.,:!]\s+(?=\w)", re.IGNORECASE)
JOINS = frozenset(
    [
        "and",
        "or",
        "but",
        "because",
        "if",
        "when",
        "whenever",
        "unless",
        "while",
        "which",
        "who",
        "so",
        "although",
        "though",
        "except",
        "provided",
        "once",
        "until",
        "und",
        "oder",
        "aber",
        "weil",
        "wenn",
        "falls",
        "sofern",
        "dass",
        "obwohl",
        "y",
        "o",
        "pero",
        "porque",
        "si",
        "cuando",
        "aunque",
        "et",
        "ou",
        "mais",
        "car",
        "quand",
        "lorsque",
    ]
)
MONEY = {"£": "£", "gbp": "£", "€": "€", "eur": "€", "euro": "€", "euros": "€", "$": "$", "usd": "$", "¥": "¥"}
MONEY |= {"pence": "p", "dollar": "$", "dollars": "$", "percent": "%", "prozent": "%"}
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
ROW = " | "
SHORT = re.compile(r"'(?:s|ll|re|ve|d|m)$")  # they're, we'll


@dataclass(frozen=True)
class Word:
    """One word: `stem` is "" where it says nothing by itself; `figure` is a number in one spelling, or ""."""

    text: str
    folded: str
    stem: str
    clause: int
    figure: str = ""
    unit: str = ""  # what is counted: a thing of a list of contrasts, or a currency
    kinds: frozenset[str] = frozenset()
    things: tuple[tuple[int, str], ...] = ()
    first: bool = False  # of its sentence

    @property
    def named(self) -> bool:
        """True for what looks like a name: a capital where no sentence begins, or letters and capitals mixed."""
        return bool(self.stem) and not self.figure and self.text[0].isupper() and (not self.first or self.shouted)

    @property
    def shouted(self) -> bool:
        """True for an abbreviation or a code."""
        return len(self.text) > 1 and self.text.isupper()


@dataclass(frozen=True, eq=False)
class Piece:
    """A sentence, a row or an item of a passage, or of an answer; two are never the same."""

    text: str
    words: tuple[Word, ...]
    lead: str = ""  # "yes" or "no" where it begins with that as an answer of its own
    heading: str = ""  # that it stands under
    language: str = "en"

    @property
    def row(self) -> bool:
        """True for a row of a table."""
        return ROW in self.text

    @cached_property
    def stems(self) -> frozenset[str]:
        """What its words say."""
        return frozenset(word.stem for word in self.words if word.stem)

    @cached_property
    def figures(self) -> frozenset[str]:
        """Its numbers."""
        return frozenset(word.figure for word in self.words if word.figure)

    @cached_property
    def bag(self) -> Counter[str]:
        """All of its words, counted."""
        return Counter(word.folded for word in self.words)

    @cached_property
    def kinds(self) -> Counter[str]:
        """What its small words do, counted."""
        return Counter(kind for word in self.words for kind in word.kinds)

    @cached_property
    def capitals(self) -> frozenset[str]:
        """Its words with a capital."""
        return frozenset(word.folded for word in self.words if word.text[0].isupper())

    @property
    def clauses(self) -> int:
        """How many clauses it has."""
        return self.words[-1].clause + 1 if self.words else 0


@lru_cache(maxsize=4096)
def read(text: str, language: str = "en", heading: str = "") -> Piece:
    """`text`, one sentence or row, read as of `language`."""
    found: list[Word] = []
    clause, begun, first = 0, False, True
    begins = LEAD.match(text)
    text = text[begins.end() :] if begins else text
    plainer = PHRASE.sub(lambda match: MEANT[int((match.lastgroup or "p0")[1:])], text)
    for match in TOKEN.finditer(plainer):
        said = match.group()
        if match["cut"]:
            clause, begun, first = clause + begun, False, said in ".!?\n"
            continue
        word = _word(match, language, clause, first=first)
        if word.folded in JOINS and begun:
            clause += 1
            word = _word(match, language, clause, first=first)
        found.append(word)
        begun, first = True, False
    lead = LEADS.get(begins[1].lower(), "") if begins else ""
    return Piece(text, tuple(_counted(found)), lead, heading, language)


@lru_cache(maxsize=512)
def pieces(text: str, language: str = "en") -> tuple[Piece, ...]:
    """A passage in its sentences, rows and items, headings left out."""
    headings = [(match.start(), match[1]) for match in HEADING.finditer(text)]

    def above(start: int) -> str:
        return next((said for at, said in reversed(headings) if at < start), "")

    return tuple(read(text[start:end], language, above(start)) for line in spans(text) for start, end in line)


def _word(match: re.Match[str], language: str, clause: int, *, first: bool) -> Word:
    said = match.group()
    if match["number"]:
        return Word(said, said, "", clause, figure=plain(said), first=first)
    if match["money"] or match["share"]:
        return Word(said, said, "", clause, unit=MONEY.get(said, said))
    folded = fold(said).replace("’", "'")
    negated = folded.endswith("n't")
    folded = SHORT.sub("", folded).replace("'", "")
    meant = kinds().get(folded, frozenset())
    if negated:
        meant |= {"not"}
    figure = numerals().get(folded, "")
    unit = MONEY.get(folded, "")
    bare = meant <= SPEAKING and not figure and folded not in HARMLESS
    return Word(
        said,
        folded,
        stem(alike().get(folded, folded), language) if bare else "",
        clause,
        figure,
        unit,
        meant,
        contrasts().get(folded, ()),
        first,
    )


def _counted(words: list[Word]) -> list[Word]:
    """Numbers with what they count: the currency before or after, or the thing that follows."""
    for at, word in enumerate(words):
        if not word.figure:
            continue
        near = [words[i] for i in (at - 1, at + 1) if 0 <= i < len(words) and words[i].clause == word.clause]
        unit = next((each.unit for each in near if each.unit and not each.figure), "")
        after = words[at + 1 : at + 3]
        unit = unit or next((thing for each in after for _, thing in each.things if each.clause == word.clause), "")
        words[at] = Word(**{**vars(word), "unit": unit})
    return words
