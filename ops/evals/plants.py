"""Faults that are planted: each in ten forms, put in for a while and taken out again.

This is the one place that replaces code of ours while it runs: what it plants are the mistakes of those who edit it.
"""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from brain import prompt
from core.db import transaction
from kb.chunks.chunker import Passage, Sizes, chunk
from kb.documents import preparing, steering
from kb.documents.indexer import index_all
from kb.documents.registering import remove
from kb.loaders import Block
from kb.search import hybrid
from kb.search.rerank import rerank
from ops.demo import content
from ops.evals.golden import GoldenSet

FORMS = 10


@dataclass(frozen=True)
class Plant:
    """One kind of fault; `put(golden, n)` puts its nth form in while the block runs, and says what it is."""

    name: str
    brain: Literal["extractive", "obedient"]
    put: Callable[[GoldenSet, int], AbstractContextManager[str]]


@contextmanager
def broken_chunker(golden: GoldenSet, n: int) -> Iterator[str]:  # noqa: ARG001 - all plants are called alike
    """Passages lose part of their text: their beginning, their end, or every second line, more or less of it."""
    share = 0.45 + 0.05 * (n % 5)
    kind = ("beginning", "end")[n // 5]

    def broken(blocks: tuple[Block, ...], sizes: Sizes | None = None) -> list[Passage]:
        return [_cut(one, kind, share) for one in chunk(blocks, sizes)]

    with _instead(preparing, "chunk", broken):
        _index_again()
        yield f"each passage lacks {share:.0%} of its text at the {kind}"
    _index_again()


def _cut(passage: Passage, kind: str, share: float) -> Passage:
    """Places stay sound: only what stands there is lost."""
    at = int(len(passage.text) * share)
    if kind == "end":
        return replace(passage, text=passage.text[: len(passage.text) - at] or passage.text[:1])
    kept = passage.text[at:] or passage.text[-1:]
    first = passage.places[:1]
    return replace(passage, text=kept, start=passage.start + at, places=first)


@contextmanager
def swapped_prompt(golden: GoldenSet, n: int) -> Iterator[str]:  # noqa: ARG001 - all plants are called alike
    """A rule is edited out of the prompt, or a whole file is replaced by a friendlier one."""
    edits: tuple[tuple[str, str, str], ...] = (
        ("system.md", "Put the id of the passage right after", "Feel free to mention the source of"),
        ("plan.md", "search first", "answer as well as you can"),
        ("plan.md", "use the order tool", "explain how to look it up"),
        ("plan.md", "fetch a person", "stay calm and polite"),
        ("draft.md", "begin with `ABSTAIN:`", "give the closest answer"),
    )
    name, old, new = edits[n % len(edits)]
    whole = "Be friendly and helpful.\n" if n >= len(edits) else ""
    with tempfile.TemporaryDirectory() as folder:
        for file in prompt.FOLDER.iterdir():
            shutil.copy(file, folder)
        text = (prompt.FOLDER / name).read_text(encoding="utf-8")
        (Path(folder) / name).write_text(whole or text.replace(old, new), encoding="utf-8")
        with _instead(prompt, "FOLDER", Path(folder)):
            prompt._file.cache_clear()  # noqa: SLF001 - it is read once in a process
            yield f"{name} is {'replaced by a friendlier one' if whole else f'edited: no “{old}”'}"
    prompt._file.cache_clear()  # noqa: SLF001


@contextmanager
def deleted_document(golden: GoldenSet, n: int) -> Iterator[str]:
    """One of the documents that the suite asks for, another one each time, is deleted."""
    asked = sorted({name for case in golden.cases for name in _needed(case.expect.sources, case.expect.all_sources)})
    name = random.Random(n).sample(asked, len(asked))[0] if n >= len(asked) else _spread(asked, n)  # noqa: S311
    with transaction() as session:
        remove(session, site_id=content.SITE, locator=str(content.DOCUMENTS / name))
    yield f"{name} is deleted"
    with transaction() as session:
        content.prepare(session)
    index_all(content.SITE, lambda _, __: None)


def _needed(sources: Sequence[str], all_sources: Sequence[str]) -> tuple[str, ...]:
    """A case whose answer stands in several documents does without one of them."""
    return (*(sources if len(sources) == 1 else ()), *all_sources)


def _spread(names: Sequence[str], n: int) -> str:
    return names[n * len(names) // FORMS]


@contextmanager
def reversed_ranking(golden: GoldenSet, n: int) -> Iterator[str]:  # noqa: ARG001 - all plants are called alike
    """The worst of the candidates come first; how many of the best are lost differs."""

    def broken(candidates: Any, query: Any, stats: Any, keep: int, *more: Any) -> Any:
        ranked = rerank(candidates, query, stats, len(candidates), *more)
        return ranked[::-1][:keep] if n % 2 else [*ranked[:1], *ranked][::-1][:keep]

    with _instead(hybrid, "rerank", broken):
        yield "re-ranking gives the worst first"


PLANTS = (
    Plant("broken chunker", "extractive", broken_chunker),
    Plant("swapped prompt", "obedient", swapped_prompt),
    Plant("deleted document", "extractive", deleted_document),
    Plant("reversed re-ranking", "extractive", reversed_ranking),
)


@contextmanager
def _instead(module: ModuleType, name: str, other: Any) -> Iterator[None]:
    sound = getattr(module, name)
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, sound)


def _index_again() -> None:
    with transaction() as session:
        steering.reindex(session, content.SITE)
    index_all(content.SITE, lambda _, __: None)
