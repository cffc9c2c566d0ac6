"""A retrieval set: documents, questions, and which document answers which question. Read from a folder, or the demo."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from core.errors import BadRequest

Half = Literal["a", "b"]
OPENING = 60  # characters of a text without a title that name its file, as a person would
TREC_COLUMNS = 4


class SetUnreadable(BadRequest):
    """The folder holds no retrieval set: corpus.jsonl, queries.jsonl and qrels.tsv are needed."""


@dataclass(frozen=True)
class Text:
    """One document as it would be uploaded. `key` is the same for the same words: such are one document."""

    title: str
    data: bytes
    name: str
    key: str
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Question:
    """`gains`: key of a document → how well it answers, above 0."""

    id: str
    text: str
    gains: Mapping[str, float]


@dataclass(frozen=True)
class RetrievalSet:
    """`texts` by key. `passed_over`: what could not be used (lines, judgments of documents that are not there)."""

    name: str
    texts: Mapping[str, Text]
    questions: tuple[Question, ...]
    passed_over: Mapping[str, int]


def half_of(question_id: str) -> Half:
    """The half of a set that a question is in: by its id alone, so that it stays there."""
    return "b" if sha256(question_id.encode()).digest()[0] % 2 else "a"


def read_set(folder: Path) -> RetrievalSet:
    """The set in `folder`. Lines that can't be used are counted and passed over. Raises SetUnreadable."""
    passed: dict[str, int] = {}
    keys: dict[str, str] = {}
    texts: dict[str, Text] = {}
    for row in _rows(_file(folder, "corpus.jsonl"), passed):
        text = _text(str(row.get("title") or ""), str(row.get("text") or ""))
        keys[_id(row)] = text.key
        texts.setdefault(text.key, text)
    asked = {_id(row): str(row.get("text") or "") for row in _rows(_file(folder, "queries.jsonl"), passed)}
    gains: dict[str, dict[str, float]] = {}
    for question, document, score in _judgments(folder, passed):
        if score <= 0:
            continue
        if question not in asked or document not in keys:
            _count(passed, "judgments of what is not there")
            continue
        best = gains.setdefault(question, {})
        best[keys[document]] = max(best.get(keys[document], 0.0), score)
    questions = tuple(Question(name, text, gains[name]) for name, text in asked.items() if name in gains)
    if not questions:
        raise SetUnreadable(f"{folder}: no question of queries.jsonl has a document of corpus.jsonl in qrels.tsv.")
    _count(passed, "questions without judgments", len(asked) - len(questions))
    _count(passed, "documents of the same words", len(keys) - len(texts))
    return RetrievalSet(folder.name, texts, questions, {what: count for what, count in passed.items() if count})


def demo_set() -> RetrievalSet:
    """The demo shop's documents, and those of its questions that one message asks."""
    from kb.sources.source import find_sources
    from ops.demo.content import DOCUMENTS
    from ops.evals.cases import load_cases

    texts = {}
    for source in find_sources(str(DOCUMENTS)).sources:
        file = Path(source.locator)
        if not source.archived:
            texts[file.name] = Text(source.title, file.read_bytes(), file.name, file.name, content_type="")
    questions = []
    for cases in sorted(Path(__file__).parent.glob("demo_questions*.yaml")):
        for case in load_cases(cases):
            gains = {name: 1.0 for name in case.sources if name in texts}
            if gains and len(case.say) == 1:
                questions.append(Question(f"{cases.stem}:{case.id}", case.say[0], gains))
    return RetrievalSet("demo", texts, tuple(questions), {})


def _text(title: str, text: str) -> Text:
    title, text = title.strip(), text.strip() or title.strip()
    key = sha256(f"{title}\n{text}".encode(errors="replace")).hexdigest()
    opening = " ".join(text.split())[:OPENING].translate(str.maketrans("/.\0", "   ")).strip()
    return Text(title, text.encode(errors="ignore"), f"{opening or 'document'}.txt", key)


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise SetUnreadable(f"{folder / name} is not there: a set has corpus.jsonl, queries.jsonl and qrels.tsv.")
    return folder / name


def _rows(file: Path, passed: dict[str, int]) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict) and _id(row):
                yield row
            else:
                _count(passed, f"unreadable lines of {file.name}")


def _id(row: dict[str, Any]) -> str:
    found = row.get("_id", row.get("id"))
    return "" if found is None else str(found)


def _judgments(folder: Path, passed: dict[str, int]) -> Iterator[tuple[str, str, float]]:
    """From qrels.tsv, or qrels/test.tsv: with a header or none, and with three columns or TREC's four."""
    beside = folder / "qrels" / "test.tsv"
    file = beside if beside.is_file() else _file(folder, "qrels.tsv")
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines()):
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) == TREC_COLUMNS:
            del cells[1]
        try:
            question, document, score = cells
            yield question.strip(), document.strip(), float(score)
        except ValueError:
            if number and line.strip():  # the first line may be a header
                _count(passed, f"unreadable lines of {file.name}")


def _count(passed: dict[str, int], what: str, more: int = 1) -> None:
    passed[what] = passed.get(what, 0) + more
