"""Writers, merges and readers at the same time: never an error, and nothing that was removed after its commit."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import select

from core import db, embedded
from core.models import Audience, Chunk, Document
from kb.index import merging, segments
from kb.index.replacing import replace, tombstone
from kb.search.hybrid import search
from tests.conftest import make_site
from tests.kb.writing import Away, make_document, prepared, publish

SHOP = "shop"
SECONDS = 4.0

CHILD = """
import json, sys
from core import db
from kb.search.hybrid import search
from tests.kb.writing import Away
for line in sys.stdin:
    with db.reading() as session:
        found = search(session, site_id="shop", channel="web", query=line, embedder=Away())
    print("FOUND", json.dumps([one.text for one in found.snippets]), flush=True)
"""


class Ledger:
    """What was committed when: what must be found, and what must not."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.gone: set[str] = set()
        self.touched: set[str] = set()


def say(name: str, edition: int) -> list[str]:
    return [f"{name} is edition{edition} of a common text", f"{name} has more to say about boots"]


def write(ledger: Ledger, writer: int, until: float) -> int:
    """Publish, edit and remove documents of its own."""
    done = 0
    while time.monotonic() < until:
        name = f"doc{writer}x{done}"
        with db.transaction() as session:
            document = publish(session, SHOP, name, *say(name, 0))
        ledger.live.add(name)
        with db.transaction() as session:
            replace(session, session.get_one(Document, document), prepared(*say(name, 1), "and a third"))
        if done % 3:
            ledger.touched.add(name)
            ledger.live.discard(name)
            with db.transaction() as session:
                segments.locked(session, SHOP)
                tombstone(session, session.get_one(Document, document), "a test")
            ledger.gone.add(name)
        done += 1
    return done


def merge(until: float) -> int:
    done = 0
    while time.monotonic() < until:
        with db.transaction() as session:
            audiences = session.scalars(select(Audience.id)).all()
        for audience in audiences:
            try:
                with db.transaction() as session:  # all of them, whether it is worth it or not
                    old = segments.held(session, audience)
                    if len(old) > 1:
                        merging.switch(session, audience, old, segments.merged(session, old))
                        done += 1
            except merging.MergeOvertaken:
                continue
    return done


def read(ledger: Ledger, until: float) -> int:
    done = 0
    while time.monotonic() < until:
        gone, live = sorted(ledger.gone), sorted(ledger.live)
        name = (live or ["nothing"])[-1 - done % max(1, min(5, len(live)))]
        with db.reading() as session:
            found = search(session, site_id=SHOP, channel="web", query=name, embedder=Away(), top_k=8)
        said = {one.text.split()[0] for one in found.snippets}
        assert not said & set(gone)
        if name in live and name not in ledger.touched:
            assert name in said
        done += 1
    return done


def test_readers_writers_and_merges_at_once(committed: embedded.Addresses) -> None:
    with db.transaction() as session:
        make_site(session, SHOP)
    ledger, until = Ledger(), time.monotonic() + SECONDS
    tasks: list[Callable[[], int]] = [
        lambda: write(ledger, 1, until),
        lambda: write(ledger, 2, until),
        lambda: merge(until),
        lambda: read(ledger, until),
        lambda: read(ledger, until),
    ]
    with ThreadPoolExecutor(len(tasks)) as pool:
        done = [future.result() for future in [pool.submit(task) for task in tasks]]
    assert all(done), done
    with db.transaction() as session:
        [audience] = session.scalars(select(Audience.id)).all()
        rows = [id_ for one in segments.held(session, audience) for id_ in one.chunk_ids.tolist()]
        dead = sum(len(one.dead) for one in segments.held(session, audience))
        there = set(session.scalars(select(Chunk.id)))
        assert there <= set(rows)
        assert len(rows) - dead == len(there)


@contextmanager
def another_process() -> Iterator[Callable[[str], list[str]]]:
    """Another process that searches this database."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    asked, answers = child.stdin, child.stdout

    def ask(query: str) -> list[str]:
        print(query, file=asked, flush=True)
        lines = (line.split(" ", 1) for line in iter(answers.readline, ""))  # its log speaks there, too
        found: list[str] = next(json.loads(rest) for word, rest in lines if word == "FOUND")
        return found

    try:
        yield ask
    finally:
        asked.close()
        child.wait(10)
        answers.close()


def test_another_process_finds_what_is_committed_and_nothing_that_was_removed(committed: embedded.Addresses) -> None:
    with db.transaction() as session:
        make_site(session, SHOP)
        publish(session, SHOP, "other", "boots")
    with another_process() as ask:
        assert ask("kayak") == []
        with db.transaction() as session:
            document = publish(session, SHOP, "kayaks", "A kayak costs 45 a day")
            assert ask("kayak") == [], "not before it is committed"
        assert ask("kayak") == ["A kayak costs 45 a day"]
        with db.transaction() as session:
            replace(session, session.get_one(Document, document), prepared("A kayak costs 50 a day"))
        assert ask("kayak") == ["A kayak costs 50 a day"]
        with db.transaction() as session:
            audience = session.scalars(select(Audience.id)).one()
            old = segments.held(session, audience)
            merging.switch(session, audience, old, segments.merged(session, old))
        assert ask("kayak") == ["A kayak costs 50 a day"]
        with db.transaction() as session:
            tombstone(session, session.get_one(Document, document), "a test")
        assert ask("kayak") == []
        assert ask("boots") == ["boots"]


def test_a_writer_waits_for_the_other_of_its_site_and_for_nobody_elses(committed: embedded.Addresses) -> None:
    with db.transaction() as session:
        for name in (SHOP, "neighbour"):
            make_site(session, name)
            publish(session, name, "there before", "words")
    order: list[str] = []
    began = threading.Event()

    def second(site_id: str) -> None:
        began.wait(60)
        with db.transaction() as session:
            publish(session, site_id, f"second-{site_id}", "words")
            order.append(site_id)

    with ThreadPoolExecutor(2) as pool, db.transaction() as session:
        replace(session, make_document(session, SHOP, "first"), prepared("words"))
        waiting = pool.submit(second, SHOP)
        free = pool.submit(second, "neighbour")
        began.set()
        free.result(60)
        assert not waiting.done()
        order.append("first")
        session.commit()
        waiting.result(60)
    assert order == ["neighbour", "first", SHOP]
