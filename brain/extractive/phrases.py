"""The built-in brain's own sentences (phrases.yaml) in the visitor's language, and how that is told."""

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from kb.analysis.language import language_of

# Told apart by the little words; English where nothing speaks for another one.
LITTLE_WORDS = {
    "de": "ich ist nicht und der die das wie wo wann mit mein meine bitte kann eine einen haben zurück für "
    "danke hallo möchte",
    "fr": "je est pas et le les des une mon ma comment où quand avec votre vous puis avoir pour merci bonjour "
    "voudrais combien",
    "es": "yo es no y el los las una mi cómo como dónde donde cuándo cuando con puedo quiero para gracias hola "
    "cuánto cuanto persona necesito hablar",
    "it": "vorrei voglio posso il gli che non sono con una per mio mia dove quando grazie ciao buongiorno quanto "
    "quanti è della persona parlare operatore",
    "nl": "ik het een de niet waar hoe wanneer met mijn kan graag bedankt wil voor naar jullie heb zijn",
    "pt": "eu os não com uma meu minha onde quando quero posso para obrigado obrigada olá quanto quantos você "
    "vocês está é uma pessoa preciso falar um",
}
AT_LEAST = 2
ARABIC = re.compile("[\u0620-\u064a]{2}")

GREETINGS = {
    "hallo": "de", "danke": "de", "guten": "de", "moin": "de", "servus": "de", "tschüss": "de", "mitarbeiter": "de",
    "bonjour": "fr", "merci": "fr", "salut": "fr", "bonsoir": "fr", "conseiller": "fr", "humain": "fr",
    "hola": "es", "gracias": "es", "buenos": "es", "buenas": "es", "adiós": "es", "humano": "es", "persona": "es",
    "ciao": "it", "grazie": "it", "buongiorno": "it", "buonasera": "it", "operatore": "it", "umano": "it",
    "hoi": "nl", "bedankt": "nl", "goedendag": "nl", "goedemorgen": "nl", "medewerker": "nl", "mens": "nl",
    "olá": "pt", "obrigado": "pt", "obrigada": "pt", "bom": "pt", "boa": "pt", "atendente": "pt",
}  # fmt: skip

PHRASES: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "phrases.yaml").read_text(encoding="utf-8")
)

ABSTENTIONS = re.compile(
    "|".join(
        re.escape(text.split("{site}")[0])
        for key in ("abstain", "trouble", "no_order")
        for text in PHRASES[key].values()
    )
)


def language(text: str) -> str:
    """The language of `text` as far as little words tell: one of those of phrases.yaml, English where none does."""
    return _told_by_words(text) or "en"


def _told_by_words(text: str) -> str:
    if ARABIC.search(text):
        return "ar"
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(word in little.split() for word in words) for code, little in LITTLE_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    if counts[best] >= AT_LEAST:
        return best
    return next((GREETINGS[word] for word in words if word in GREETINGS), "")


def spoken(lines: Iterable[str]) -> str:
    """The language to answer in: of the newest of `lines`, newest first, that tells one, English where none does.

    Little words decide, and beside them the search's own judgement: of a short question neither knows enough alone.
    """
    for line in lines:
        if found := _told_by_words(line) or language_of(line):
            return found if found in PHRASES["abstain"] else "en"
    return "en"


def phrase(key: str, lines: Iterable[str], **values: object) -> str:
    """The sentence `key` in the language of the visitor's `lines`, the newest first."""
    return PHRASES[key][spoken(lines)].format(**values)


def is_abstention(text: str) -> bool:
    """True for our own admission that we had no answer."""
    return bool(ABSTENTIONS.search(text))
