"""Folders of made-up documents for benchmarks: PDFs with headings and running heads, and Markdown."""

from pathlib import Path

import numpy as np
from fpdf import FPDF

from ops.bench.corpus import Corpus, make_corpus

PARAGRAPHS = 5  # on a page of a PDF


class _Paper(FPDF):
    def header(self) -> None:
        """What stands on every page, and belongs to none."""
        self.set_font("Helvetica", size=8)
        self.cell(0, 8, "Benchmark | A manual", align="C")
        self.ln(10)


def write_pdfs(folder: Path, count: int, pages: int) -> Path:
    """PDFs of so many pages, no two alike."""
    folder.mkdir(parents=True)
    corpus = make_corpus(count * pages * PARAGRAPHS, seed=11)
    for number in range(count):
        paper = _Paper()
        for page in range(pages):
            paper.add_page()
            first = (number * pages + page) * PARAGRAPHS
            paper.set_font("Helvetica", style="B", size=15)
            paper.multi_cell(0, 9, _heading(corpus, first), new_x="LMARGIN", new_y="NEXT")
            paper.set_font("Helvetica", size=10)
            for chunk in range(first, first + PARAGRAPHS):
                paper.multi_cell(0, 5, corpus.text(chunk).replace("\n", " "), new_x="LMARGIN", new_y="NEXT")
                paper.ln(3)
        paper.output(str(folder / f"paper{number:03}.pdf"))
    return folder


def write_markdown(folder: Path, count: int, *, words: int) -> Path:
    """Markdown files of about so many words, no two alike, 500 in each folder."""
    each = -(-words // 100)
    corpus = make_corpus(count * each, seed=12)
    for number in range(count):
        into = folder / f"{number // 500:03}"
        into.mkdir(parents=True, exist_ok=True)
        chunks = range(number * each, (number + 1) * each)
        parts = [f"## {_heading(corpus, chunk)}\n\n{corpus.text(chunk)}" for chunk in chunks]
        text = f"# {_heading(corpus, chunks[0])}\n\n" + "\n\n".join(parts)
        (into / f"text{number:05}.md").write_text(_cut(text, words), encoding="utf-8")
    return folder if count > 500 else folder / "000"  # noqa: PLR2004


def _heading(corpus: Corpus, chunk: int) -> str:
    return " ".join(corpus.words[word] for word in np.sort(corpus.said[chunk])[-3:]).capitalize()


def _cut(text: str, words: int) -> str:
    if words >= 100:  # noqa: PLR2004 - whole chunks
        return text
    return " ".join(text.split(" ")[:words])
