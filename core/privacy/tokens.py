"""The form of a token: `⟦email:1⟧` stands for the first address that a visitor wrote in a conversation. Pure.

What it stands for is kept elsewhere (`orchestrator/tokens.py`), and opened for few.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

from core.privacy.found import NEEDED, Kind
from core.privacy.plain import readings

OPEN, SHUT = "⟦", "⟧"
TOKEN = re.compile(rf"{OPEN}({'|'.join(NEEDED)}):([1-9]\d{{0,5}}){SHUT}", re.ASCII)
TORN = re.compile(rf"{OPEN}[a-z]{{0,5}}(?::\d{{0,6}})?(?=…?\Z)")  # a text was cut off within a token
CLOSED = re.compile(rf"\[({'|'.join(NEEDED)}) ([1-9]\d{{0,5}})\]", re.ASCII)
# Whose digits and dots are hidden by escapes or spelled out: in which reading of a value it stands plainly.
PLAINLY: dict[Kind, re.Pattern[str]] = {
    "email": re.compile(r"@|[(\[{]\s?at\s?[)\]}]"),
    "phone": re.compile(r"\d(?:\D{0,5}\d){5}"),
    "order": re.compile(r"\d\d"),
}
AT = re.compile(r"\s?[(\[{]\s?(?:at|@)\s?[)\]}]\s?")
DOT = re.compile(r"\s?[(\[{]\s?(?:dot|\.)\s?[)\]}]\s?")


def token(kind: Kind, n: int) -> str:
    """The `n`th of its kind in a conversation."""
    return f"{OPEN}{kind}:{n}{SHUT}"


def parts(stands: str) -> tuple[str, int]:
    """The kind and the number of a token."""
    kind, _, n = stands[1:-1].partition(":")
    return kind, int(n)


def tokens_in(text: str) -> tuple[str, ...]:
    """The tokens in `text`, each once, in order."""
    return tuple(dict.fromkeys(found.group() for found in TOKEN.finditer(text))) if OPEN in text else ()


def neutral(text: str) -> str:
    """`text` in which nothing is a token: for what a visitor typed, or a document says."""
    if OPEN not in text:
        return text
    return TOKEN.sub(lambda found: f"[{found[1]}:{found[2]}]", text)


def untokened(text: str) -> str:
    """`text` without its tokens: for whoever looks at numbers, or for what it is about."""
    return TOKEN.sub(" ", text) if OPEN in text else text


def closed(text: str) -> str:
    """`text` as those see it who may not open it: `[email 1]`."""
    if OPEN not in text:
        return text
    return TORN.sub("…", TOKEN.sub(lambda found: f"[{found[1]} {found[2]}]", text)).replace("……", "…")


def replaced(text: str, value: Callable[[str], str | None]) -> str:
    """`text` with what `value` gives for each token; closed where it gives None."""
    if OPEN not in text:
        return text
    return TORN.sub("…", TOKEN.sub(lambda found: value(found.group()) or closed(found.group()), text))


def plain(kind: Kind, value: str) -> str:
    """What a visitor wrote as a tool can use it: no escapes, nothing invisible, `(at)` and `(dot)` undone."""
    read = [reading.text for reading in readings(value)]
    shown = next((each for each in read if PLAINLY[kind].search(each)), read[0]).strip()
    return DOT.sub(".", AT.sub("@", shown)) if kind == "email" else shown


def normal(kind: Kind, value: str) -> str:
    """The one spelling of `value` by which two are the same."""
    shown = unicodedata.normalize("NFKC", plain(kind, value)).casefold()
    if kind == "email":
        return shown
    if kind == "order":
        return "".join(char for char in shown if char.isalnum() or char in "-_./")
    digits = "".join(filter(str.isdigit, shown))
    return f"+{digits.removeprefix('00')}" if shown.startswith(("+", "(+", "00")) else digits


def with_tokens(text: str, found: Iterable[tuple[int, int, str]]) -> str:
    """`text` with tokens in the place of the spans `found` (start, end, token), which do not overlap."""
    for start, end, stands in sorted(found, reverse=True):
        text = text[:start] + stands + text[end:]
    return text
