"""From bytes to what will be stored: text, chunks and vectors. No transaction is open while this works."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePath

from core.settings import get_settings
from kb.analysis import language_of
from kb.chunks.chunker import Passage, Sizes, chunk
from kb.chunks.windows import windows
from kb.documents.warning import warning
from kb.embeddings.embedder import Embedder, embed_cached
from kb.embeddings.vectors import Vectors
from kb.errors import DocumentUnreadable
from kb.loaders import Loaded
from kb.parsing import load_apart
from kb.sources.source import Raw

PIPELINE = "2"  # change it when loaders, chunker or windows change what they give: then all is prepared anew
MOST_CHUNKS = 5_000
LANGUAGE_FROM = 8  # passages are enough to tell it


@dataclass(frozen=True)
class Draft:
    """A document that was read and cut, and waits for its vectors. `texts[n]` are the windows of `passages[n]`."""

    title: str
    content_hash: str
    language: str
    passages: tuple[Passage, ...]
    texts: tuple[tuple[str, ...], ...]
    warning: str = ""  # what its owner should look at


@dataclass(frozen=True)
class Prepared:
    """A document that is ready to go live. `vectors[n]` has one row per window of `passages[n]`."""

    title: str
    content_hash: str
    passages: tuple[Passage, ...]
    vectors: tuple[Vectors, ...]
    model: str
    language: str = ""  # of most of its words, as ISO 639-1
    beside: Mapping[str, tuple[Vectors, ...]] = field(default_factory=dict)  # model → vectors, while it is switched
    warning: str = ""  # what its owner should look at, although it is live

    def by(self, searched: str | None, following: str | None) -> "Prepared | None":
        """The same for a site that has these models by now; None without vectors of the searched one."""
        made = {**self.beside, self.model: self.vectors}
        searched = searched or self.model
        if searched not in made:
            return None
        beside = {name: vectors for name, vectors in made.items() if name == following != searched}
        return replace(self, model=searched, vectors=made[searched], beside=beside)


def configured_sizes() -> Sizes:
    """The sizes of chunks that the settings ask for."""
    settings = get_settings()
    return Sizes(settings.chunk_min_tokens, settings.chunk_max_tokens, settings.chunk_overlap_tokens)


@lru_cache(maxsize=1024)
def recipe(title: str, sizes: Sizes) -> str:
    """A short hash of what decides, beside a source's bytes, what is stored of it. The model is none of that."""
    return hashlib.sha256(f"{PIPELINE}:{sizes!r}:{title}".encode()).hexdigest()[:8]


def fingerprint(raw: Raw, title: str, sizes: Sizes) -> str:
    """SHA-256 over everything that decides what is stored: while it stays the same there is nothing to do."""
    return hashlib.sha256(f"{recipe(title, sizes)}:".encode() + raw.data).hexdigest()


def extract(raw: Raw, title: str, sizes: Sizes, loaded: Loaded | None = None) -> Draft:
    """Load, if it is not `loaded` yet, and cut. `title` is "" where the document's own counts.

    Raises DocumentUnreadable.
    """
    if loaded is None:
        loaded = load_apart(raw.data, raw.name, raw.content_type)
    named = title or loaded.title or PurePath(raw.name).stem.replace("-", " ").replace("_", " ").strip().capitalize()
    passages = tuple(chunk(loaded.blocks, sizes))
    if not passages:
        raise DocumentUnreadable("The document has no text: check what was saved under this name.")
    if len(passages) > MOST_CHUNKS:
        raise DocumentUnreadable(f"The document gives more than {MOST_CHUNKS} chunks: split it into several.")
    language = language_of("\n".join(passage.text for passage in passages[:LANGUAGE_FROM]))
    language = language or loaded.language[:2].lower()  # what a page says of itself is often its template's
    texts = tuple(tuple(windows(passage, named)) for passage in passages)
    return Draft(named, fingerprint(raw, title, sizes), language, passages, texts, warning(passages))


def embed(
    drafts: Sequence[Draft], embedders: Sequence[Embedder], on_batch: Callable[[], None] = lambda: None
) -> list[Prepared]:
    """Vectors for all of `drafts` by each of `embedders`, the first of which is searched with.

    A text that occurs in several is embedded once. Raises EmbedderUnavailable or TextRefused.
    """
    made = {embedder.name: _vectors(drafts, embedder, on_batch) for embedder in embedders}
    first = embedders[0].name
    return [
        Prepared(
            draft.title,
            draft.content_hash,
            draft.passages,
            made[first][at],
            first,
            draft.language,
            {name: vectors[at] for name, vectors in made.items() if name != first},
            draft.warning,
        )
        for at, draft in enumerate(drafts)
    ]


def _vectors(drafts: Sequence[Draft], embedder: Embedder, on_batch: Callable[[], None]) -> list[tuple[Vectors, ...]]:
    flat = embed_cached(embedder, [text for draft in drafts for texts in draft.texts for text in texts], on_batch)
    rows = iter(_cut(flat, (len(texts) for draft in drafts for texts in draft.texts)))
    return [tuple(next(rows) for _ in draft.texts) for draft in drafts]


def _cut(flat: Vectors, sizes: Iterable[int]) -> Iterable[Vectors]:
    start = 0
    for size in sizes:
        yield flat[start : start + size]
        start += size
