"""Texts to look for personal data in: labelled ones, and such as hold none; a file may have any of the known forms."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from core.privacy.found import Found, Kind
from ops.evals.cases import CasesUnreadable
from ops.evals.order_sentences import order_sentences

OURS = Path(__file__).with_name("data") / "presidio" / "texts.jsonl"
TEXT_KEYS = ("full_text", "text", "sentence", "message")
LABELS: dict[str, Kind] = {
    "CREDIT_CARD": "card",
    "US_SSN": "ssn",
    "IBAN_CODE": "iban",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "US_DRIVER_LICENSE": "national_id",
    "CARD": "card",
    "SSN": "ssn",
    "IBAN": "iban",
    "PHONE": "phone",
    "EMAIL": "email",
}
HELD_SEED = 8  # of the order sentences that nothing was developed on

Half = Literal["develop", "held"]


@dataclass(frozen=True)
class Text:
    """One text, and where what stands in it; None where nobody has labelled it."""

    text: str
    labels: tuple[Found, ...] | None

    @property
    def half(self) -> Half:
        """Whether the finders were developed on it; the text itself decides."""
        return "held" if sha256(self.text.lower().encode(errors="replace")).digest()[-1] % 2 else "develop"


def our_texts() -> list[Text]:
    """The texts that come with Handrail: labelled ones, and sentences about orders, which hold nothing."""
    sentences = [*order_sentences(), *order_sentences(seed=HELD_SEED)]
    return [*read_texts(OURS), *(Text(sentence, None) for sentence in dict.fromkeys(sentences))]


def read_texts(path: Path) -> list[Text]:
    """The texts of a JSON list or of a file with one JSON value a line. Raises CasesUnreadable."""
    try:
        given = path.read_text(encoding="utf-8")
        rows = json.loads(given) if given.lstrip().startswith("[") else _lines(given)
        return [read_text(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CasesUnreadable(f"{path}: {type(error).__name__}: {error}") from error


def _lines(given: str) -> Iterator[Any]:
    return (json.loads(line) for line in given.splitlines() if line.strip())


def read_text(row: Any) -> Text:
    """The text of a row, and its labels. Raises TypeError, ValueError or AttributeError where it is none."""
    if isinstance(row, str):
        return Text(row, None)
    text = next((row[key] for key in TEXT_KEYS if key in row), None)
    if not isinstance(text, str):
        raise TypeError(f"each line needs a text, under one of: {', '.join(TEXT_KEYS)}")
    return Text(text, None if row.get("spans") is None else tuple(_labels(row["spans"])))


def _labels(spans: list[dict[str, Any]]) -> Iterator[Found]:
    for span in spans:
        kind = LABELS.get(str(span.get("entity_type") or span.get("label") or span.get("type")).upper())
        if kind is not None:
            start, end = (span.get(f"{edge}_position", span.get(edge)) for edge in ("start", "end"))
            yield Found(kind, int(start), int(end))  # type: ignore[arg-type]  # a missing one is a TypeError, as meant
