"""Made-up knowledge for benchmarks: words as frequent as real ones are, topics that words and vectors share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.embeddings.minilm import tokenizer
from kb.embeddings.vectors import Vectors, unit

WORDS_A_CHUNK = 100
CHUNKS_A_DOCUMENT = 8
DIMENSIONS = 384
TOPICS = 250
TOPIC_WORDS = 300
CODES = 8_000  # product codes: rare words that real shops have many of
ABOUT = 0.3  # share of a chunk's words that belong to its topic
LATENT = 48  # real sentence vectors fill far fewer directions than they have dimensions
ASKED = 5  # words of a question


@dataclass(frozen=True)
class Question:
    """What is asked: some words of one chunk, and a vector near to its."""

    text: str
    vector: Vectors
    chunk: int


@dataclass(frozen=True)
class Corpus:
    """`said[n]` are the numbers of chunk n's words, `vectors[n]` is its embedding (length one)."""

    words: Sequence[str]
    said: NDArray[np.int32]
    vectors: Vectors
    topics: NDArray[np.int32]  # of each document

    def __len__(self) -> int:
        """How many chunks there are."""
        return len(self.said)

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.topics)

    def chunks_of(self, document: int) -> range:
        """The numbers of a document's chunks."""
        return range(document * CHUNKS_A_DOCUMENT, min((document + 1) * CHUNKS_A_DOCUMENT, len(self)))

    def title(self, document: int) -> str:
        """Three of the words of its first chunk."""
        return " ".join(self.words[word] for word in self.said[document * CHUNKS_A_DOCUMENT][:3]).capitalize()

    def text(self, chunk: int) -> str:
        """A chunk as prose: a full stop after every twelve words, a new line after every third sentence."""
        said = [self.words[word] for word in self.said[chunk]]
        sentences = [" ".join(said[at : at + 12]).capitalize() + "." for at in range(0, len(said), 12)]
        return "\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))

    def first(self, chunks: int) -> "Corpus":
        """Its first `chunks` chunks: a smaller corpus of the same kind."""
        return Corpus(
            self.words, self.said[:chunks], self.vectors[:chunks], self.topics[: -(-chunks // CHUNKS_A_DOCUMENT)]
        )

    def questions(self, count: int, seed: int, *, among: Sequence[int] | None = None) -> Iterator[Question]:
        """`count` questions, each about one chunk (of those `among`)."""
        chance = np.random.default_rng(seed)
        for _ in range(count):
            chunk = int(chance.choice(among) if among is not None else chance.integers(len(self)))
            # The rarer words are what people ask about; a frequent one or two come along.
            rare = np.sort(self.said[chunk])[::-1][: WORDS_A_CHUNK * 2 // 3]
            asked = [*chance.choice(rare, ASKED - 1), chance.choice(self.said[chunk])]
            noise = chance.standard_normal(DIMENSIONS).astype(np.float32) * (0.5 / DIMENSIONS**0.5)
            vector = unit((self.vectors[chunk] + noise)[None])[0]
            yield Question("how " + " ".join(self.words[word] for word in asked), vector, chunk)


def make_corpus(chunks: int, seed: int = 4) -> Corpus:
    """A corpus of so many chunks; the same one for the same seed."""
    chance = np.random.default_rng(seed)
    words = _vocabulary(chance)
    documents = -(-chunks // CHUNKS_A_DOCUMENT)
    topics = chance.integers(TOPICS, size=documents).astype(np.int32)
    of_chunk = np.repeat(topics, CHUNKS_A_DOCUMENT)[:chunks]
    return Corpus(words, _said(chance, len(words), of_chunk), _vectors(chance, documents, of_chunk), topics)


def _vocabulary(chance: np.random.Generator) -> list[str]:
    """English words, about the most frequent first, with codes strewn among the rarer half."""
    numbered = sorted(tokenizer().get_vocab().items(), key=lambda entry: entry[1])
    words = [word for word, _ in numbered if word.isascii() and word.isalpha() and len(word) > 1]
    letters = chance.integers(26, size=(CODES, 2)) + ord("a")
    codes = {f"{chr(one)}{chr(two)}{n:04}" for n, (one, two) in enumerate(letters)}
    rarer = words[len(words) // 2 :] + sorted(codes)
    chance.shuffle(rarer)
    return words[: len(words) // 2] + rarer


def _zipf(count: int) -> NDArray[np.float64]:
    weights = 1 / (np.arange(count) + 3.0)
    return np.asarray(weights / weights.sum(), np.float64)


def _said(chance: np.random.Generator, vocabulary: int, topics: NDArray[np.int32]) -> NDArray[np.int32]:
    shape = (len(topics), WORDS_A_CHUNK)
    common = chance.choice(vocabulary, size=shape, p=_zipf(vocabulary))
    own = chance.integers(200, vocabulary, size=(TOPICS, TOPIC_WORDS))  # of each topic, the usual ones first
    about = own[topics[:, None], chance.choice(TOPIC_WORDS, size=shape, p=_zipf(TOPIC_WORDS))]
    return np.where(chance.random(shape) < ABOUT, about, common).astype(np.int32)


def _vectors(chance: np.random.Generator, documents: int, topics: NDArray[np.int32]) -> Vectors:
    spread = (1 / np.sqrt(np.arange(LATENT) + 1.0)).astype(np.float32)

    def some(count: int) -> Vectors:
        return np.asarray(chance.standard_normal((count, LATENT), dtype=np.float32) * spread)

    of_document = np.repeat(some(documents), CHUNKS_A_DOCUMENT, axis=0)[: len(topics)]
    latent = some(TOPICS)[topics] + 0.7 * of_document + 0.5 * some(len(topics))
    turned = np.linalg.qr(chance.standard_normal((DIMENSIONS, LATENT)))[0].astype(np.float32)
    made = latent @ turned.T
    made += chance.standard_normal(made.shape, dtype=np.float32) * (0.3 / DIMENSIONS**0.5)
    return unit(np.asarray(made, np.float32))
