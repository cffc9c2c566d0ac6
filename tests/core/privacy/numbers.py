"""Valid numbers of every kind, by chance, and ways to write them."""

from string import ascii_uppercase

from hypothesis import strategies as st
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

VISIBLE = " -./_"
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ISSUED = (
    ("4", 16),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("65", 16),
)
MORE_ISSUED = (*ISSUED, ("3528", 16), ("36", 14), ("62", 16), ("62", 19), ("4", 19), ("2200", 16), ("9792", 16))
IBANS = (("DE", "n18"), ("GB", "a4n14"), ("FR", "n23"), ("ES", "n20"), ("NL", "a4n10"), ("NO", "n11"), ("MT", "a4n23"))


@st.composite
def cards(draw: st.DrawFn) -> str:
    """Digits of a payment card."""
    start, length = draw(st.sampled_from(MORE_ISSUED))
    body = start + draw(st.text("0123456789", min_size=length - len(start) - 1, max_size=length - len(start) - 1))
    return body + luhn.calc_check_digit(body)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    """An IBAN without spaces."""
    country, form = draw(st.sampled_from(IBANS))
    letters, digits = (4, int(form[3:])) if form[0] == "a" else (0, int(form[1:]))
    account = draw(st.text(ascii_uppercase, min_size=letters, max_size=letters))
    account += draw(st.text("0123456789", min_size=digits, max_size=digits))
    return country + mod_97_10.calc_check_digits(account + country) + account


@st.composite
def social_security(draw: st.DrawFn) -> tuple[str, str, str]:
    """Area, group and serial."""
    area = draw(st.integers(1, 899).filter(lambda n: n != 666))
    return f"{area:03}", f"{draw(st.integers(1, 99)):02}", f"{draw(st.integers(1, 9999)):04}"


@st.composite
def written(draw: st.DrawFn, number: str) -> str:
    """`number` in some script, with something between its characters, or nothing."""
    script = draw(st.sampled_from(SCRIPTS))
    between = st.one_of(st.sampled_from(["", *VISIBLE]), st.text(UNSEEN, max_size=2))
    shown = [script[int(char)] if char.isdigit() else char for char in number]
    return "".join(char + draw(between) for char in shown[:-1]) + shown[-1]


PROSE = st.text(st.characters(exclude_categories=("Nd", "No", "Nl", "Cs")), max_size=30).map(
    lambda text: "".join(char for char in text if not char.isdigit() and char not in "%&\\<")
)
