"""Numbers that are spelled out, digit by digit or in tens: English, Spanish, German, French, Italian, Portuguese."""

import re

DIGITS = {
    "0": "zero oh o null cero zéro nought nil",
    "1": "one uno una eins un une um uma",
    "2": "two dos zwei zwo deux due dois duas",
    "3": "three tres drei trois tre três",
    "4": "four cuatro vier quatre quattro quatro",
    "5": "five cinco fünf fuenf cinq cinque",
    "6": "six seis sechs sei",
    "7": "seven siete sieben sept sette sete",
    "8": "eight ocho acht huit otto oito",
    "9": "nine nueve neun neuf nove",
}
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TIMES = {"double": 2, "doble": 2, "doppel": 2, "triple": 3, "treble": 3}

UNITS = {word: digit for digit, words in DIGITS.items() for word in words.split()}
WHOLE = UNITS | {word: str(n) for n, word in enumerate(TEENS.split(), start=10)}
STARTS = {word: str(n) for n, word in enumerate(TENS.split(), start=2)}
ENGLISH_UNITS = "one|two|three|four|five|six|seven|eight|nine"

_unit, _whole, _tens, _times = (
    "|".join(sorted(words, key=len, reverse=True)) for words in (UNITS, WHOLE, STARTS, TIMES)
)
SPELLED = re.compile(
    rf"\b(?:(?:{_times})[\s-]+(?:{_unit}|\d)|(?:{_tens})[\s-]+(?:{ENGLISH_UNITS})|(?:{_whole}|{_tens}))\b",
    re.IGNORECASE,
)
FEWEST = 5  # words: fewer hold no number that matters


def worth_reading(text: str) -> bool:
    """Whether enough numbers are spelled out in `text` to hide one that matters."""
    matches = SPELLED.finditer(text)
    return all(next(matches, None) is not None for _ in range(FEWEST))


def digits_of(words: str) -> str:
    """The digits that one match of `SPELLED` stands for."""
    first, *second = re.split(r"[\s-]+", words.lower())
    if not second:
        return WHOLE.get(first) or STARTS[first] + "0"
    unit = UNITS.get(second[0], second[0])
    return unit * TIMES[first] if first in TIMES else STARTS[first] + unit
