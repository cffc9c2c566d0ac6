"""Numbers as people write them: prices, dates and times, brought to one spelling, so that they can be compared."""

import re

NUMBER = re.compile(r"\d+(?:[.,:/’']\d+)*")


def plain(number: str) -> str:
    """`number` with one spelling: 1,299.00 and 1299 are the same; so are 9.90, 9,90 and 9.9, and 03 and 3."""
    digits = re.sub(r"(?<=\d)[,.’'](?=\d{3}(?!\d))", "", number)
    digits = re.sub(r",(?=\d{1,2}$)", ".", digits)
    if re.fullmatch(r"\d+\.\d+", digits):
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0"
