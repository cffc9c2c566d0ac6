"""Numbers that a state gives to a person: the US one by its form, those of other countries by their check digits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum.au import tfn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nif, nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif as pt_nif
from stdnum.se import personnummer

from core.privacy.found import Found
from core.privacy.nearby import IDENTIFIER, SSN, says
from core.privacy.runs import BETWEEN

GAP = rf"{BETWEEN}{{0,4}}"
US = re.compile(rf"(?<!\d)(?!000|666|9)\d{{3}}({BETWEEN}{{1,3}})(?!00)\d\d({BETWEEN}{{1,3}})(?!0000)\d{{4}}(?!\d)")
NINE = re.compile(rf"(?<!\d)(?:\d{GAP}){{8}}\d(?!\d)")
LONGER = re.compile(r"\d[-. ]$")
NOT_A_PERSON = re.compile(
    rf"{IDENTIFIER.pattern}|\b(?:suite|apt|apartment|unit|room|box|street|phone|tel|call)\b", re.IGNORECASE
)
GOES_ON = re.compile(r"[-. ]\d")


def find_us(text: str) -> Iterator[Found]:
    """Social security numbers: 3-2-4 digits anywhere, and any nine after the words."""
    for match in US.finditer(text):
        if not _part_of_longer(text, match) or says(SSN, text, *match.span()):
            yield Found("ssn", *match.span())
    for match in NINE.finditer(text):
        if says(SSN, text, *match.span(), before=40):
            yield Found("ssn", *match.span())


def _part_of_longer(text: str, match: re.Match[str]) -> bool:
    """Whether more groups stand before or after, in the same hand; or it is called an order's number."""
    start, end = match.span()
    if match[1] != "-" or match[2] != "-":
        if LONGER.search(text, max(0, start - 2), start) or GOES_ON.match(text, end):
            return True
        return says(NOT_A_PERSON, text, start, end, before=24, after=0)
    return text[max(0, start - 2) : start][1:] == "-" or (
        text[end : end + 1] == "-" and text[end + 1 : end + 2].isdigit()
    )


@dataclass(frozen=True)
class State:
    """One country's number: its form, its check, and the words without which too much else looks like it."""

    form: re.Pattern[str]
    right: Callable[[str], bool]
    named: re.Pattern[str] | None = None


def _state(form: str, right: Callable[[str], bool], named: str = "") -> State:
    named_by = re.compile(rf"\b(?:{named})", re.IGNORECASE) if named else None
    return State(re.compile(rf"(?<![A-Za-z0-9]){form}(?![A-Za-z0-9])", re.IGNORECASE), right, named_by)


def _any(number: str) -> bool:
    return bool(number)


S = r"[\s.\-/]?"
NINO = rf"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:{S}\d\d){{3}}{S}[A-D]"
STATES: tuple[State, ...] = (
    _state(rf"(?:\d{S}){{8}}[A-HJ-NP-TV-Z]", dni.is_valid),
    _state(rf"[XYZ]{S}(?:\d{S}){{7}}[A-HJ-NP-TV-Z]", nie.is_valid),
    _state(NINO, _any),
    _state(rf"[12](?:{S}[\dAB]){{14}}", nir.is_valid),
    _state(r"[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPR-T][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]", codicefiscale.is_valid),
    _state(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[\dA-Z]\d", curp.is_valid),
    _state(r"756[.\s]?\d{4}[.\s]?\d{4}[.\s]?\d\d", ahv.is_valid),
    _state(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]", hetu.is_valid),
    _state(r"\d{3}\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    _state(r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", nn.is_valid),
    _state(rf"(?:\d{S}){{10}}\d", idnr.is_valid, r"steuer|idnr|tax|tin\b|identifikation"),
    _state(rf"(?:\d{S}){{12}}\d", nif.is_valid, r"fiscal|imp[oô]t|spi\b|tax"),
    _state(rf"(?:\d{S}){{9}}\d", nhs.is_valid, r"nhs|national health"),
    _state(rf"(?:\d{S}){{8}}\d", sin.is_valid, r"sin\b|social insurance|nas\b|assurance sociale"),
    _state(rf"(?:\d{S}){{10}}\d", cpf.is_valid, r"cpf"),
    _state(rf"(?:\d{S}){{10}}\d", pesel.is_valid, r"pesel"),
    _state(rf"(?:\d{S}){{10}}\d", nn.is_valid, r"rijksregister|registre national|national (?:id|number)|\bnn\b"),
    _state(rf"(?:\d{S}){{10}}\d", fodselsnummer.is_valid, r"f[oø]dselsnummer|personnummer|national id"),
    _state(rf"(?:\d{S}){{9,11}}\d", personnummer.is_valid, r"personnummer|personal (?:id|number)|national id"),
    _state(rf"(?:\d{S}){{9}}\d", cpr.is_valid, r"cpr|personnummer|national id"),
    _state(rf"(?:\d{S}){{8}}\d", bsn.is_valid, r"bsn|burgerservice|sofi|national id"),
    _state(rf"(?:\d{S}){{8}}\d", pt_nif.is_valid, r"nif\b|contribuinte|tax"),
    _state(rf"(?:\d{S}){{7,8}}\d", tfn.is_valid, r"tfn|tax"),
    _state(rf"(?:\d{S}){{11}}\d", aadhaar.is_valid, r"a+dha+r|uidai|uid\b|national id"),
    _state(r"[A-Z]{5}\d{4}[A-Z]", pan.is_valid, r"pan\b|tax|income"),
    _state(r"\d{7}[A-W][ABHWTX]?", pps.is_valid, r"pps|personal public|national id"),
)  # fmt: skip


# No check digits that anybody publishes: the words before say it.
PAPER = re.compile(
    r"\b(?:passport|reisepass|pasaporte|passeport|passaporto|driv(?:er|ing)['’]?s?['’]? licen[cs]e|f[uü]hrerschein"
    r"|permis de conduire|carnet de conducir|personalausweis|national id(?:entity)?|identity card|id card)"
    r"(?:[\s-]*(?:number|no\.?|nummer|n[uú]mero|num[eé]ro|nr\.?|id|#))?\W{0,3}(?:is|=|es|ist|lautet|est)?\W{0,4}"
    r"((?=[A-Z0-9 .-]*\d{2})(?:[A-Z]{1,3}[ -]?)?\d(?:[ .-]?[A-Z0-9]){4,15}|[A-Z][A-Z0-9]{5,15}(?<=\d))(?![A-Za-z0-9])",
    re.IGNORECASE,
)


def find_others(text: str) -> Iterator[Found]:
    """The numbers of other states' people."""
    for state in STATES:
        if state.named is not None and state.named.search(text) is None:
            continue
        for match in state.form.finditer(text):
            start, end = match.span()
            if state.right(match[0]) and (state.named is None or says(state.named, text, start, end, after=12)):
                yield Found("national_id", start, end)


def find_papers(text: str) -> Iterator[Found]:
    """The numbers of passports, identity cards and driving licences."""
    for match in PAPER.finditer(text):
        yield Found("national_id", *match.span(1))
