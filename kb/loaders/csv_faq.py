"""CSV: questions with their answers, each a heading and its text; a table without such columns is read row by row."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from kb.errors import CsvBroken
from kb.loaders.html import load_fragment
from kb.loaders.loaded import Block, Loaded, Loader, table_rows, tidy
from kb.loaders.text import decode

COLUMNS = {  # without accents, in English, Spanish, German and French
    "question": {"question", "questions", "q", "pregunta", "preguntas", "frage", "fragen"},
    "answer": {"answer", "answers", "a", "respuesta", "respuestas", "antwort", "antworten", "reponse", "reponses"},
    "title": {"title", "titulo", "titel", "titre"},
    "category": {
        "category",
        "categoria",
        "kategorie",
        "categorie",
        "section",
        "topic",
        "tema",
        "thema",
        "theme",
        "rubrik",
    },
    "url": {"url", "link", "enlace", "lien"},
}
DELIMITERS = ";\t,|"
LOOKED_AT = 20  # lines, to tell which of them it is
MARKUP = re.compile(r"</?(?:p|br|ul|ol|li|div|strong|b|em|a|h\d|table)\b[^>]*>", re.IGNORECASE)
MOST_TOLD = 5  # lines with an error that one reason names


def load_csv(data: bytes) -> Loaded:
    """Headings for categories, titles and questions, then the answer; or table rows. Raises CsvBroken with the line."""
    text = decode(data)
    delimiter = _delimiter(text)
    rows = list(_rows(text, delimiter))
    if not rows:
        raise CsvBroken("The CSV file has no line with text: check what was saved under this name.")
    columns = _columns(rows[0][1])
    if {"question", "answer"} <= columns.keys():
        return Loaded("", tuple(_pairs(rows, columns)))
    return Loaded("", tuple(table_rows([row for _, row in rows])))


def _delimiter(text: str) -> str:
    """The one that gives a question and an answer, else the one that cuts most lines into equally many cells."""
    scores: list[tuple[bool, int, int, str]] = []
    for order, delimiter in enumerate(DELIMITERS):
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            some = [row for row in islice(reader, LOOKED_AT) if row]
        except csv.Error:
            continue
        first = some[0] if some else []
        pairs = {"question", "answer"} <= _columns(first).keys()
        equal = sum(len(row) == len(first) for row in some) if len(first) > 1 else 0
        scores.append((pairs, equal, -order, delimiter))
    return max(scores)[3] if scores else ","


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line that it begins on, cells) of each row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        ends = f" (up to line {reader.line_num})" if reader.line_num > begins else ""
        raise CsvBroken(
            f"Line {begins}{ends} of the CSV file can't be read ({error}): a quote inside a cell is written twice, and "
            "a cell with quotes or line breaks stands in quotes."
        ) from error


def _columns(header: list[str]) -> dict[str, int]:
    """Which of COLUMNS stands where."""
    found: dict[str, int] = {}
    for position, cell in enumerate(header):
        plain = unicodedata.normalize("NFKD", cell).encode("ascii", "ignore").decode().casefold()
        name = re.sub(r"[^a-z]", "", plain)
        for column, words in COLUMNS.items():
            if name in words:
                found.setdefault(column, position)
    return found


def _pairs(rows: list[tuple[int, list[str]]], columns: dict[str, int]) -> Iterator[Block]:
    header = rows[0][1]
    _check(rows, columns)
    above: list[str] = []
    for _, row in rows[1:]:
        cells = {name: tidy(row[at]) if at < len(row) else "" for name, at in columns.items()}
        path = [cells[name] for name in ("category", "title") if cells.get(name)]
        for level, part in enumerate(path, 1):
            if above[:level] != path[:level]:
                yield Block("heading", part, level)
        above = path
        yield Block("heading", cells["question"], len([name for name in ("category", "title") if name in columns]) + 1)
        yield from _answer(row[columns["answer"]])
        if cells.get("url", "").startswith(("https://", "http://")):
            yield Block("paragraph", f"{tidy(header[columns['url']])}: {cells['url']}")


def _check(rows: list[tuple[int, list[str]]], columns: dict[str, int]) -> None:
    """Raises CsvBroken that names the lines and columns where something is missing or too much."""
    header = rows[0][1]
    wrong: list[str] = []
    for line, row in rows[1:]:
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            wrong.append(f"line {line} has {len(row)} cells, but the first line names {len(header)} columns")
            continue
        for name in ("question", "answer"):
            at = columns[name]
            if at >= len(row) or not row[at].strip():
                wrong.append(f"line {line}, column {at + 1} ({tidy(header[at])}) is empty")
    if wrong:
        more = f", and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise CsvBroken(f"In the CSV file {'; '.join(wrong[:MOST_TOLD])}{more}: put that right and upload it again.")
    if len(rows) == 1:
        raise CsvBroken("The CSV file names its columns, but has no question: fill it in and upload it again.")


def _answer(text: str) -> list[Block]:
    """Paragraphs and items of a cell, which may be HTML, as shops export it."""
    if MARKUP.search(text) and (blocks := load_fragment(text)):
        return [block for block in blocks if block.kind != "heading"] or blocks
    blocks = []
    for part in re.split(r"\n\s*\n", text):
        lines = part.split("\n")
        if any(re.match(r"\s*[-*•]\s", line) for line in lines):
            blocks += [Block("item", tidy(re.sub(r"^\s*[-*•]\s", "", line))) for line in lines if tidy(line)]
        elif tidy(part):
            blocks.append(Block("paragraph", tidy(part)))
    return blocks


CSV = Loader(
    "csv",
    (".csv", ".tsv"),
    ("text/csv", "text/tab-separated-values", "application/csv"),
    looks_like=lambda _: False,
    load=load_csv,
)
