"""A text without what hides words in it: invisible characters, look-alikes, spaced letters, simple codes."""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

# Nothing that a reader sees: zero-width (but for the joiners of Persian and emoji), soft hyphens, directions that
# overrule the text's own, tag characters, variation selectors beyond the first sixteen, annotations, fillers.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
JOINERS = re.compile("[\u200c\u200d](?=[\x00-\u024f])|(?<=[\x00-\u024f])[\u200c\u200d]")  # between Latin letters
LOOK_ALIKE = str.maketrans("аеорсухіјѕһԁӏοαеικνρτυ", "aeopcyxijshdloaeikvptu")
CYRILLIC_WORD = re.compile(r"\w*[a-z]\w*[\u0370-\u04ff]\w*|\w*[\u0370-\u04ff]\w*[a-z]\w*")
LEET = str.maketrans("013457@$!", "oieastasi")
LEET_WORD = re.compile(r"\b(?=\w*[a-z]{2})[a-z013457@$!]{4,}\b")
SPACED = re.compile(r"\b(?:\w[ .\-_*]){4,}\w\b")
LONG_CODE = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
HEX_CODE = re.compile(r"\b(?:[0-9a-f]{2}\s?){12,}\b", re.IGNORECASE)
PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}\S*){3}")
LONGEST = 20_000  # characters that are looked at


def visible(text: str) -> str:
    """`text` without what no reader sees."""
    return JOINERS.sub("", INVISIBLE.sub("", text))


def readings(text: str) -> Iterator[str]:
    """`text` in lower case as it reads, and as it would read decoded, where a code is in it."""
    text = text[:LONGEST]
    shown = unicodedata.normalize("NFKC", visible(text)).replace("’", "'").lower()
    shown = " ".join(CYRILLIC_WORD.sub(lambda match: match[0].translate(LOOK_ALIKE), shown).split())
    yield shown
    bare = LEET_WORD.sub(lambda match: match[0].translate(LEET), shown)
    bare = SPACED.sub(lambda match: re.sub(r"[ .\-_*]", "", match[0]), bare)
    if bare != shown:
        yield bare
    yield codecs.encode(shown, "rot13")
    yield shown[::-1]
    yield from _decoded(text)
    if PERCENT.search(text):
        yield unquote(text).lower()
    hidden = "".join(chr(ord(char) - 0xE0000) for char in text if 0xE0020 <= ord(char) < 0xE007F)  # noqa: PLR2004
    if hidden:
        yield hidden.lower()


def _decoded(text: str) -> Iterator[str]:
    for match in LONG_CODE.finditer(text):
        code = match[0].rstrip("=")
        try:
            yield base64.b64decode(code + "=" * (-len(code) % 4), validate=True).decode().lower()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
    for match in HEX_CODE.finditer(text):
        try:
            yield bytes.fromhex(match[0].replace(" ", "")).decode().lower()
        except (UnicodeDecodeError, ValueError):
            continue
