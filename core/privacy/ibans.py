"""Bank accounts: an IBAN of a known country's length and form, whose check digits (mod 97) are right."""

import re
from collections.abc import Iterator

from stdnum import iban
from stdnum.iso7064 import mod_97_10

from core.privacy.found import Found

BETWEEN = r"[\s\-._/,:+]{0,3}"
START = re.compile(rf"(?=[A-Za-z]{BETWEEN}[A-Za-z]{BETWEEN}\d{BETWEEN}\d)")  # ahead: one may begin within another
SEPARATOR = re.compile(BETWEEN)
COUNTRY = 2  # letters
FEWEST_DIGITS = 8  # of any country's accounts; prose has fewer
COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV LY MZ PT ST",
    26: "IR IS TR",
    27: "BF BI BJ CF CG CI CM DJ EG FR GA GR IT KM MC MG ML MR NE SM SN TD TG",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
LENGTHS = {country: length for length, countries in COUNTRIES.items() for country in countries.split()}


def find(text: str) -> Iterator[Found]:
    """The IBANs in `text`; a letter or digit may stand right before or after one."""
    after = 0
    for match in START.finditer(text):
        start = match.start()
        if start >= after and (end := _end(text, start)) is not None:
            yield Found("iban", start, end)
            after = end


def _end(text: str, start: int) -> int | None:
    number, at, end, length = "", start, start, 2
    groups = [0]
    while len(number) < length:
        if at >= len(text) or not (text[at].isascii() and text[at].isalnum()):
            return None
        number += text[at].upper()
        groups[-1] += 1
        end = at + 1
        between = SEPARATOR.match(text, end)
        at = end if between is None else between.end()
        if at > end:
            groups.append(0)
        if len(number) == COUNTRY:
            length = LENGTHS.get(number, 0)
    return end if _right(number, [size for size in groups if size]) else None


def _right(number: str, groups: list[int]) -> bool:
    """Whether the check digits are right, and it is no prose: one in a hundred pieces of it would be."""
    if sum(char.isdigit() for char in number) < FEWEST_DIGITS or not mod_97_10.is_valid(number[4:] + number[:4]):
        return False
    even = len(set(groups[:-1])) <= 1 and groups[-1] <= groups[0]
    return even or iban.is_valid(number, check_country=False)
