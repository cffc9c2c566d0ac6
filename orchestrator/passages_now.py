"""What has become of the passages that an answer rests on: as they were, moved, changed, or out of reach today."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kb.citing.pointer import best_span, spans
from orchestrator.grounds import sha256

Json = dict[str, Any]
State = Literal["same", "moved", "changed", "elsewhere", "out", "gone"]

TEXT_MAX = 5_000  # characters of a passage that a search returns: `tools.search_kb`
ALIKE = 0.35  # from which on something else that the document says may be shown as what it says now
NUMBERED = re.compile(r"c(\d{1,18})")

DOCUMENTS = text("""
    SELECT id, state, reason, channels && ARRAY[:channel, '*']::varchar[] AS here
    FROM documents WHERE id = ANY(CAST(:ids AS uuid[])) AND site_id = :site
""")
CHUNKS = text("""
    SELECT chunks.id, chunks.document_id, encode(sha256(convert_to(left(chunks.text, :most), 'UTF8')), 'hex') AS sha256
    FROM chunks JOIN audiences ON audiences.id = chunks.audience_id
    WHERE chunks.document_id = ANY(CAST(:ids AS uuid[])) AND chunks.site_id = :site
      AND audiences.channels && ARRAY[:channel, '*']::varchar[]
""")
SOME = text(f"{CHUNKS.text} AND chunks.id = ANY(CAST(:chunks AS bigint[]))")
TEXTS = text("""
    SELECT chunks.text FROM chunks JOIN audiences ON audiences.id = chunks.audience_id
    WHERE chunks.document_id = CAST(:id AS uuid) AND audiences.channels && ARRAY[:channel, '*']::varchar[]
    ORDER BY chunks.position
""")


@dataclass(frozen=True)
class Words:
    """Words that a sentence of the answer rests on. `now`: what stands there today, where they do not any more."""

    sentence: tuple[int, int]  # characters of the answer
    was: str  # "" where the journal that held them is gone
    stands: bool
    now: str = ""


@dataclass(frozen=True)
class PassageNow:
    """One passage of a record, and what has become of it."""

    passage: Json
    state: State
    why: str = ""  # of a document that does not answer any more
    words: tuple[Words, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether all that the answer takes from it is there, for whoever asks in the same channel."""
        return self.state in {"same", "moved"} or (self.state == "changed" and all(each.stands for each in self.words))


@dataclass(frozen=True)
class Held:
    """What one site says today in one channel, of some documents."""

    documents: Mapping[str, Row[Any]]
    by_chunk: Mapping[int, tuple[str, str]]  # document and hash
    hashes: frozenset[tuple[str, str]]

    def state_of(self, passage: Json) -> State:
        """What has become of it, its words apart."""
        doc_id, was = passage["doc_id"], passage["sha256"]
        document = self.documents.get(doc_id)
        if document is None:
            return "gone"
        if document.state != "live":
            return "out"
        if not document.here:
            return "elsewhere"
        numbered = NUMBERED.fullmatch(passage["id"])
        if numbered and self.by_chunk.get(int(numbered[1])) == (doc_id, was):
            return "same"
        return "moved" if (doc_id, was) in self.hashes else "changed"


def held(session: Session, records: Sequence[Json], *, whole: bool) -> Held:
    """What today's index holds of the passages of `records`, all of one site and channel.

    Unless `whole`, only passages under their old numbers are looked at: one that has moved counts as changed.
    """
    passages = [passage for record in records for passage in record["passages"]]
    ids = list({passage["doc_id"] for passage in passages if _is_id(passage["doc_id"])})
    if not ids:
        return Held({}, {}, frozenset())
    asked = {"ids": ids, "site": records[0]["site"], "channel": records[0]["channel"]}
    numbers = [int(found[1]) for passage in passages if (found := NUMBERED.fullmatch(passage["id"]))]
    rows = session.execute(
        CHUNKS if whole else SOME, asked | {"most": TEXT_MAX} | ({} if whole else {"chunks": numbers})
    ).all()
    return Held(
        {str(row.id): row for row in session.execute(DOCUMENTS, asked)},
        {row.id: (str(row.document_id), row.sha256) for row in rows},
        frozenset((str(row.document_id), row.sha256) for row in rows),
    )


def compare(session: Session, record: Json, texts: Mapping[str, str]) -> list[PassageNow]:
    """Each cited passage of `record` beside today's index. `texts` are passages as they were, by their hash."""
    now, found = held(session, [record], whole=True), []
    for passage in record["passages"]:
        if passage["cited"] is None:
            continue
        state = now.state_of(passage)
        document = now.documents.get(passage["doc_id"])
        why = "" if document is None or state != "out" else document.reason or document.state
        words: Sequence[Words] = ()
        if state == "changed":
            said = session.scalars(TEXTS, {"id": passage["doc_id"], "channel": record["channel"]}).all()
            words = _words(record, passage, texts.get(passage["sha256"], ""), said)
        found.append(PassageNow(passage, state, why, tuple(words)))
    return found


def _words(record: Json, passage: Json, was: str, said: Sequence[str]) -> list[Words]:
    """For each sentence that rests on the passage, whether its words stand anywhere in the document of today."""
    hashes = {sha256(piece) for one in said for piece in _pieces(one)}
    flat = [_flat(one) for one in said]
    found = []
    for sentence in record["sentences"]:
        for ground in sentence.get("grounds", ()):
            if ground.get("passage") != passage["id"]:
                continue
            words = was[ground["start"] : ground["end"]]
            stands = ground["sha256"] in hashes or bool(words and any(_flat(words) in one for one in flat))
            now = "" if stands else _now(words, said)
            found.append(Words((sentence["start"], sentence["end"]), words, stands, now))
    return found


def _pieces(said: str) -> Iterable[str]:
    """All that a sentence may rest on: what can be quoted, and pairs of it."""
    for line in spans(said):
        yield from (said[start:end] for start, end in line)
        yield from (said[one[0] : other[1]] for one, other in pairwise(line))


def _now(words: str, said: Sequence[str]) -> str:
    """What the document says today that is most like `words`; "" where nothing is."""
    best, score = "", ALIKE
    for one in said if words else ():
        (start, end), found = best_span(one, words)
        if found > score:
            best, score = one[start:end], found
    return best


def _flat(text: str) -> str:
    return " ".join(text.split())


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
