"""Small real files in every format, made when they are asked for, and an embedder that needs no model."""

import hashlib
import io
import re
from pathlib import Path

import numpy as np
from docx import Document
from fpdf import FPDF
from numpy.typing import NDArray

MARKDOWN = b"""# Returns

You have 60 days to send things back.

## Exceptions

- Gas canisters never come back.
- Opened food never comes back.

| Country | Price | Days |
|---------|-------|------|
| Norway  | 9.90 EUR | 3-5 |
| Iceland | 14.90 EUR | 7-10 |
"""

HTML = b"""<!doctype html><html><head><title>Shipping - My Shop</title><meta charset="utf-8"></head><body>
<nav><a href="/">Home</a> <a href="/shop">All products</a></nav>
<main><h1>Shipping</h1><p>We ship from <b>Bergen</b> on weekdays.</p><h2>Prices</h2>
<table><tr><th>Country</th><th>Price</th></tr><tr><td>Norway</td><td>9.90 EUR</td></tr></table>
<ul><li>Parcels need a signature.</li></ul></main>
<aside>Read our journal</aside><div class="cookie-banner">We use cookies</div><footer>(c) My Shop</footer>
<script>track()</script></body></html>"""


def docx(*, table: bool = True) -> bytes:
    """A document with a title, a heading, a list and a table."""
    made = Document()
    made.add_heading("Warranty", 0)
    made.add_paragraph("Everything is covered for two years.")
    made.add_heading("Boots", 1)
    made.add_paragraph("Soles are covered for one year.", style="List Bullet")
    if table:
        grid = made.add_table(rows=2, cols=3)
        for cell, text in zip(
            [*grid.rows[0].cells, *grid.rows[1].cells], ["Part", "Years", "Note", "Zip", "5", "-"], strict=True
        ):
            cell.text = text
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


class _Manual(FPDF):
    def header(self) -> None:
        self.set_font("Helvetica", size=8)
        self.cell(0, 8, "My Shop | Stove manual", align="C")
        self.ln(12)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Helvetica", size=8)
        self.cell(0, 8, f"Page {self.page_no()}", align="C")


def pdf() -> bytes:
    """Three pages with running heads, headings, a hyphenated word, a ruled table and a list."""
    made = _Manual()
    for number in range(1, 4):
        made.add_page()
        made.set_font("Helvetica", style="B", size=16)
        made.cell(0, 10, f"Chapter {number}")
        made.ln(14)
        made.set_font("Helvetica", size=10)
        made.multi_cell(
            0, 5, f"This is what chapter {number} tells about the stove and its main-\ntenance in the field."
        )
        made.ln(4)
    made.set_font("Helvetica", size=10)
    with made.table() as table:
        for row in (("Fuel", "Time", "Use"), ("Gas", "3 min", "225 g"), ("Kerosene", "4 min", "210 g")):
            table.row(row)
    return bytes(made.output())


def two_columns() -> bytes:
    """One page with two columns of prose under one full-width title."""
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", style="B", size=18)
    made.cell(0, 10, "The journal")
    made.set_font("Helvetica", size=10)
    for column, word in enumerate(("left", "right")):
        made.set_xy(10 + 100 * column, 30)
        made.multi_cell(88, 5, " ".join(f"{word}{n} is here in this column of prose" for n in range(20)))
    return bytes(made.output())


def picture_pdf() -> bytes:
    """A page with a drawing and not one letter."""
    made = FPDF()
    made.add_page()
    made.rect(20, 20, 100, 100, style="F")
    return bytes(made.output())


def encrypted_pdf() -> bytes:
    """A PDF that wants a password."""
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", size=10)
    made.cell(0, 10, "secret")
    made.set_encryption(owner_password="owner", user_password="user")
    return bytes(made.output())


class Hashing:
    """An embedder without a model: words hashed into 64 dimensions. `seen` is every text that it was given."""

    name = "hashing-64"

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.seen: list[str] = []

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors."""
        self.seen += texts
        made = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.casefold()):
                made[row, hashlib.sha256(word.encode()).digest()[0] % 64] += 1
        lengths = np.linalg.norm(made, axis=1, keepdims=True)
        np.divide(made, lengths, out=made, where=lengths > 0)
        return made


def write(folder: Path, **texts: str) -> Path:
    """Markdown files in `folder`: name=text."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder
