"""Which language a text is in: by its script, else by its stop words and letters."""

import re
from functools import cache

from kb.analysis.stop_words import STOP_WORDS, TELLTALE
from kb.analysis.written import fold

SAMPLE = 2_000  # characters, from three places: a text is judged by most of it
ENOUGH = 0.12  # share of words that must be stop words of the language
LEAST = 1.4  # stop words that it takes to leave English: names and trade marks have one
AHEAD = 1.15  # how much more than the next language has
OWN_LETTERS = {"es": "ñ¿¡", "de": "äöüß", "fr": "çœèêàùî", "pt": "ãõ", "sv": "å", "da": "øæ", "pl": "łąęś", "tr": "ışğ"}
OWN_LETTERS |= {"cs": "ěřů", "ro": "șță", "vi": "đươ"}
LETTER_WORTH = 0.5  # of a stop word

# What visitors begin with, folded: a short question has hardly any stop word.
_BEGUN = {
    "de": "ich mochte wieviel kostet bestellung versand bitte danke",
    "fr": "je voudrais combien coute livraison commande bonjour merci",
    "es": "quiero hablar necesito puedo cuanto cuesta envio pedido gracias",
    "it": "vorrei parlare quanto costa spedizione ordine quanti giorni buongiorno grazie",
    "nl": "ik graag hoeveel kost bestelling verzending bedankt",
    "pt": "preciso falar gostaria quanto custa encomenda obrigado obrigada",
}
BEGUN = {language: frozenset(found.split()) for language, found in _BEGUN.items()}

_SCRIPTS = {
    "ja": "\u3040-\u30ff",  # before Chinese: Japanese has Han characters as well, Chinese has no Kana
    "zh": "\u3400-\u9fff\uf900-\ufaff",
    "ko": "\uac00-\ud7af\u1100-\u11ff",
    "ar": "\u0600-\u06ff",
    "he": "\u0590-\u05ff",
    "th": "\u0e00-\u0e7f",
    "el": "\u0370-\u03ff",
    "uk": "іїєґ",
    "ru": "\u0400-\u04ff",
    "hi": "\u0900-\u097f",
}
SCRIPTS = {language: re.compile(f"[{letters}]") for language, letters in _SCRIPTS.items()}
LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")
WORD = re.compile(r"[^\W\d_]+")
ASCII_WORD = re.compile("[a-z]+")  # the same in folded ASCII
KANA = 0.15  # share of Kana from which Han characters are Japanese
UKRAINIAN = 0.02  # share of letters that Russian does not have


def language_of(text: str) -> str:
    """ISO 639-1, or "" where it can't be told. Of mixed text the language of most of it."""
    sample = _sample(text)
    if sample.isascii():
        return _latin(sample)
    latin = len(LATIN.findall(sample))
    counts = {language: len(script.findall(sample)) for language, script in SCRIPTS.items()}
    most = max(counts, key=lambda language: counts[language])
    # A character of Han or Hangul says as much as two or three letters.
    if counts[most] * (2 if most in {"ja", "zh", "ko"} else 1) > latin:
        return _refined(most, counts)
    return _latin(sample)


def _refined(most: str, counts: dict[str, int]) -> str:
    if most in {"zh", "ja"}:
        return "ja" if counts["ja"] > KANA * (counts["zh"] + counts["ja"]) else "zh"
    if most == "ru":
        return "uk" if counts["uk"] > UKRAINIAN * counts["ru"] else "ru"
    return most


def _sample(text: str) -> str:
    if len(text) <= SAMPLE:
        return text
    third = SAMPLE // 3
    middle = len(text) // 2
    return f"{text[:third]} {text[middle : middle + third]} {text[-third:]}"


def _latin(sample: str) -> str:
    said = (ASCII_WORD if sample.isascii() else WORD).findall(fold(sample))
    if not said:
        return ""
    worth = dict.fromkeys(_known(), 0.0)
    by_word = _speakers()
    for word in said:
        if speakers := by_word.get(word):
            for language in speakers:
                worth[language] += 1 / len(speakers) ** 0.5
    low = "" if sample.isascii() else sample.lower()
    for language, letters in OWN_LETTERS.items() if low else ():
        worth[language] += LETTER_WORTH * sum(low.count(letter) for letter in letters)
    first, second = sorted(worth, key=lambda language: -worth[language])[:2]
    sure = worth[first] >= max(ENOUGH * len(said), LEAST * (first != "en")) and worth[first] >= AHEAD * worth[second]
    return first if sure else ""


@cache
def _known() -> tuple[str, ...]:
    return (*STOP_WORDS, *TELLTALE)


@cache
def _speakers() -> dict[str, tuple[str, ...]]:
    """Word → the languages that have it as a stop word."""
    lists = {one: found | BEGUN.get(one, frozenset()) for one, found in (STOP_WORDS | TELLTALE).items()}
    every = {word for found in lists.values() for word in found}
    return {word: tuple(one for one, found in lists.items() if word in found) for word in every}
