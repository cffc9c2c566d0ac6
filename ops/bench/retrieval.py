"""`handrail bench retrieval`: how quick and how true searching is, beside others on the same data in the same run."""

import json as js
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import typer

from core.settings import get_settings
from kb.analysis import terms
from ops.bench.corpus import Corpus, make_corpus
from ops.bench.retrieval_apart import Freshness, Start, measure_freshness, measure_start
from ops.bench.retrieval_ours import Ours, numbers, rows_by_site, tidy, wipe, write
from ops.bench.retrieval_systems import NEAR, Peers, System, connect, fill, find_peers, prepare_ranked
from ops.bench.retrieval_table import TOP, Row, hits, measure, row, share, show

SITES = 20
ASKED_SITES = 4  # that questions go to, so that baselines need not keep all twenty in memory
QUESTIONS = 240
TRIALS = 60
QUICK = 800


@dataclass
class Result:
    """All that was measured."""

    one_of_twenty: list[Row] = field(default_factory=list)
    whole: list[Row] = field(default_factory=list)
    whole_hybrid: list[Row] = field(default_factory=list)
    chunks_a_second: dict[int, float] = field(default_factory=dict)
    start: list[Start] = field(default_factory=list)
    freshness: Freshness | None = None
    seconds: float = 0.0


def run_retrieval(
    sizes: Sequence[int], *, quick: bool = False, peers: Path | None = None, json: Path | None = None
) -> Result:
    """Measure and print. Sizes are chunks in all; `quick` is for tests: one small size, few questions."""
    questions, trials = (24, 5) if quick else (QUESTIONS, TRIALS)
    sizes = (QUICK,) if quick else sizes
    find_peers(peers)
    began, result = time.monotonic(), Result()
    whole = make_corpus(max(sizes))
    for size in sorted(sizes):
        _at(whole.first(size), questions, result)
    result.freshness = measure_freshness(Ours("whole").site(0), trials)
    _print_apart(result)
    result.seconds = time.monotonic() - began
    typer.echo(f"\n{result.seconds:.0f} s in all.")
    if json is not None:
        json.write_text(js.dumps(asdict(result), indent=1))
    return result


def _at(corpus: Corpus, count: int, result: Result) -> None:
    size, url = len(corpus), get_settings().database_url
    wipe()
    analysed = [[*terms(corpus.title(chunk // 8)), *terms(corpus.text(chunk))] for chunk in range(size)]
    shared, alone = Ours("shared"), Ours("whole")
    seconds = write(corpus, shared, _dealt, SITES) + write(corpus, alone, _all, 1)
    result.chunks_a_second[size] = 2 * size / seconds
    typer.echo(f"\n{size:,} chunks: written at {2 * size / seconds:,.0f} a second, into 20 sites and into one.")
    with connect(url) as connection:
        fill(connection, corpus, lambda chunk: _dealt(chunk // 8))
    tidy()
    _one_of_twenty(corpus, analysed, count, result)
    _whole(corpus, analysed, count, result)
    result.start += [measure_start(ours.site(0), size) for ours in (Ours("nobody"), shared, alone)]


def _dealt(document: int) -> int:
    return document % SITES


def _all(_: int) -> int:
    return 0


def _one_of_twenty(corpus: Corpus, analysed: list[list[str]], count: int, result: Result) -> None:
    rows = rows_by_site(corpus, _dealt, SITES)
    ours = Ours("shared", numbers(Ours("shared"), corpus, SITES))
    sites = range(ASKED_SITES)
    asked = []
    for site in sites:
        asked += [(one, site) for one in corpus.questions(count // len(sites), site, among=list(rows[site]))]
    with closing(Peers(corpus, rows, analysed, get_settings().database_url)) as peers:
        prepare_ranked(peers, sites)
        systems = [System("handrail", ours.ask, ours.near, backends=ours.backends), *peers.hybrid()]
        took = measure(systems, asked)
        truth = [peers.nearest(*one) for one in asked]
    made = [row(one, len(corpus), took[one.name], recall=share(took[one.name].found, truth, NEAR)) for one in systems]
    show(f"one site of {SITES}, hybrid; {len(corpus):,} chunks in all", made, "recall")
    result.one_of_twenty += made


def _whole(corpus: Corpus, analysed: list[list[str]], count: int, result: Result) -> None:
    size, rows = len(corpus), rows_by_site(corpus, _all, 1)
    ours = Ours("whole", numbers(Ours("whole"), corpus, 1))
    asked = [(one, 0) for one in corpus.questions(count, 7)]
    with closing(Peers(corpus, rows, analysed, get_settings().database_url)) as peers:
        alone = System("handrail, words alone", ours.ask_words, ours.words, backends=ours.backends)
        systems = [alone, *peers.lexical()]
        took = measure(systems, asked)
        truth = [peers.best(*one) for one in asked]
        both = [System("handrail", ours.ask, ours.near, backends=ours.backends), System("limit", peers.limit)]
        took |= measure(both, asked)
        near = [peers.nearest(*one) for one in asked]
    made = []
    for one in systems:
        found = took[one.name].found
        made.append(row(one, size, took[one.name], exact=share(found, truth, TOP), hit=hits(found, asked)))
    show(f"the whole table in one site, words alone; {size:,} chunks", made, "exact", "hit")
    result.whole += made
    made = [row(one, size, took[one.name], recall=share(took[one.name].found, near, NEAR)) for one in both]
    show(f"the whole table in one site, hybrid; {size:,} chunks", made, "recall")
    result.whole_hybrid += made


def _print_apart(result: Result) -> None:
    typer.echo("\na fresh process: from its start to the first answer, and what searching adds to its memory")
    for one in result.start:
        typer.echo(
            f"  {one.chunks:>9,} chunks, {one.site:<9} {one.first_s:6.2f} s (imports {one.imports_s:.2f} s, "
            f"the first search {one.search_ms:.0f} ms), +{one.grown_mb:.1f} MB after {one.searches} searches, "
            f"{one.resident_mb:.0f} MB in all"
        )
    if fresh := result.freshness:
        typer.echo(f"\nfrom a commit in one process to another one's answers, ms ({fresh.trials} trials)")
        for name, times in (("found", fresh.found), ("gone", fresh.gone)):
            typer.echo(f"  {name:<6} p50 {times[0]:.1f}, p95 {times[1]:.1f}, most {times[2]:.1f}")
        typer.echo(f"  searches that began after a commit and did not know of it: {fresh.stale} of {fresh.searches}")
