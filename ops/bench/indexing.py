"""`handrail bench indexing`: how quickly documents become knowledge, beside what reading and embedding cost alone."""

import json as js
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import typer
from sqlalchemy import text

from core import db
from core.settings import get_settings
from kb.embeddings.embedder import Embedder
from kb.embeddings.minilm import MiniLM, model_folder
from kb.loaders import load
from ops.bench.corpus import CHUNKS_A_DOCUMENT, make_corpus
from ops.bench.indexing_apart import Many, Noting, Unpaid, index_folder, make_site, measure_many
from ops.bench.papers import write_markdown, write_pdfs
from ops.bench.retrieval_ours import Ours, tidy, wipe, write
from ops.bench.retrieval_systems import connect, fill


@dataclass(frozen=True)
class Amount:
    """How much is indexed."""

    chunks: int = 10_000
    papers: int = 12
    pages: int = 25
    texts: int = 80  # documents that MiniLM reads
    documents: int = 10_000  # small ones, for memory
    rounds: int = 3  # of which the medians count


QUICK = Amount(chunks=160, papers=1, pages=2, texts=2, documents=20, rounds=1)


@dataclass(frozen=True)
class Written:
    """Chunks a second, their vectors being there already."""

    ours: float
    plain: float  # COPY, then GIN and HNSW


@dataclass(frozen=True)
class Folder:
    """Seconds for a folder: the whole way, and what reading and embedding the same take by themselves."""

    name: str
    documents: int
    pages: int
    texts: int  # windows that were embedded
    whole: float
    reading: float
    embedding: float

    @property
    def overhead(self) -> float:
        """What our own part adds to both: .1 is a tenth."""
        return self.whole / (self.reading + self.embedding) - 1


@dataclass(frozen=True)
class Result:
    """All that was measured."""

    written: Written
    folders: list[Folder]
    many: Many


def run_indexing(*, quick: bool = False, json: Path | None = None) -> Result:
    """Measure and print."""
    amount = QUICK if quick else Amount()
    written = measure_written(amount.chunks)
    typer.echo(
        f"writing, vectors being there: {written.ours:,.0f} chunks/s; plain SQL (COPY + GIN + HNSW) "
        f"{written.plain:,.0f}; ours ÷ plain {written.ours / written.plain:.2f}"
    )
    folders = _measure_folders(amount)
    for one in folders:
        pages = f"{one.pages / one.whole:.1f} pages/s, " if one.pages else ""
        typer.echo(
            f"{one.name}: {one.documents} documents in {one.whole:.2f} s ({pages}{one.texts / one.whole:.1f} texts/s); "
            f"reading alone {one.reading:.2f} s, embedding alone {one.embedding:.2f} s; overhead {one.overhead:+.0%}"
        )
    with tempfile.TemporaryDirectory(prefix="handrail-bench-") as folder:
        write_markdown(Path(folder), amount.documents, words=60)
        many = measure_many(Path(folder))
    _print_many(many)
    result = Result(written, folders, many)
    if json is not None:
        overheads = {one.name: one.overhead for one in folders}
        json.write_text(js.dumps(asdict(result) | {"overhead": overheads}, indent=1))
    return result


def measure_written(chunks: int) -> Written:
    """The same corpus through our indexer's last step, and into the wide table of a framework."""
    wipe()
    corpus = make_corpus(chunks)
    ours = chunks / write(corpus, Ours("written"), lambda _: 0, 1)
    with connect(get_settings().database_url) as connection:
        began = time.monotonic()
        fill(connection, corpus, lambda chunk: chunk // CHUNKS_A_DOCUMENT % 20)
        plain = chunks / (time.monotonic() - began)
        connection.execute("DROP TABLE bench_wide")
    tidy()
    return Written(ours, plain)


def _measure_folders(amount: Amount) -> list[Folder]:
    """PDFs without and with the cost of a model, and Markdown with it."""
    minilm = MiniLM(model_folder(get_settings().home))
    minilm.embed(["warm"] * 4)
    measured = []
    with tempfile.TemporaryDirectory(prefix="handrail-bench-") as home:
        papers = write_pdfs(Path(home) / "papers", amount.papers, amount.pages)
        texts = write_markdown(Path(home) / "texts", amount.texts, words=900)
        pages = amount.papers * amount.pages
        measured.append(measure_folder("PDF, embedding unpaid", papers, pages, Unpaid(), amount.rounds))
        measured.append(measure_folder("PDF, MiniLM", papers, pages, minilm, amount.rounds))
        measured.append(measure_folder("Markdown, MiniLM", texts, 0, minilm, amount.rounds))
    return measured


def measure_folder(name: str, folder: Path, pages: int, embedder: Embedder, rounds: int) -> Folder:
    """Index `folder` into a site of its own, then read and embed the same by themselves; medians of the rounds."""
    files = sorted(folder.iterdir())
    _read(files[:1])  # what a first reading imports is not the indexer's
    took: list[tuple[float, float, float]] = []
    for _ in range(rounds):
        forget()
        noting, site = Noting(embedder), make_site("bench-folder")
        took.append(
            (
                _seconds(lambda: index_folder(site, folder, noting)),  # noqa: B023 - called at once
                _seconds(lambda: _read(files)),
                _seconds(lambda: embedder.embed(noting.seen)),  # noqa: B023
            )
        )
    whole, reading, embedding = (median(each) for each in zip(*took, strict=True))
    return Folder(name, len(files), pages, len(noting.seen), whole, reading, embedding)


def forget() -> None:
    """Forget what was embedded and indexed, so that the next folder pays for itself."""
    wipe()
    with db.transaction() as session:
        session.execute(text("TRUNCATE embedding_cache"))


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _read(files: Sequence[Path]) -> None:
    for file in files:
        load(file.read_bytes(), file.name, "")


def _print_many(many: Many) -> None:
    typer.echo(
        f"{many.documents:,} documents in one run: {many.documents / many.seconds:,.0f} a second; memory "
        + " → ".join(f"{mb:.0f}" for mb in many.memory_mb)
        + f" MB ({many.grown_mb:+.1f} MB from the first fifth to the last)"
    )
    typer.echo(
        f"a second run over them: {many.again_seconds:.1f} s ({many.documents / many.again_seconds:,.0f} a second), "
        f"{many.rows_again} rows of passages, vectors and postings written"
    )
