"""From bytes to what will be stored: text, chunks and vectors. No transaction is open while this works."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from kb.chunker import Passage, Sizes, chunk
from kb.embeddings import Embedder, embed_cached
from kb.errors import DocumentUnreadable
from kb.loaders import load
from kb.sources import Raw
from kb.vectors import Vectors
from kb.windows import windows

PIPELINE = "2"  # change it when loaders, chunker or windows change what they give: then all is prepared anew
MOST_CHUNKS = 5_000


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


def fingerprint(raw: Raw, title: str, embedder: Embedder) -> str:
    """SHA-256 over everything that decides what is stored: while it stays the same there is nothing to do."""
    said = f"{PIPELINE}:{embedder.name}:{title}:".encode()
    return hashlib.sha256(said + raw.data).hexdigest()


def prepare(
    raw: Raw,
    title: str,
    embedder: Embedder,
    sizes: Sizes,
    *,
    on_state: Callable[[str], None],
    on_batch: Callable[[], None] = lambda: None,
) -> Prepared:
    """Load, chunk and embed. `title` is "" where the document's own counts; `on_batch` hears that work goes on.

    Raises DocumentUnreadable, or EmbedderUnavailable.
    """
    on_state("extracting")
    loaded = load(raw.data, raw.name, raw.content_type)
    named = title or loaded.title or PurePath(raw.name).stem.replace("-", " ").replace("_", " ").strip().capitalize()
    passages = tuple(chunk(loaded.blocks, sizes))
    if not passages:
        raise DocumentUnreadable("The document has no text: check what was saved under this name.")
    if len(passages) > MOST_CHUNKS:
        raise DocumentUnreadable(f"The document gives more than {MOST_CHUNKS} chunks: split it into several.")
    on_state("embedding")
    cut = [windows(passage, named) for passage in passages]
    flat = embed_cached(embedder, [text for texts in cut for text in texts], on_batch)
    vectors, start = [], 0
    for texts in cut:
        vectors.append(flat[start : start + len(texts)])
        start += len(texts)
    return Prepared(named, fingerprint(raw, title, embedder), passages, tuple(vectors), embedder.name)
