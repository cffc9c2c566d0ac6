"""Faults that are planted: each in ten forms, put in for a while and taken out again.

This is the one place that replaces code of ours while it runs: what it plants are the mistakes of those who edit it.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from brain import prompt
from core.db import transaction
from kb.documents import preparing, steering
from kb.documents.indexer import index_all
from kb.documents.registering import remove
from ops.demo import content
from ops.evals.golden import GoldenSet
from ops.evals.plant_names import Planted
from ops.evals.planted_chunks import CHUNKERS, Chunker
from ops.evals.planted_prompts import PROMPTS, Edited
from ops.evals.planted_rankings import RANKINGS, Turned

FORMS = 10


@dataclass(frozen=True)
class Form:
    """One form of a fault: what it is, and `put`, which puts it in while the block runs."""

    what: str
    put: Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Plant:
    """One kind of fault; `forms` are FORMS different ones, fewer where a set asks for fewer documents than that."""

    kind: Planted
    name: str
    brain: Literal["extractive", "obedient"]
    forms: Callable[[GoldenSet], tuple[Form, ...]]


def chunkers(_: GoldenSet) -> tuple[Form, ...]:
    """Passages lose part of their text, or their shape."""
    return tuple(Form(what, partial(broken_chunker, broken)) for what, broken in CHUNKERS)


def prompts(_: GoldenSet) -> tuple[Form, ...]:
    """A rule is edited out of the prompt, a file is replaced by a friendlier one, or takes another one's place."""
    return tuple(Form(one.what, partial(swapped_prompt, one)) for one in PROMPTS)


def documents(golden: GoldenSet) -> tuple[Form, ...]:
    """One of the documents that the suite asks for, spread over all of them, is deleted."""
    asked = sorted({name for case in golden.cases for name in _needed(case.expect.sources, case.expect.all_sources)})
    count = min(FORMS, len(asked))
    chosen = [asked[n * len(asked) // count] for n in range(count)]
    return tuple(Form(f"{name} is deleted", partial(deleted_document, name)) for name in chosen)


def rankings(_: GoldenSet) -> tuple[Form, ...]:
    """What should come first comes last, or not at all."""
    return tuple(Form(one.what, partial(reversed_ranking, one)) for one in RANKINGS)


@contextmanager
def broken_chunker(broken: Chunker) -> Iterator[None]:
    """All documents are indexed with this one, and after it with the sound one."""
    try:
        with _instead(preparing, "chunk", broken):
            _index_again()
            yield
    finally:
        _index_again()


@contextmanager
def swapped_prompt(edited: Edited) -> Iterator[None]:
    """Prompts are read from a folder in which they were edited."""
    with tempfile.TemporaryDirectory() as folder:
        for file in prompt.FOLDER.iterdir():
            shutil.copy(file, folder)
        texts = {name: (prompt.FOLDER / name).read_text(encoding="utf-8") for name in prompt.FILES}
        for name, text in edited.of(texts).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        try:
            with _instead(prompt, "FOLDER", Path(folder)):
                prompt._file.cache_clear()  # noqa: SLF001 - it is read once in a process
                yield
        finally:
            prompt._file.cache_clear()  # noqa: SLF001


@contextmanager
def deleted_document(name: str) -> Iterator[None]:
    """It is taken out, and put back after it."""
    with transaction() as session:
        remove(session, site_id=content.SITE, locator=str(content.DOCUMENTS / name))
    try:
        yield
    finally:
        with transaction() as session:
            content.prepare(session)
        index_all(content.SITE, lambda _, __: None)


def _needed(sources: Sequence[str], all_sources: Sequence[str]) -> tuple[str, ...]:
    """A case whose answer stands in several documents does without one of them."""
    return (*(sources if len(sources) == 1 else ()), *all_sources)


@contextmanager
def reversed_ranking(turned: Turned) -> Iterator[None]:
    """Searches rank like this."""
    with _instead(turned.module, turned.name, turned.made(getattr(turned.module, turned.name))):
        yield


PLANTS = (
    Plant(Planted.CHUNKER, "broken chunker", "extractive", chunkers),
    Plant(Planted.PROMPT, "swapped prompt", "obedient", prompts),
    Plant(Planted.DOCUMENT, "deleted document", "extractive", documents),
    Plant(Planted.RANKING, "reversed re-ranking", "extractive", rankings),
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
