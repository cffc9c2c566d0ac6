"""How to reach a person: e-mail addresses, and telephone numbers against all the other numbers of a shop.

A number's form says little: ten digits are a phone in one sentence and an order in the next. So the words decide, the
nearest first; a form that nothing but phones has counts where no word speaks.
"""

import re
from collections.abc import Iterator

from phonenumbers import NumberParseException, is_possible_number, is_valid_number, parse

from core.privacy.found import Found
from core.privacy.nearby import IDENTIFIER, last

EMAIL = re.compile(
    r"(?<![\w.+-])[\w!#$%&'*+/=?^`{|}~-][\w.!#$%&'*+/=?^`{|}~-]{0,63}"
    r"(?:@|\s?[(\[{]\s?(?:at|@)\s?[)\]}]\s?)"
    r"(?:[\w-]{1,63}(?:\.|\s?[(\[{]\s?(?:dot|\.)\s?[)\]}]\s?)){1,8}[^\W\d_][\w-]{1,62}"
)
WRAPPED = "!#$%&'*+/=?^`{|}~"

ONE = r"(?:\+\s?|\(\+)?\(?\d(?:[ .\-/()]{0,3}\d){5,16}"
MORE = r"[ ,]{0,2}(?:x|ext\.?|extension|#)\s?\d{1,6}"  # behind a switchboard
CANDIDATE = re.compile(
    rf"(?<![\w@#$€£+-])(?<!\d[.,/:]){ONE}(?:{MORE})?(?![\w@%€$£]|[.,]\d|:\d)",
    re.IGNORECASE,
)
EXTENSION = re.compile(rf"{MORE}\Z", re.IGNORECASE)
WORDS = re.compile(
    r"\b(?:(?:tele)?phones?|tel|telefon\w*|tel[eé]fono|t[eé]l[eé]phone|mobiles?|m[oó]vil|celular|handy(?:nummer)?"
    r"|portable|cell(?:phone)?|landline|fax|call(?:ed|ing|s)?|ring|dial\w*|text(?:ed)?|sms|whats ?app|signal|reach\w*"
    r"|contact(?:ed)?|answer(?:ed|ing|s)?|voicemail|hotline|llam\w+|anruf\w*|ruf\w*|appel\w*|joindre|rückruf\w*"
    r"|(?:my|his|her|their|our|this|meine|mi|mon) (?:new |own )?(?:number|nummer|n[uú]mero|numéro)|hablar"
    r"|speak(?: to)?|messages? (?:from|on|to)|registered|ph)\b",
    re.IGNORECASE,
)
WORDS_AFTER = re.compile(
    r"\A[\s\-:,(\\]{0,3}(?:office|fax|mobile|cell(?:phone)?|home|work|landline|tel|phone|büro|móvil"
    r"|is my (?:phone|mobile|cell|number))\b",
    re.IGNORECASE,
)
OTHERS = re.compile(
    rf"{IDENTIFIER.pattern}|#|№"
    r"|\b(?:card|iban|ssn|social security|account|passport|licen[cs]e|vat|tax|version|amount|price|total|date|born|code"
    r"|pin|password|balance|bill|sum|nhs|insurance|policy|contract|license plate|roll|batch|digits?)\b",
    re.IGNORECASE,
)
UNIT = re.compile(r"\s*(?:times|days|hours|minutes|people|euros?|dollars?|usd|eur|kg|km|mm|cm)\b", re.IGNORECASE)
DATE = re.compile(r"\A\(?(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d\d))(?:[ T].*)?\Z")
AMERICAN = re.compile(r"\A(?:\+?1[ .-]?|001-)?(?:\(\d{3}\)[ .-]?\d{3}[ .-]?\d{4}|\d{3}([-. ])\d{3}\1\d{4})\Z")
NATIONAL = re.compile(r"\A\(?0\d{1,4}\)?[ .\-/]\d[\d .\-/]{4,}\Z")
ADDRESS = re.compile(r"\A\d{1,3}(?:\.\d{1,3}){3}\Z")  # of a computer
AREA = re.compile(r"\A\(\d{2,4}\) ?\d{3,4}[ -]?\d{3,4}\Z")
CLOSE = 15  # characters between a word and its number
STOP = re.compile(r"(?<!\bno)(?<!\bnr)[.!?]\s")
REGIONS = ("GB", "DE", "FR", "ES", "IT", "NL", "AU")


def emails(text: str) -> Iterator[Found]:
    """The addresses in `text`, also with (at) and (dot)."""
    if "@" not in text and "at" not in text:
        return
    for match in EMAIL.finditer(text):
        start, end = match.span()
        while text[start] in WRAPPED and start < end:
            start += 1
        yield Found("email", start, end)


def phones(text: str) -> Iterator[Found]:
    """The telephone numbers in `text`."""
    for match in CANDIDATE.finditer(text):
        start, end = match.span()
        number = match[0]
        if number.count("(") > number.count(")"):
            start, number = (start + 1, number[1:]) if number[0] == "(" else (start, number)
        if not DATE.match(number) and _is_phone(text, start, end, number):
            yield Found("phone", start, end)


def _is_phone(text: str, start: int, end: int, number: str) -> bool:
    bare = EXTENSION.sub("", number)
    digits = "".join(filter(str.isdigit, bare))
    if not 6 <= len(digits) <= 15 or ADDRESS.match(bare) or set(digits) <= {"0", "1"}:  # noqa: PLR2004 - E.164
        return False
    for_it, against = last(WORDS, text, start, 50), last(OTHERS, text, start, 50)
    if WORDS_AFTER.match(text[end : end + 24]):
        return True
    if for_it > against:
        return UNIT.match(text, end) is None
    if number.startswith(("+", "(+")):
        return _international(digits)
    if against >= 0:  # but nobody writes an order like this, and the word may belong to what was said before
        american = AMERICAN.match(bare) is not None or AREA.match(bare) is not None
        return american and ("(" in bare or start - against > CLOSE or STOP.search(text, against, start) is not None)
    return _shaped(bare, digits) or (bare != number and len(digits) >= 10)  # noqa: PLR2004 - an American one with its extension


def _international(digits: str) -> bool:
    try:
        return is_possible_number(parse("+" + digits))
    except NumberParseException:
        return False


def _shaped(bare: str, digits: str) -> bool:
    """Whether nothing but a phone is written like this."""
    if AMERICAN.match(bare) or AREA.match(bare):
        return True
    if bare.isdigit():
        return False
    if bare.startswith("00") and _international(digits[2:]):
        return True
    return NATIONAL.match(bare) is not None and any(_valid(digits, region) for region in REGIONS)


def _valid(digits: str, region: str) -> bool:
    try:
        return is_valid_number(parse(digits, region))
    except NumberParseException:
        return False
