"""What a reader of PDFs must get right: a sample, and what must or must not stand in the text that it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kb.loaders.loaded import Loaded

SAMPLES = Path(__file__).parent / "pdfs"
DEMO = Path(__file__).parent.parent / "demo" / "documents"


@dataclass(frozen=True)
class Check:
    """One thing that a reader would notice: `holds` is asked about what was read of `file`."""

    file: Path
    aspect: str
    about: str
    holds: Callable[[Loaded], bool]


def text_of(loaded: Loaded) -> str:
    """All blocks, one on a line."""
    return "\n".join(block.text for block in loaded.blocks)


def _says(*parts: str) -> Callable[[Loaded], bool]:
    """All of `parts` stand there, in this order, in whatever blocks."""

    def holds(loaded: Loaded) -> bool:
        text, at = text_of(loaded), 0
        for part in parts:
            at = text.find(part, at)
            if at < 0:
                return False
        return True

    return holds


def _lacks(*parts: str) -> Callable[[Loaded], bool]:
    return lambda loaded: not any(part in text_of(loaded) for part in parts)


def _row(text: str) -> Callable[[Loaded], bool]:
    return lambda loaded: any(block.kind == "row" and block.text == text for block in loaded.blocks)


def _headings(*said: str) -> Callable[[Loaded], bool]:
    """Exactly these, in this order, among the headings."""
    return lambda loaded: [b.text for b in loaded.blocks if b.kind == "heading"][: len(said)] == list(said)


def _check(name: str, aspect: str, about: str, holds: Callable[[Loaded], bool]) -> Check:
    folder = DEMO if (DEMO / name).exists() else SAMPLES
    return Check(folder / name, aspect, about, holds)


CHECKS: tuple[Check, ...] = (
    _check(
        "columns.pdf", "order", "left column before right", _says("Reinigung", "Lagerung", "Sicherheit", "Garantie")
    ),
    _check(
        "columns.pdf", "order", "a sentence over a column's end", _says("einen zugelassenen Kanister zurückgefüllt")
    ),
    _check("columns.pdf", "order", "the last line is the last", _says("Kauf", "pauschal neunundvierzig Euro.")),
    _check(
        "columns.pdf", "hyphens", "joined in a paragraph", _says("Brennstoffbehälter", "Außenflächen", "Spülmittel")
    ),
    _check("columns.pdf", "hyphens", "none left over", _lacks("\u00ad", "-mittel", "- mittel", "Lösungs-")),
    _check("columns.pdf", "headings", "by size", _headings("Wartungshandbuch", "Reinigung", "Lagerung", "Sicherheit")),
    _check(
        "tables.pdf",
        "tables",
        "ruled",
        _row("Country: Iceland | Price: 14.90 EUR | Days: 7–10 | Remarks: Customs fees are paid by the buyer"),
    ),
    _check("tables.pdf", "tables", "ruled, cell of three lines", _says("Parcels above 20 kg travel by road and take")),
    _check("tables.pdf", "tables", "ruled, empty cell", _row("Country: Svalbard | Price: 24.90 EUR | Days: 10–21")),
    _check("tables.pdf", "tables", "no lines at all", _row("Weight: up to 20 kg | Surcharge: 4 EUR | Carrier: Bring")),
    _check("tables.pdf", "tables", "striped", _row("Day: Tuesday | Opens: 10:00 | Closes: 19:00")),
    _check(
        "tables.pdf",
        "tables",
        "lines between rows only",
        _row("Fault: Leaking pump | Cause: The cup has dried out | What to do: Grease the leather cup"),
    ),
    _check(
        "tables.pdf", "headings", "between tables", _headings("Delivery", "By country", "By weight", "Opening hours")
    ),
    _check("rtl.pdf", "right to left", "Hebrew", _says("אפשר להחזיר כל מוצר בתוך 60 יום מיום הקנייה.")),
    _check("rtl.pdf", "right to left", "Hebrew heading", _headings("מדיניות החזרות")),
    _check("rtl.pdf", "right to left", "number and Latin inside", _says("דמי המשלוח הם 9.90 EUR לכל חבילה")),
    _check("rtl.pdf", "right to left", "Arabic", _says("نشحن الطلبات من مدينة بيرغن في أيام العمل.")),
    _check("rtl.pdf", "right to left", "Arabic ligatures", _says("لا نشحن إلى صناديق البريد")),
    _check("rtl.pdf", "right to left", "Latin name inside", _says("عبر الموقع TrackPost في أي وقت")),
    _check(
        "ligatures.pdf",
        "letters",
        "ligatures",
        _says("The efficient filter fits all fluffy fleeces; its affix is waffle"),
    ),
    _check("ligatures.pdf", "letters", "spaced words", _says("Spaced letters stay words here.")),
    _check("ligatures.pdf", "letters", "beyond the basic plane", _says("Emoji 😀 and CJK")),
    _check("ligatures.pdf", "letters", "lowered digits", _says("Note that H2O is water.")),
    _check("ligatures.pdf", "headings", "by size", _headings("Office filters", "Flat offers")),
    _check(
        "ember-3-manual.pdf", "tables", "ruled, from another program", _says("Fuel: Kerosene | Time to boil 1 litre: ")
    ),
    _check(
        "ember-3-manual.pdf",
        "tables",
        "header of two lines",
        _says("Consumption at full power: 225 g per hour | Boils"),
    ),
    _check("ember-3-manual.pdf", "running heads", "dropped", _lacks("Page 5", "Page 12")),
    _check(
        "rental-price-list.pdf",
        "tables",
        "cell of two lines",
        _says("Item: Two-person canoe with paddles (Port Ellary only) | 1 day: £45"),
    ),
)
"""The samples are printed by Chromium (Skia), those of the demo shop by fpdf2; every text is our own."""
