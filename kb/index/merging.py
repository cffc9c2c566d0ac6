"""The index worker's part in segments: merges outside of any lock, and repair of what does not agree with the passages.

Both may be killed at any point: what they write is one transaction each, and until it commits the old segments serve.
"""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError
from core.log import get_logger
from core.models import Audience, Chunk, Document, Segment
from core.queue import Job, enqueue
from kb.index.postings import Built, Entry, Ids, Rows
from kb.index.segments import Held, Size, crowded, drop, held, locked, mark, merged, remove, store, write

log = get_logger(__name__)

ROUNDS = 100  # merges of one job at most; the next sweep asks for more
PORTION = 2_000  # passages that are indexed again under one lock
# One at a time for each audience: a second one would only build what the first one has switched to already.
CLAIM = text("SELECT pg_try_advisory_xact_lock(:what, :audience_id)")
MERGING = 0x6D657267  # any number that is ours: "merg"


class MergeOvertaken(HandrailError):
    """A writer has merged or removed these segments meanwhile: what was built is thrown away."""


def merge_segments(audience_id: int) -> int:
    """Repair and merge until there is nothing to do. Returns how many merges were made. Safe at any time, twice."""
    while repair(audience_id):
        pass
    for done in range(ROUNDS):
        if not merge_once(audience_id):
            return done
    return ROUNDS


def merge_once(audience_id: int) -> bool:
    """One merge: built from what is there, then switched to under the site's lock. False: nothing was merged."""
    try:
        with transaction() as session:
            if not session.scalar(CLAIM, {"what": MERGING, "audience_id": audience_id}):
                return False
            segments = held(session, audience_id)
            chosen = set(crowded([segment.size for segment in segments]))
            some = [segment for segment in segments if segment.id in chosen]
            if not some:
                return False
            switch(session, audience_id, some, merged(session, some))
    except MergeOvertaken:
        log.info("merge_overtaken", audience=audience_id)
        return False
    return True


def switch(session: Session, audience_id: int, old: Sequence[Held], built: Built) -> None:
    """Put `built` in the place of the segments that it was made of. What has died since then is dead in it, too.

    Raises MergeOvertaken.
    """
    number = store(session, audience_id, built) if len(built.chunk_ids) else None
    site_id = session.scalar(select(Audience.site_id).where(Audience.id == audience_id))
    if site_id is None or not locked(session, site_id):
        raise MergeOvertaken
    now = {segment.id: segment for segment in held(session, audience_id)}
    dead = _died(old, now, built)
    others = [one.chunk_ids for id_, one in now.items() if id_ not in {number, *(segment.id for segment in old)}]
    if any(np.isin(_lost(old, now), ids).any() for ids in others):
        raise MergeOvertaken
    if number is not None and len(dead):
        if len(dead) == len(built.chunk_ids):
            drop(session, [number])
        else:
            mark(session, number, dead)
    drop(session, [segment.id for segment in old])


def _died(old: Sequence[Held], now: dict[int, Held], built: Built) -> Rows:
    """The rows of `built` that have died. A segment goes away when its last row has."""
    still = [one for one in old if one.id in now]
    gone = [one.chunk_ids[np.setdiff1d(now[one.id].dead, one.dead)] for one in still]
    return np.flatnonzero(np.isin(built.chunk_ids, np.concatenate([*gone, _lost(old, now)]))).astype(np.uint16)


def _lost(old: Sequence[Held], now: dict[int, Held]) -> Ids:
    """The passages of those segments that went away: all of them died, or somebody else has merged them."""
    lost = [np.delete(one.chunk_ids, one.dead) for one in old if one.id not in now]
    return np.concatenate([*lost, np.empty(0, np.int64)])


def repair(audience_id: int) -> bool:
    """Index passages that are in no segment, and mark those that are gone. True: there is more of that.

    After a migration there are no segments at all; later on nothing is found here, unless rows were deleted by hand.
    """
    with transaction() as session:
        site_id = session.scalar(select(Audience.site_id).where(Audience.id == audience_id))
        if site_id is None or not locked(session, site_id):
            return False
        there = np.array(session.scalars(select(Chunk.id).where(Chunk.audience_id == audience_id)).all(), np.int64)
        segments = held(session, audience_id)
        alive = [np.delete(segment.chunk_ids, segment.dead) for segment in segments]
        known = np.concatenate([*alive, np.empty(0, np.int64)])
        remove(session, audience_id, np.setdiff1d(known, there).tolist())
        missing = np.setdiff1d(there, known)
        write(session, audience_id, entries(session, missing[:PORTION].tolist()))
        return len(missing) > PORTION


def entries(session: Session, chunk_ids: Sequence[int]) -> list[Entry]:
    """Passages as they are indexed: with the title of their document and their section, in its language."""
    wanted = select(Chunk.id, Document.title, Chunk.section, Chunk.text, Document.language)
    wanted = wanted.join(Document, Document.id == Chunk.document_id).where(Chunk.id.in_(chunk_ids))
    return [
        Entry(chunk_id, indexed(title, section, said), language)
        for chunk_id, title, section, said, language in session.execute(wanted)
    ]


def indexed(title: str, section: str, said: str) -> str:
    """What is searched of a passage."""
    return f"{title}\n{section}\n{said}"


def sweep() -> None:
    """Ask for the merges and repairs that are due: lost rings, killed workers, a migration."""
    with transaction() as session:
        sizes: dict[int, list[Size]] = {}
        rows = func.octet_length(Segment.chunk_ids) / 8
        dead = func.octet_length(Segment.dead) / 2
        for audience_id, *size in session.execute(select(Segment.audience_id, Segment.id, rows, dead)):
            sizes.setdefault(audience_id, []).append(Size(*map(int, size)))
        counted = select(Chunk.audience_id, func.count()).group_by(Chunk.audience_id)
        there = {audience_id: int(count) for audience_id, count in session.execute(counted)}
        for audience_id in sizes.keys() | there.keys():
            here = sizes.get(audience_id, [])
            if crowded(here) or sum(one.live for one in here) != there.get(audience_id, 0):
                enqueue(session, Job.MERGE_SEGMENTS, audience_id=audience_id)
