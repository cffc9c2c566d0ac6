"""Payment cards: a known issuer's first digits, a length that it issues, and the check digit (Luhn)."""

import re
from collections.abc import Iterator
from itertools import accumulate

from core.privacy.found import Found
from core.privacy.nearby import CARD, IDENTIFIER, says
from core.privacy.runs import Run, runs

SHORTEST = 12
# First digits, lengths; and whether so many other numbers begin alike that a word must speak for it, or none against.
ISSUERS: tuple[tuple[re.Pattern[str], tuple[int, ...], bool], ...] = tuple(
    (re.compile(first), lengths, doubtful)
    for first, lengths, doubtful in (
        (r"4", (16, 19), False),  # Visa
        (r"4", (13,), True),
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,), False),  # Mastercard
        (r"3[47]", (15,), False),  # American Express
        (r"6011|64[4-9]|65|622|62|81|82", (16, 17, 18, 19), False),  # Discover, UnionPay, RuPay
        (r"3(?:0[0-5]|095|[689])", (14, 16, 19), False),  # Diners Club
        (r"35(?:2[89]|[3-8])|353|356", (16, 17, 18, 19), False),  # JCB
        (r"2131|1800", (15,), False),
        (r"220[0-5]", (16, 17, 18, 19), False),  # Mir, BORICA
        (r"9792|65|508", (16,), False),  # Troy, RuPay
        (r"50|5[6-9]|6", (16,), False),  # Maestro, Verve, Elo, Hipercard, Dankort
        (r"50|5[6-9]|6", (12, 13, 14, 15, 17, 18, 19), True),
        (r"1", (15,), True),  # UATP
    )
)
USUAL = (
    [4, 4, 4, 4],
    [4, 6, 5],
    [4, 6, 4],
    [4, 4, 4, 4, 3],
    [4, 4, 5],
    [4, 4, 4, 3],
    [4, 4, 4, 1],
    [6, 13],
    [8, 11],
    [8, 8],
    [6, 10],
)
ORDER = [3, 7, 7]  # as a great bookseller writes its orders
EVEN = (1, 3, 4, 5)  # sizes of groups; twos are hexadecimal, or somebody counting
FEW_GROUPS = 4
DOUBLED = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]


def find(text: str) -> Iterator[Found]:
    """The cards in `text`, also where other digits stand beside them."""
    for run in runs(text, SHORTEST):
        sums = _sums(run.digits)
        after = 0
        for first in range(len(run.digits) - SHORTEST + 1):
            if first < after or not run.opens[first]:
                continue
            last = _last(text, run, first, sums)
            if last is not None:
                yield Found("card", run.at[first], run.at[last] + 1)
                after = last + 1


def _last(text: str, run: Run, first: int, sums: tuple[list[int], list[int]]) -> int | None:
    """The last digit of the longest card that begins with digit `first`."""
    best: int | None = None
    for start, lengths, doubtful in ISSUERS:
        if start.match(run.digits, first) is None:
            continue
        for length in lengths:
            last = first + length - 1
            longer = best is None or last > best
            if (
                longer
                and last < len(run.digits)
                and _luhn(sums, first, last)
                and _likely(text, run, first, last, doubtful)
            ):
                best = last
    return best


def _sums(digits: str) -> tuple[list[int], list[int]]:
    """Running sums with every even digit doubled, and with every odd one: any part's Luhn sum by two of them."""
    values = [int(digit) for digit in digits]
    even = accumulate((DOUBLED[value] if at % 2 == 0 else value for at, value in enumerate(values)), initial=0)
    odd = accumulate((DOUBLED[value] if at % 2 else value for at, value in enumerate(values)), initial=0)
    return list(even), list(odd)


def _luhn(sums: tuple[list[int], list[int]], first: int, last: int) -> bool:
    doubled = sums[(last + 1) % 2]  # the last digit but one is doubled
    return (doubled[last + 1] - doubled[first]) % 10 == 0


def _likely(text: str, run: Run, first: int, last: int, doubtful: bool) -> bool:  # noqa: FBT001 - a column of the table
    """Whether it is set apart as one number: a run of long ones holds by chance some part that passes Luhn."""
    start, end = run.at[first], run.at[last] + 1
    named = says(CARD, text, start, end)
    if doubtful and not named and says(IDENTIFIER, text, start, end, after=0):
        return False
    if not run.closes(last):
        return named and not doubtful
    if named:
        return True
    if run.groups(0, len(run.digits) - 1) == ORDER:
        return False
    if not any(run.opens[first + 1 : last + 1]) or (first == 0 and last == len(run.digits) - 1):
        return True
    groups = run.groups(first, last)
    even = len(set(groups[:-1])) <= 1 and groups[-1] <= groups[0] and groups[0] in EVEN
    return even or groups in USUAL or (len(groups) <= FEW_GROUPS and len(run.separators(first, last)) == 1)
