"""True sentences about the demo shop: its documents' own, and the same as models like to put them."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kb.chunks.chunker import Sizes, chunk
from kb.citing.pointer import spans
from kb.loaders import load

DOCUMENTS = Path(__file__).parents[1] / "demo" / "documents"
SIZES = Sizes(512, 800, 80)
SHORTEST = 25  # characters: less is no statement
JOINED = 160  # characters up to which two sentences are made one

ADJECTIVES = [
    "full",
    "large",
    "small",
    "new",
    "old",
    "good",
    "best",
    "usual",
    "ordinary",
    "standard",
    "dry",
    "warm",
    "cold",
    "soft",
    "hard",
    "light",
    "heavy",
    "long",
    "short",
    "original",
    "official",
    "special",
    "simple",
    "quick",
    "fast",
    "careful",
    "gentle",
    "normal",
    "big",
    "little",
    "real",
    "main",
    "own",
    "extra",
    "whole",
    "complete",
    "wet",
    "clean",
    "carefully",
    "gently",
    "usually",
    "normally",
    "always",
    "often",
    "simply",
    "completely",
    "fully",
    "quickly",
    "really",
    "very",
    "also",
    "still",
    "already",
    "again",
]
# Such a word carries meaning in some places: it is not dropped where one of these stands beside it.
KEEP_BESIDE = {"not", "only", "than", "as", "or", "and", "is", "are", "be", "stay", "comes", "come"}
REWORDED = {
    "buy": "purchase", "bought": "purchased", "parcel": "package", "parcels": "packages", "get": "receive",
    "send": "post", "costs": "is priced at", "shop": "store", "shops": "stores", "need": "require",
    "keep": "hold on to",
    "item": "product", "items": "products", "things": "goods", "choose": "pick", "ask": "request", "about": "around",
    "repair": "fix", "mend": "repair", "big": "large", "begin": "start", "price": "cost", "delivery": "shipping",
}  # fmt: skip
CLAUSE_FIRST = re.compile(
    r"^(If|When|Before|After|Until|Once|While|Unless|Because|For) ([^,;:]{8,80}), ([^;:]{10,})\.$"
)
CLAUSE_LAST = re.compile(r"^([^,;:]{12,}) (if|when|before|unless|because|while|as long as) ([^,;:]{8,})\.$")
SHORT_FORMS = {"cannot": "can't", "do not": "don't", "does not": "doesn't", "is not": "isn't", "are not": "aren't"}
LEADS = ("Yes, ", "Sure: ", "Please note that ", "Thanks for asking. ", "According to our documents, ")


@dataclass(frozen=True)
class Truth:
    """A true sentence, how it was made, and the passage that it rests on."""

    text: str
    how: str
    document: str
    title: str
    section: str
    passage: str


def true_sentences(chance: random.Random) -> Iterator[Truth]:
    """Every sentence, row and item of the documents, and each in up to two other wordings."""
    for path in sorted(DOCUMENTS.iterdir()):
        if path.suffix == ".yaml":
            continue
        loaded = load(path.read_bytes(), path.name)
        for passage in chunk(loaded.blocks, SIZES):
            lines = [[passage.text[start:end] for start, end in line] for line in spans(passage.text)]
            whole = [text for line in lines for text in line if len(text) >= SHORTEST]
            for text, how in _wordings(whole, chance):
                yield Truth(text, how, path.name, loaded.title, passage.section, passage.text)


def _wordings(texts: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    for text in texts:
        yield text, "verbatim"
        made = [(put(text, chance), how) for how, put in WORDINGS.items()]
        made = [(new, how) for new, how in made if new and new != text]
        yield from chance.sample(made, min(2, len(made)))
    for one, other in pairwise(texts):
        if one.endswith(".") and other[0].isupper() and len(one + other) < JOINED and " | " not in one + other:
            yield f"{one[:-1]}, and {_small(other)}", "joined"


def _reordered(text: str, _: random.Random) -> str:
    if match := CLAUSE_FIRST.match(text):
        return f"{_big(match[3])} {match[1].lower()} {match[2]}."
    if match := CLAUSE_LAST.match(text):
        return f"{_big(match[2])} {match[3]}, {_small(match[1])}."
    return ""


def _shorter(text: str, _: random.Random) -> str:
    words = text.split(" ")
    kept = [
        word
        for at, word in enumerate(words)
        if not (
            0 < at < len(words) - 1
            and word in ADJECTIVES
            and words[at - 1].lower() not in KEEP_BESIDE
            and words[at + 1].lower() not in KEEP_BESIDE
        )
    ]
    return " ".join(kept)


def _contracted(text: str, _: random.Random) -> str:
    for long, short in SHORT_FORMS.items():
        text = re.sub(rf"\b{long}\b", short, text)
    return text


def _led_in(text: str, chance: random.Random) -> str:
    return chance.choice(LEADS) + _small(text) if text.endswith(".") else ""


def _told(text: str, _: random.Random) -> str:
    """A row as a sentence: "Norway: Standard is £9.90 and Working days is 3 to 5"."""
    cells = [cell.split(": ", 1) for cell in text.split(" | ")]
    if len(cells) < 2 or any(len(cell) != 2 for cell in cells):  # noqa: PLR2004
        return ""
    first, *rest = cells
    return f"For {first[1]}, " + " and ".join(f"{name} is {value}" for name, value in rest[:2]) + "."


def _reworded(text: str, chance: random.Random) -> str:
    here = [word for word in REWORDED if re.search(rf"\b{word}\b", text)]
    return re.sub(rf"\b{(word := chance.choice(here))}\b", REWORDED[word], text) if here else ""


def _small(text: str) -> str:
    return text if text[:2].isupper() or text.startswith(("I ", "I'")) else text[0].lower() + text[1:]


def _big(text: str) -> str:
    return text[0].upper() + text[1:]


WORDINGS: dict[str, Callable[[str, random.Random], str]] = {
    "reordered": _reordered,
    "shorter": _shorter,
    "contracted": _contracted,
    "led in": _led_in,
    "row told": _told,
    "reworded": _reworded,
}
