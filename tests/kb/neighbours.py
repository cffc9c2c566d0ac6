"""Sites that poison each other: the same title, the same vector, the same words in every document of all of them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.models import Chunk, ChunkVector, Document
from kb.chunks.chunker import Passage
from kb.documents.preparing import Prepared
from kb.index.replacing import fail, move, replace, replace_many, tombstone
from kb.index.vector_index import BUILD
from kb.search.hybrid import Ranking, ranked
from tests.conftest import make_site

SITES = ("north", "south", "east")
CHANNELS = ("web", "email", "staff")
TITLE = "Canoe hire on the river"
QUESTION = "what does canoe hire cost on the river"  # stands in every document, of whatever site and channel
MODEL = "poisoned"
OWN_WORDS = {"north": "quillwort", "south": "brambleskip", "east": "fennelgate"}  # each in one site's documents alone
STAFF_WORD = "goosander"  # only in what is for staff
FILLERS = ("lantern", "harbour", "meadow", "granite", "saddle", "orchard", "thimble", "velvet", "walnut", "cobalt")


class Alike:
    """An embedder for which all texts are the same. `seen` is what it was asked for."""

    name = MODEL

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """One unit vector, again and again."""
        self.seen += texts
        return np.tile(np.array([0.6, 0.8, 0.0], np.float32), (len(texts), 1))


@dataclass
class Known:
    """What ought to be known of a document: its channels while it is live, and its chunks' texts."""

    channels: tuple[str, ...]
    texts: tuple[str, ...]
    live: bool = True


@dataclass
class World:
    """The sites as they ought to be, beside those of the database."""

    session: Session
    documents: dict[tuple[str, int], Document] = field(default_factory=dict)
    known: dict[tuple[str, int], Known] = field(default_factory=dict)
    version: int = 0

    def __post_init__(self) -> None:
        for site in SITES:
            make_site(self.session, site)

    def put(self, site: str, number: int, channels: tuple[str, ...], *, chunks: int = 2) -> None:
        """A new document, or a new version of one: its last chunk is another one then."""
        document, prepared = self._next(site, number, channels, chunks)
        if self.known.get((site, number), Known((), (), live=False)).live:
            move(self.session, document, channels)
        document.channels = list(channels)
        replace(self.session, document, prepared)

    def put_many(self, site: str, wanted: dict[int, tuple[str, ...]]) -> None:
        """Several new documents in one go."""
        made = []
        for number, channels in wanted.items():
            document, prepared = self._next(site, number, channels, 2)
            document.channels = list(channels)
            made.append((document, prepared))
        replace_many(self.session, made)

    def move(self, site: str, number: int, channels: tuple[str, ...]) -> None:
        """The document answers in other channels."""
        if self._live(site, number):
            move(self.session, self.documents[site, number], channels)
            self.documents[site, number].channels = list(channels)
            self.known[site, number].channels = channels
            self.session.flush()

    def take_out(self, site: str, number: int) -> None:
        """The document is trashed or unpublished."""
        if self._live(site, number):
            tombstone(self.session, self.documents[site, number], "trashed")
            self.known[site, number].live = False

    def fail(self, site: str, number: int) -> None:
        """The document can't be read any more."""
        if self._live(site, number):
            fail(self.session, self.documents[site, number], "broken")
            self.known[site, number].live = False

    def allowed(self, site: str, channel: str) -> dict[int, str]:
        """Chunk id → text of all that may be found there, as the plan has it, not as any search has."""
        wanted = {
            text
            for (of_site, _), one in self.known.items()
            if of_site == site and one.live and {channel, "*"} & set(one.channels)
            for text in one.texts
        }
        rows = self.session.execute(select(Chunk.id, Chunk.text).where(Chunk.site_id == site))
        found = {chunk: text for chunk, text in rows if text in wanted}
        assert set(found.values()) == wanted
        return found

    def ask(self, site: str, channel: str, question: str = QUESTION, embedder: Alike | None = None) -> Ranking:
        """All that a search thinks of, leg by leg."""
        with_ = embedder or Alike()
        return ranked(self.session, site_id=site, channel=channel, query=question, embedder=with_, count=8)

    def build_indexes(self) -> None:
        """An HNSW index for the vectors of each audience, as a large one has it."""
        kinds = select(ChunkVector.audience_id, ChunkVector.model_id).distinct()
        for audience, model in self.session.execute(kinds).all():
            name = f"hnsw_a{audience}_m{model}"
            query = BUILD.format(name=name, dimensions=3, audience=audience, model=model)
            self.session.execute(text(query.replace("CONCURRENTLY", "")))  # all of it is rolled back

    def _live(self, site: str, number: int) -> bool:
        return (site, number) in self.known and self.known[site, number].live

    def _next(self, site: str, number: int, channels: tuple[str, ...], chunks: int) -> tuple[Document, Prepared]:
        self.version += 1
        document = self.documents.get((site, number))
        if document is None:
            document = Document(site_id=site, source="file", locator=f"/{site}/{number}.md", channels=list(channels))
            self.session.add(document)
            self.session.flush()
            self.documents[site, number] = document
        texts = tuple(_text(site, number, part, channels) for part in range(chunks - 1))
        texts += (_text(site, number, self.version, channels),)
        self.known[site, number] = Known(channels, texts)
        return document, _prepared(texts)


def _text(site: str, number: int, version: int, channels: tuple[str, ...]) -> str:
    chance = np.random.default_rng([len(site), number, version])
    rest = " ".join(f"{word}{version}" for word in chance.permutation(FILLERS)[: 4 + version % 3])
    own = STAFF_WORD if channels == ("staff",) else OWN_WORDS[site]
    return f"{QUESTION}: {site}{number} {own} {rest} {'canoe ' * (version % 4)}".strip()


def _prepared(texts: tuple[str, ...]) -> Prepared:
    passages = tuple(Passage("", None, text, len(text.split())) for text in texts)
    vectors = tuple(Alike().embed([text]) for text in texts)
    given: dict[str, Any] = {"title": TITLE, "content_hash": "0" * 64, "passages": passages}
    return Prepared(vectors=vectors, model=MODEL, **given)
