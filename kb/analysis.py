"""Text into terms: words, without stop words, stemmed; and the spelling of short messages written out."""

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

# A product code (FL-MT-045), a price (14.95) and a time (9:30) are one word each, and their parts are words as well.
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?(?:[-./:][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

ENGLISH = """
a about above after again all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each few for from further had has have having he her here hers him his how i if in
into is it its itself just me more most my myself no nor not now of off on once only or other our ours out over own
please same shall she should so some such than that the their theirs them then there these they this those through to
too under until up very was we were what when where which while who whom why will with would you your yours
"""
STOP_WORDS = frozenset(ENGLISH.split())

# Words that people put around their subject; the documents on it need not have them.
AROUND_WORDS: tuple[str, ...] = (
    "policy",
    "information",
    "details",
    "question",
    "tell",
    "know",
    "explain",
    "help",
    "need",
    "want",
    "like",
)
AROUND_WORDS += ("get", "thing", "way", "use", "make", "give", "say", "rules", "hello", "hi")

SHORT_FORMS = {
    "u": "you",
    "ur": "your",
    "r": "are",
    "y": "why",
    "n": "and",
    "b4": "before",
    "2day": "today",
    "2moro": "tomorrow",
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "ty": "thanks",
    "wat": "what",
    "wats": "what is",
    "wot": "what",
    "wut": "what",
    "whats": "what is",
    "hw": "how",
    "hows": "how is",
    "wen": "when",
    "whn": "when",
    "wer": "where",
    "wher": "where",
    "wheres": "where is",
    "bcoz": "because",
    "cuz": "because",
    "cos": "because",
    "coz": "because",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "cant": "can not",
    "wont": "will not",
    "isnt": "is not",
    "im": "i am",
    "ive": "i have",
    "id": "i would",
    "dis": "this",
    "dat": "that",
    "da": "the",
    "abt": "about",
    "msg": "message",
    "info": "information",
    "w8": "wait",
    "gr8": "great",
    "wud": "would",
    "cud": "could",
    "shud": "should",
    "hav": "have",
    "gt": "get",
    "4ever": "forever",
    "hrs": "hours",
    "hr": "hour",
    "min": "minutes",
    "mins": "minutes",
    "wks": "weeks",
    "wk": "week",
    "yr": "year",
    "yrs": "years",
    "mth": "month",
    "mths": "months",
    "qty": "quantity",
    "ord": "order",
    "acc": "account",
    "acct": "account",
    "addr": "address",
    "del": "delivery",
    "dlvry": "delivery",
    "delvry": "delivery",
    "rtn": "return",
    "rtrn": "return",
    "rfnd": "refund",
    "rfund": "refund",
    "shpng": "shipping",
    "ppl": "people",
    "tel": "phone",
    "ph": "phone",
    "sz": "size",
    "btw": "by the way",
    "asap": "soon",
    "xmas": "christmas",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "have to",
    "lemme": "let me",
    "ya": "you",
    "yr.": "year",
}
DIGIT_WORDS = {"2": "to", "4": "for"}  # only between words: "shiping 2 norway", not "2 days"
UNITS = {
    *(
        "day",
        "days",
        "hour",
        "hours",
        "hrs",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "kg",
        "g",
        "cm",
        "mm",
    ),
    *(
        "m",
        "l",
        "litres",
        "liters",
        "people",
        "person",
        "persons",
        "pieces",
        "items",
        "item",
        "pairs",
        "pair",
        "of",
        "or",
    ),
    *(
        "and",
        "to",
        "x",
        "tents",
        "jackets",
        "orders",
        "parcels",
        "boots",
        "pm",
        "am",
        "percent",
        "pounds",
        "euros",
        "gbp",
    ),
}

_stemmer = snowballstemmer.stemmer("english")


def fold(text: str) -> str:
    """Lower case without accents: "Café" and "cafe" are one word."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in spread if not unicodedata.combining(char))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The English stem of a folded word; words with digits stay as they are."""
    return str(_stemmer.stemWord(word)) if word.isalpha() and word.isascii() else word


def words(text: str) -> list[str]:
    """All words of `text`, folded, in order. Characters of languages without spaces are words of their own."""
    found: list[str] = []
    for word in WORD.findall(fold(text)):
        if word.isalpha() and word.isascii():
            found.append(word)
            continue
        if WIDE.search(word):
            found += WIDE.findall(word)
            continue
        plain = word.replace("’", "'")
        found.append(plain.removesuffix("'s").replace("'", ""))
        parts = PART.findall(word)
        if len(parts) > 1 and "'" not in plain:
            found += parts
    return found


@lru_cache(maxsize=200_000)
def term(word: str) -> str:
    """The term that a folded word is looked up by, or "" for a stop word."""
    return "" if word in STOP_WORDS else stem(word)


def terms(text: str) -> list[str]:
    """The terms of `text`, in order."""
    return [found for word in words(text) if (found := term(word))]


def written_out(query: str) -> str:
    """`query` with the short forms of text messages written out ("wats ur" → "what is your"); else as it was."""
    tokens = query.split()
    return " ".join(_long(tokens, position) for position in range(len(tokens)))


def _long(tokens: list[str], position: int) -> str:
    token = tokens[position]
    bare = token.strip('.,!?;:()"').casefold().replace("’", "'")
    if bare in DIGIT_WORDS:
        before = tokens[position - 1] if position else ""
        after = tokens[position + 1].strip(".,!?").casefold() if position + 1 < len(tokens) else ""
        name = position > 1 and before[:1].isupper()  # "the Ember 4": a number belongs to a name before it
        spelled = before.isalpha() and not name and after.isalpha() and after not in UNITS
        return DIGIT_WORDS[bare] if spelled else token
    # Capitals are names: "ID", "Del", "US".
    return SHORT_FORMS.get(bare, token) if token[:1].islower() else token


def language_of(text: str) -> str:
    """The language of `text` as ISO 639-1; "" where it is not known."""
    del text
    return ""
