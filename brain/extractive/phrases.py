"""The built-in brain's own sentences (phrases.yaml) in the visitor's language, and how that is told."""

import re
from pathlib import Path

import yaml

# Told apart by the little words; English where nothing speaks for another one.
LITTLE_WORDS = {
    "de": "ich ist nicht und der die das wie wo wann mit mein meine bitte kann eine einen haben zurück für "
    "danke hallo möchte",
    "fr": "je est pas et le les des une mon ma comment où quand avec votre vous puis avoir pour merci bonjour "
    "voudrais combien",
    "es": "yo es no y el los las una mi cómo como dónde donde cuándo cuando con puedo quiero para gracias hola "
    "cuánto cuanto",
}
AT_LEAST = 2

GREETINGS = {
    "hallo": "de", "danke": "de", "guten": "de", "moin": "de", "servus": "de", "tschüss": "de", "mitarbeiter": "de",
    "bonjour": "fr", "merci": "fr", "salut": "fr", "bonsoir": "fr", "conseiller": "fr", "humain": "fr",
    "hola": "es", "gracias": "es", "buenos": "es", "buenas": "es", "adiós": "es", "humano": "es", "persona": "es",
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
    """The language of `text` as far as little words tell: en, de, fr or es."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    for word in words:
        if word in GREETINGS:
            return GREETINGS[word]
    counts = {code: sum(word in little.split() for word in words) for code, little in LITTLE_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] >= AT_LEAST else "en"


def phrase(key: str, to: str, **values: object) -> str:
    """The sentence `key` in the language of the visitor's words `to`."""
    return PHRASES[key][language(to)].format(**values)


def is_abstention(text: str) -> bool:
    """True for our own admission that we had no answer."""
    return bool(ABSTENTIONS.search(text))
