"""Ten chunkers as a careless editor leaves them: each loses or spoils part of what the documents say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from kb.chunks.chunker import Passage, Sizes, chunk
from kb.loaders import Block

Chunker = Callable[[tuple[Block, ...], Sizes | None], list[Passage]]
Left = Callable[[Sequence[Block]], Iterator[Block]]

SHORT = 40  # characters
TINY = Sizes(least=6, most=16, overlap=0)


def _of(left: Left) -> Chunker:
    """A chunker that is sound itself, and gets no more than what is `left` of the document."""

    def broken(blocks: tuple[Block, ...], sizes: Sizes | None = None) -> list[Passage]:
        return chunk(tuple(left(blocks)) or blocks[:1], sizes)

    return broken


def _then(cut: Callable[[Passage], Passage]) -> Chunker:
    """A chunker that does something to each passage at the end."""

    def broken(blocks: tuple[Block, ...], sizes: Sizes | None = None) -> list[Passage]:
        return [cut(one) for one in chunk(blocks, sizes)]

    return broken


def _without_beginning(one: Passage) -> Passage:
    """Places stay sound: only what stands there is lost."""
    at = len(one.text) // 2
    return replace(one, text=one.text[at:], start=one.start + at, places=one.places[:1])


def _without_end(one: Passage) -> Passage:
    return replace(one, text=one.text[: (len(one.text) + 1) // 2])


def _tiny(blocks: tuple[Block, ...], sizes: Sizes | None = None) -> list[Passage]:  # noqa: ARG001 - they are mistaken
    return chunk(blocks, TINY)


def _every_second(blocks: Sequence[Block]) -> Iterator[Block]:
    yield from blocks[::2]


def _without_figures(blocks: Sequence[Block]) -> Iterator[Block]:
    return (one for one in blocks if not any(map(str.isdigit, one.text)))


def _without_lists(blocks: Sequence[Block]) -> Iterator[Block]:
    return (one for one in blocks if one.kind not in {"item", "row"})


def _headings(blocks: Sequence[Block]) -> Iterator[Block]:
    return (one for one in blocks if one.kind == "heading")


def _without_what_follows_headings(blocks: Sequence[Block]) -> Iterator[Block]:
    yield from blocks[:1]
    for before, one in pairwise(blocks):
        if before.kind != "heading":
            yield one


def _shortened(blocks: Sequence[Block]) -> Iterator[Block]:
    return (replace(one, text=one.text[:SHORT]) for one in blocks)


def _run_together(blocks: Sequence[Block]) -> Iterator[Block]:
    return (replace(one, text="".join(one.text.split())) for one in blocks)


CHUNKERS: tuple[tuple[str, Chunker], ...] = (
    ("each passage lacks its first half", _then(_without_beginning)),
    ("each passage lacks its last half", _then(_without_end)),
    ("every second block is lost", _of(_every_second)),
    ("blocks with a digit are lost, as if they were page numbers", _of(_without_figures)),
    ("lists and tables are lost", _of(_without_lists)),
    ("headings alone are kept", _of(_headings)),
    ("what follows a heading is lost with it", _of(_without_what_follows_headings)),
    (f"blocks are cut off after {SHORT} characters", _of(_shortened)),
    ("words run together, white space being lost", _of(_run_together)),
    (f"passages have at most {TINY.most} tokens", _tiny),
)
