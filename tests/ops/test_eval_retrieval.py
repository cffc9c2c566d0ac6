"""The evaluation of retrieval: sets as strangers write them, the figures, and that nothing stays behind."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Chunk, Document, Site
from ops.evals.retrieval import LEGS, evaluate
from ops.evals.retrieval_scores import interval, ndcg, recall
from ops.evals.retrieval_set import SetUnreadable, Text, demo_set, half_of, read_set
from tests.kb.samples import Hashing

CORPUS = [
    {"_id": "d1", "title": "Shipping", "text": "Parcels to Norway cost 14.95 and take five days."},
    {"_id": "d2", "title": "", "text": "Canoes are for hire on the lake in summer.\n\n" * 400},
    {"_id": 3, "title": None, "text": "Gas cartridges can't be returned."},
    {"_id": "d4", "title": "", "text": "Gas cartridges can't be returned."},
    {"_id": "d5", "title": "Only a title", "text": ""},
    {"_id": "d6", "title": "", "text": ""},
    {"_id": "d7", "title": "送料", "text": "ノルウェーへの送料は千二百円です。\ud83d"},
    {"_id": "../../etc/passwd", "title": "a/b.c", "text": "Tents are mended in Port Ellary."},
]
QUERIES = [
    {"_id": "q1", "text": "what does a parcel to Norway cost"},
    {"_id": "q2", "text": "hire a canoe"},
    {"_id": "q3", "text": "are gas cartridges taken back"},
    {"_id": "q4", "text": ""},
    {"_id": "q5", "text": "nobody judged this"},
    {"_id": "q6", "text": "送料"},
    {"_id": 7, "text": "mended tents"},
]
QRELS = ["q1\td1\t2", "q1\td4\t0", "q2\td2\t1", "q3\td4\t1", "q4\td5\t1", "q6\td7\t1", "7\t../../etc/passwd\t1"]
QRELS += ["q1\tgone\t1", "gone\td1\t1", "q1 d1", ""]


def write(folder: Path, qrels: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "corpus.jsonl").write_text(
        "\n".join([*map(json.dumps, CORPUS), "", "{broken", '{"text": "no id"}', "[]"])
    )
    (folder / "queries.jsonl").write_text("\ufeff" + "\n".join(map(json.dumps, QUERIES)))
    (folder / "qrels.tsv").write_text(qrels)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "set", "query-id\tcorpus-id\tscore\n" + "\n".join(QRELS))


def test_a_set_is_read_whatever_is_wrong_in_it(folder: Path) -> None:
    found = read_set(folder)
    assert [question.id for question in found.questions] == ["q1", "q2", "q3", "q4", "q6", "7"]
    assert found.passed_over == {
        "unreadable lines of corpus.jsonl": 3,
        "unreadable lines of qrels.tsv": 1,
        "judgments of what is not there": 2,
        "questions without judgments": 1,
        "documents of the same words": 1,
    }
    assert list(found.questions[0].gains.values()) == [2.0]
    assert all("/" not in text.name for text in found.texts.values())


@pytest.mark.parametrize(
    "rows", [QRELS, [row.replace("\t", "\tQ0\t", 1) for row in QRELS], [r.replace("\t", " ") for r in QRELS]]
)
def test_judgments_may_lack_a_header_or_be_trecs(tmp_path: Path, rows: list[str]) -> None:
    found = read_set(write(tmp_path / "set", "\n".join(rows)))
    assert len(found.questions) == 6


def test_judgments_may_be_where_beir_has_them(folder: Path) -> None:
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert len(read_set(folder).questions) == 6


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_what_is_missing_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(SetUnreadable, match=missing):
        read_set(folder)


def test_a_set_without_one_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetUnreadable):
        read_set(write(tmp_path / "set", "query-id\tcorpus-id\tscore\n"))


def test_the_figures_are_those_of_the_formulas() -> None:
    assert ndcg(["a", "b"], {"a": 1.0}) == 1.0
    assert ndcg(["b", "a"], {"a": 1.0}) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(["b", "a"], {"a": 2.0, "b": 1.0}) == pytest.approx((1 + 2 * 0.6309) / (2 + 0.6309), abs=1e-4)
    assert ndcg([str(n) for n in range(11)], {"10": 1.0}) == 0.0
    assert ndcg([], {"a": 1.0}) == 0.0
    assert recall(["a", "b", "c"], {"a": 1.0, "z": 1.0}) == 0.5
    low, high = interval([0.0, 1.0] * 50, seed=1)
    assert (low, high) == interval([0.0, 1.0] * 50, seed=1)
    assert 0.35 < low < 0.5 < high < 0.65
    assert interval([0.5] * 9, seed=1) == (0.5, 0.5)


def test_a_set_is_searched_along_the_products_path_and_leaves_nothing(session: Session, folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    figures = evaluate(read_set(folder), progress=lambda *now: told.append(now), embedder=Hashing())
    assert figures["recall10"] > 0.8
    assert set(figures["per_leg"]) == set(LEGS)
    assert all(
        0 <= leg["interval"][0] <= leg["ndcg10"] <= leg["interval"][1] <= 1 for leg in figures["per_leg"].values()
    )
    assert {key: figures[key] for key in ("ndcg10", "recall10", "interval")} == figures["per_leg"]["reranked"]
    assert (figures["questions"], figures["documents"]) == (6, 6)
    assert figures["chunks"] > figures["documents"]
    assert figures["passed_over"]["unreadable documents"] == 1
    assert ("documents", 7, 7) in told
    assert ("questions", 6, 6) in told
    assert json.loads(json.dumps(figures)) == figures
    assert [session.scalars(select(table)).all() for table in (Site, Document, Chunk)] == [[], [], []]


def test_a_limit_and_halves_choose_questions_and_always_the_same(session: Session, folder: Path) -> None:
    given = read_set(folder)

    def asked(**kwargs: object) -> int:
        return int(evaluate(given, progress=lambda *_: None, embedder=Hashing(), **kwargs)["questions"])  # type: ignore[arg-type]

    assert asked(limit=2, seed=5) == 2
    assert asked(half="a") == sum(half_of(one.id) == "a" for one in given.questions)
    assert asked(half="a") + asked(half="b") == 6


def test_who_interrupts_leaves_nothing_either(session: Session, folder: Path) -> None:
    def interrupt(what: str, *_: int) -> None:
        if what == "questions":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(read_set(folder), progress=interrupt, embedder=Hashing())
    assert session.scalars(select(Site)).all() == []


def test_the_demos_own_set_names_documents_that_are_there() -> None:
    found = demo_set()
    assert len(found.questions) > 100
    assert all(question.gains.keys() <= found.texts.keys() for question in found.questions)
    assert all(isinstance(text, Text) and text.data for text in found.texts.values())
