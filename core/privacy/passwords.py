"""What a person says is secret: "my password is …", a key, a PIN, the code on a card's back."""

import re
from collections.abc import Iterator

from core.privacy.found import Found

ENTRY_WORDS = (
    r"pass ?words?|pass ?code|pass ?phrase|passwd|pwd|kennwort|passwort|passw[oö]rter|contrase[nñ]a|clave"
    r"|mot de passe|mdp|parola d'ordine|senha|wachtwoord|has[lł]o"
)
KEY_WORDS = (
    r"api[ _-]?(?:key|token|secret)|secret[ _-]?(?:access[ _-]?)?key|access[ _-]?(?:key|token)|client[ _-]?secret"
    r"|auth(?:entication)?[ _-]?token|private[ _-]?key|refresh[ _-]?token|app(?:lication)? password|secret|token"
)
CODE_WORDS = (
    r"pin(?: ?code| number)?|otp|2fa(?: code)?|tan"
    r"|(?:one[ -]time|verification|authentication|login|sms|tan)[ -](?:code|password|pin)"
)
CARD_CODE_WORDS = (
    r"cvv2?|cvc2?|cvn|cid|csc|security code|card verification(?: (?:code|number|value))?|prüfziffer"
    r"|kartenprüfnummer|c[oó]digo de seguridad|code de s[eé]curit[eé]|cryptogramme"
)
IS = r"(?:is now|is still|is set to|was|is|ist|lautet|es|est|è|é|[:=]|->|=>)"
GIVEN = rf"""["'”’)]{{0,2}}\s{{0,3}}{IS}[\s:]{{0,3}}["'“‘„«(]{{0,2}}"""
OF = r"(?:[ _-]?(?:hash|reset|field|for [\w@.-]{1,40}|to [\w@.-]{1,40}))?"


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile(form, re.IGNORECASE)


PASSWORD = _pattern(rf"(?:\b|_)(?:{ENTRY_WORDS}){OF}{GIVEN}([^\s\"'<>„“”«»]{{3,128}})")
QUOTED = _pattern(rf"(?:\b|_)(?:{ENTRY_WORDS})[\"'”’]?\s{{0,3}}{IS}\s{{0,3}}[\"“„]([^\"“”„\n\[]{{3,80}})[\"“”]")
KEY = _pattern(rf"(?:\b|_)(?:{KEY_WORDS}){GIVEN}([A-Za-z0-9+/_~.=-]{{10,300}})")
BEARER = re.compile(r"\b(?:Bearer|Basic|Token)\s+([A-Za-z0-9+/_~.=-]{16,})")
CODE = _pattern(rf"\b(?:{CODE_WORDS})(?: for [\w ]{{1,30}})?{GIVEN}((?:\d[ -]?){{3,9}}\d)(?!\d)")
CARD_CODE = _pattern(
    rf"\b(?:{CARD_CODE_WORDS})(?: (?:number|code|no\.?))?\W{{0,3}}{IS}?\W{{0,3}}(\d(?:[ .-]?\d){{2,3}})(?![ .-]?\d)"
)
# One of them stands in every text in which the patterns find anything.
PASSWORD_STEMS = ("pass", "pwd", "kennwort", "contrase", "clave", "mdp", "parola", "senha", "wachtwoord", "has")
KEY_STEMS = ("key", "token", "secret", "bearer", "basic", "app password", "application password")
CODE_STEMS = ("pin", "otp", "2fa", "code", "password", "tan")
CARD_CODE_STEMS = ("cv", "cid", "csc", "security", "verification", "ziffer", "fnummer", "digo", "code", "crypto")

# What may follow "my password is" without being one.
SENTENCE = """
not no wrong incorrect invalid expired the a an being required correct right never always also too very just still now
already lost forgotten reset changed broken blocked locked rejected refused ok okay fine weak strong safe secure
unknown missing empty needed asked sent working failing gone same different old new stolen compromised leaked hacked
saved stored case this that what it my your his her their our to for in on at and but or if when where how nicht
falsch ungültig abgelaufen vergessen gesperrt richtig incorrecta incorrecto inválida olvidada errónea pas invalide
oublié oublie expiré none null true false undefined something anything one longer short long must should can't cannot
don't removed
"""
NOT_ONE = frozenset(SENTENCE.split())
TRAILING = ".,;:!?)]}”’\"'"
STOPS = re.compile(r"[\"'”’.!?,;)]*\s*(?:\Z|\n|[.!?,;]|(?:and|but|can|please|und|y|et)\b)")
SHORTEST, SHORTEST_WORD = 3, 4


def find(text: str) -> Iterator[Found]:
    """The secrets that `text` calls so, without the words before them."""
    lowered = text.lower()
    if any(stem in lowered for stem in PASSWORD_STEMS):
        yield from _passwords(text)
    if any(stem in lowered for stem in KEY_STEMS):
        for match in (*BEARER.finditer(text), *KEY.finditer(text)):
            if any(map(str.isdigit, match[1])) and any(map(str.isalpha, match[1])):
                yield Found("secret", *match.span(1))
    if any(stem in lowered for stem in CODE_STEMS):
        yield from (Found("secret", *match.span(1)) for match in CODE.finditer(text))
    if any(stem in lowered for stem in CARD_CODE_STEMS):
        yield from (Found("security_code", *match.span(1)) for match in CARD_CODE.finditer(text))


def _passwords(text: str) -> Iterator[Found]:
    yield from (Found("secret", *match.span(1)) for match in QUOTED.finditer(text))
    for match in PASSWORD.finditer(text):
        start, end = match.span(1)
        while end > start + 1 and text[end - 1] in TRAILING:
            end -= 1
        if _is_password(text, start, end):
            yield Found("secret", start, end)


def _is_password(text: str, start: int, end: int) -> bool:
    """Whether it is one, and not the word with which the sentence goes on."""
    word = text[start:end]
    if word.lower() in NOT_ONE or word.startswith("[") or len(word) < SHORTEST:
        return False
    if not (word.isalpha() and (word.islower() or word.istitle() or word.isupper())):
        return True
    return len(word) >= SHORTEST_WORD and not word.endswith(("ed", "ing")) and STOPS.match(text, end) is not None
