"""The lexical index of each site that this process searches, brought up to date when the site's stamp has changed."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Chunk, Document
from kb.lexical import EMPTY, Entry, Lexicon, changed
from kb.sources import EVERY_CHANNEL

Stamp = tuple[
    int, datetime
]  # kb_version, and when the site was made: one that was deleted and made anew is another one
FETCHED = 1_000  # chunks read at a time, so that a large site does not fill memory with texts


@dataclass(frozen=True)
class SiteIndex:
    """One site at one stamp. `groups[row]` says which of `channels` the row's document is for."""

    stamp: Stamp | None
    lexicon: Lexicon
    groups: NDArray[np.int32]
    channels: tuple[frozenset[str], ...]
    row_of: dict[int, int] = field(default_factory=dict)

    def allowed(self, channel: str) -> NDArray[np.bool_]:
        """True for the rows that may be used in `channel`."""
        usable = np.array([channel in group or EVERY_CHANNEL in group for group in self.channels], dtype=bool)
        return usable[self.groups] if len(self.groups) else np.empty(0, dtype=bool)


NOTHING = SiteIndex(None, EMPTY, np.empty(0, np.int32), ())


class Shelf:
    """The indexes of this process. Readers keep the one that they have; a refresh puts a new one beside it."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[str, SiteIndex] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, site_id: str) -> SiteIndex:
        """What is there now, perhaps stale, perhaps nothing."""
        return self._kept.get(site_id, NOTHING)

    def refresh(self, session: Session, site_id: str, stamp: Stamp) -> SiteIndex:
        """The index at `stamp` or later. Only one thread reads for a site, the others wait for it."""
        with self._guard:
            lock = self._locks.setdefault(site_id, threading.Lock())
        with lock:
            held = self.get(site_id)
            if held.stamp != stamp:
                same_site = held.stamp is not None and held.stamp[1] == stamp[1]
                held = _read(session, site_id, stamp, held if same_site else NOTHING)
                self._kept[site_id] = held
        return held


SHELF = Shelf()


def _read(session: Session, site_id: str, stamp: Stamp, old: SiteIndex) -> SiteIndex:
    wanted = select(Chunk.id, Document.channels).join(Document, Document.id == Chunk.document_id)
    wanted = wanted.where(Chunk.site_id == site_id, Document.site_id == site_id, Document.state == "live")
    live = {chunk_id: frozenset(channels) for chunk_id, channels in session.execute(wanted)}
    lexicon, keep = old.lexicon, set(live)
    for some in _portions(sorted(keep - set(old.row_of))):
        lexicon = changed(lexicon, _entries(session, some), keep=keep)
    if len(lexicon.ids) != len(live) or set(old.row_of) - keep:
        lexicon = changed(lexicon, (), keep=keep)
    kinds = tuple(set(live.values()))
    number = {kind: at for at, kind in enumerate(kinds)}
    ids = [int(chunk_id) for chunk_id in lexicon.ids]
    groups = np.array([number[live[chunk_id]] for chunk_id in ids], dtype=np.int32)
    row_of = {chunk_id: row for row, chunk_id in enumerate(ids)}
    return SiteIndex(stamp, lexicon, groups, kinds, row_of)


def _portions(ids: list[int]) -> Iterable[list[int]]:
    return (ids[at : at + FETCHED] for at in range(0, len(ids), FETCHED))


def _entries(session: Session, ids: list[int]) -> list[Entry]:
    wanted = select(Chunk.id, Document.title, Chunk.section, Chunk.text).join(
        Document, Document.id == Chunk.document_id
    )
    found: Any = session.execute(wanted.where(Chunk.id.in_(ids)).order_by(Chunk.id))
    return [Entry(chunk_id, f"{title}\n{section}\n{text}") for chunk_id, title, section, text in found]
