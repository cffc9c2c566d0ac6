"""Text into words as they are written: folded, so that one word has one spelling in every script."""

import re
import unicodedata

LONGEST = 64  # characters of a word; what is longer is no word, and is cut

# Scripts without spaces, or whose words are written together: Kana, Han, Hangul, Thai, Lao, Khmer, Burmese.
_WIDE = (
    "\u0e01-\u0e7f\u0e81-\u0eff\u1000-\u109f\u1780-\u17dd\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fa1f"
)
_HANGUL = "\uac00-\ud7af"
# Vowel signs of Indian scripts, which Python does not count among letters; without dandas (U+0964, U+0965).
_SIGNS = "\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:[^\W_]|[{_SIGNS}{_WIDE}])"

# A price (14.95), a time (9:30) and a product code (FL-MT-045) are one word each, and their parts are words as well.
WORD = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)?(?:[-./:]{_LETTER}+)*")
ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?(?:[-./:][a-z0-9]+)*")  # the same in folded ASCII, twice as quick
PART = re.compile(rf"{_LETTER}+")
RUN = re.compile(rf"[{_WIDE}{_HANGUL}]+|[^{_WIDE}{_HANGUL}]+")
WIDE = re.compile(rf"[{_WIDE}{_HANGUL}]")

# "l'article", "d'achat", "dell'ordine": what stands before the apostrophe is an article or a preposition.
ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|all|dall|dell|nell|sull|un)'(?=\w\w)")

# Accents over letters, points of Hebrew, signs and lengthening of Arabic. Not those of Indian or Japanese scripts:
# there they are letters.
_MARKS = re.compile(
    "(?<!\u0438)[\u0300-\u036f]|(?<=\u0438)[\u0300-\u0305\u0307-\u036f]|[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"
)
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"}
    | {"ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"}
    | {chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966) for digit in range(10)}
)


def fold(text: str) -> str:
    """Lower case without accents: "Café" and "cafe" are one word, "Straße" and "STRASSE", "١٢" and "12"."""
    if text.isascii():
        return text.lower()
    # Twice: some signs become capitals ("℠"), and some small letters fall apart once more.
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", spread)).translate(_ALIKE)


def words(text: str) -> list[str]:
    """All words of `text`, folded, in order.

    Of scripts without spaces each character and each pair of neighbours is a word: pairs tell words apart, single
    characters find words of one character. A code is a word without its hyphens, and so are its parts.
    """
    found: list[str] = []
    folded = fold(text)
    for word in (ASCII_WORD if folded.isascii() else WORD).findall(folded):
        found += parts(word)
    return found


def parts(word: str) -> list[str]:
    """The words in one match of WORD."""
    if word.isalnum() and word.isascii():
        return [word[:LONGEST]]
    return _wide(word) if WIDE.search(word) else _compound(word)


def _compound(word: str) -> list[str]:
    plain = ELISION.sub("", word.replace("’", "'")).removesuffix("'s").replace("'", "")
    parts = PART.findall(plain)
    whole = plain.replace("-", "")
    return [whole[:LONGEST], *(part[:LONGEST] for part in parts)] if len(parts) > 1 else [whole[:LONGEST]]


def _wide(word: str) -> list[str]:
    found: list[str] = []
    for run in RUN.findall(word):
        if not WIDE.match(run):
            found += words(run)
            continue
        found += run
        found += (run[at : at + 2] for at in range(len(run) - 1))
    return found
