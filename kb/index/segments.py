"""The segments of an audience: written once, marked where a passage is removed, merged before there are too many.

All of it happens under the row lock of the site (`locked`), so there is one writer at a time for each site; readers
wait for nobody. The larger merges are built before the lock is taken: see `kb.index.merging`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.models import Segment, Site
from core.queue import Job, enqueue
from kb.index import wire
from kb.index.postings import MOST_ROWS, Built, Entry, Found, Ids, Part, Rows, build, merge

FAN = 8  # so many segments of one tier become one, which is of a higher tier before long
TIERS = (64, 512, 4_096)  # live rows up to which a segment is of tier 0, 1, 2
AT_ONCE = 1_024  # rows: smaller merges are made by the writer itself, which has the lock already


@dataclass(frozen=True)
class Held:
    """A segment as the database has it, without its postings and words."""

    id: int
    chunk_ids: Ids
    dead: Rows

    @property
    def size(self) -> "Size":
        """What the choice of merges looks at."""
        return Size(self.id, len(self.chunk_ids), len(self.dead))


@dataclass(frozen=True)
class Size:
    """Rows of a segment, and how many of them are dead."""

    id: int
    rows: int
    dead: int

    @property
    def live(self) -> int:
        """Rows that are not dead."""
        return self.rows - self.dead

    @property
    def tier(self) -> int:
        """0 for the smallest."""
        return sum(self.live > most for most in TIERS)


def locked(session: Session, site_id: str) -> bool:
    """Wait until nobody else writes this site's index, until this transaction ends. False where there is no site.

    Take it before the lock of a document, always: in the other order two writers wait for each other. Rows that only
    refer to the site (threads, messages) may go on being written.
    """
    wanted = select(Site.id).where(Site.id == site_id).with_for_update(key_share=True)
    return session.scalar(wanted) is not None


def held(session: Session, audience_id: int) -> list[Held]:
    """An audience's segments, oldest first."""
    wanted = select(Segment.id, Segment.chunk_ids, Segment.dead).where(Segment.audience_id == audience_id)
    return [
        Held(id_, np.frombuffer(ids, "<i8"), np.frombuffer(dead, "<u2"))
        for id_, ids, dead in session.execute(wanted.order_by(Segment.id))
    ]


def write(session: Session, audience_id: int, entries: Sequence[Entry]) -> None:
    """Make these passages findable by their words; then merge what is small, and ask for what is not."""
    for at in range(0, len(entries), MOST_ROWS):
        store(session, audience_id, build(entries[at : at + MOST_ROWS]))
    _tidy(session, audience_id)


def store(session: Session, audience_id: int, built: Built) -> int:
    """Write a segment and its postings. Returns its number."""
    row = {
        "audience_id": audience_id,
        "chunk_ids": built.chunk_ids.astype("<i8").tobytes(),
        "lengths": built.lengths.astype("<i4").tobytes(),
        "words": built.words,
    }
    number = session.execute(insert(Segment).values(row).returning(Segment.id)).scalar_one()
    key = wire.int8(number)
    packed = (wire.packed_row(key, wire.text(name), data) for name, data in built.postings)
    wire.copy(session, "postings", ("segment_id", "term", "data"), packed)
    return number


def remove(session: Session, audience_id: int, chunk_ids: Iterable[int]) -> None:
    """Mark these passages as dead wherever they are; a segment in which nothing lives goes away."""
    gone = np.unique(np.fromiter(chunk_ids, np.int64))
    if not len(gone):
        return
    for segment in held(session, audience_id):
        rows = np.flatnonzero(np.isin(segment.chunk_ids, gone, assume_unique=True))
        dead = np.union1d(segment.dead, rows).astype("<u2")
        if len(dead) == len(segment.chunk_ids):
            drop(session, [segment.id])
        elif len(dead) > len(segment.dead):
            mark(session, segment.id, dead)


def mark(session: Session, segment_id: int, dead: Rows) -> None:
    """Write down which rows of a segment are dead."""
    session.execute(update(Segment).where(Segment.id == segment_id).values(dead=dead.astype("<u2").tobytes()))


def drop(session: Session, segment_ids: Sequence[int]) -> None:
    """Delete segments; their postings go with them."""
    session.execute(delete(Segment).where(Segment.id.in_(segment_ids)))


def crowded(sizes: Sequence[Size]) -> list[int]:
    """The segments to be merged next, or none: one that is mostly dead, or FAN of one tier, or what fits of them."""
    for one in sizes:
        if one.dead * 2 > one.rows:
            return [one.id]
    for tier in range(len(TIERS) + 1):
        same = sorted((one for one in sizes if one.tier == tier), key=lambda one: (one.live, one.id))
        if len(same) < FAN:
            continue
        live = np.cumsum([one.live for one in same])
        fitting = int(np.searchsorted(live, MOST_ROWS, side="right"))
        if fitting > 1:
            return [one.id for one in same[:fitting]]
    return []


def merged(session: Session, segments: Sequence[Held]) -> Built:
    """One segment of the live rows of several. Nothing is written."""
    numbers = [segment.id for segment in segments]
    wanted = select(Segment.id, Segment.lengths, Segment.words).where(Segment.id.in_(numbers))
    more = {id_: (np.frombuffer(lengths, "<i4"), words) for id_, lengths, words in session.execute(wanted)}
    here = [segment for segment in segments if segment.id in more]
    parts = [Part(segment.chunk_ids, more[segment.id][0], segment.dead, more[segment.id][1]) for segment in here]
    return merge(parts, _postings(session, [segment.id for segment in here]))


def _postings(session: Session, segment_ids: list[int]) -> Iterable[Found]:
    place = {number: at for at, number in enumerate(segment_ids)}
    query = "SELECT segment_id, term, data FROM postings WHERE segment_id = ANY(%(ids)s) ORDER BY segment_id, term"
    found = wire.rows(session, query, {"ids": segment_ids}, prepare=False)
    return ((place[number], name, data) for number, name, data in found)


def _tidy(session: Session, audience_id: int) -> None:
    while True:
        segments = held(session, audience_id)
        chosen = set(crowded([segment.size for segment in segments]))
        some = [segment for segment in segments if segment.id in chosen]
        if not some:
            return
        if sum(segment.size.live for segment in some) > AT_ONCE:
            enqueue(session, Job.MERGE_SEGMENTS, audience_id=audience_id)
            return
        built = merged(session, some)
        drop(session, [segment.id for segment in some])
        store(session, audience_id, built)
