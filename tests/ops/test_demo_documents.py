"""The demo shop keeps its promises: formats, index, orders, and questions whose answers stand in the documents."""

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from docx import Document
from pdfminer.high_level import extract_text

from ops import demo
from ops.demo.make_documents import build_all

HERE = Path(demo.__file__).parent
DOCUMENTS, ARCHIVE = HERE / "documents", HERE / "archive"
INDEX: dict[str, dict[str, Any]] = yaml.safe_load((DOCUMENTS / "index.yaml").read_text(encoding="utf-8"))
LIVE = {name for name, entry in INDEX.items() if not entry.get("archived")}
ORDERS: list[dict[str, Any]] = json.loads((HERE / "orders.json").read_text(encoding="utf-8"))
EVALS = HERE.parent / "evals"
QUESTIONS: list[dict[str, Any]] = yaml.safe_load((EVALS / "demo_questions.yaml").read_text(encoding="utf-8"))
DEV_QUESTIONS: list[dict[str, Any]] = yaml.safe_load((EVALS / "demo_questions_dev.yaml").read_text(encoding="utf-8"))
ALL_QUESTIONS = [*QUESTIONS, *DEV_QUESTIONS]
OUTCOMES = {"answered", "abstained", "handed_off", "ticketed"}
STATUSES = {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"}


def plain_text(name: str) -> str:
    """The words of a live document, in lower case and with single spaces; DOCX and PDF are read from their source."""
    source = HERE / "sources" / f"{Path(name).stem}.md"
    raw = (source if Path(name).suffix in {".docx", ".pdf"} else DOCUMENTS / name).read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]+>", " ", raw)) if name.endswith(".html") else raw
    return " ".join(text.lower().split())


def test_more_than_thirty_live_documents_in_all_five_formats() -> None:
    """The shop publishes at least 32 documents, four or more of each format, apart from those for staff."""
    public = {name for name in LIVE if INDEX[name]["channels"] != ["staff"]}
    assert len(public) >= 32
    formats = Counter(Path(name).suffix for name in public)
    assert set(formats) == {".md", ".txt", ".html", ".docx", ".pdf"}
    assert min(formats.values()) >= 4


def test_index_and_folders_name_the_same_files() -> None:
    on_disk = {path.name for path in DOCUMENTS.iterdir()} - {"index.yaml"}
    assert on_disk == LIVE
    assert {path.name for path in ARCHIVE.iterdir()} == set(INDEX) - LIVE


def test_every_entry_says_where_it_is_published() -> None:
    for name, entry in INDEX.items():
        assert entry["url"].startswith("/"), name
        assert entry["url"].endswith("/"), name
        assert entry["title"], name
        assert set(entry["channels"]) <= {"web", "email", "slack", "staff"}, name
    live_urls = [INDEX[name]["url"] for name in LIVE]
    assert len(live_urls) == len(set(live_urls))


def test_some_documents_are_for_staff_alone() -> None:
    assert [name for name in LIVE if "staff" in INDEX[name]["channels"]] == ["staff-goodwill-guide.docx"]


def test_titles_stand_in_the_documents() -> None:
    for name in LIVE:
        assert INDEX[name]["title"].lower() in plain_text(name), name


def test_every_archived_page_has_a_live_successor() -> None:
    live_urls = {INDEX[name]["url"] for name in LIVE}
    assert {INDEX[name]["url"] for name in set(INDEX) - LIVE} <= live_urls


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 3_000_000


def words(path: Path) -> str:
    """The text of a built file, tables of a DOCX included."""
    if path.suffix == ".pdf":
        return extract_text(path)
    return "\n".join(node.text or "" for node in Document(str(path)).element.body.iter() if node.tag.endswith("}t"))


def test_built_documents_are_those_of_the_sources(tmp_path: Path) -> None:
    """Building gives the same bytes on every run, and the files kept here say what their sources say."""
    built = build_all(tmp_path)
    once = [path.read_bytes() for path in built]
    assert [path.read_bytes() for path in build_all(tmp_path)] == once
    assert {path.name for path in built} == {name for name in INDEX if name.endswith((".docx", ".pdf"))}
    for path in built:
        assert words(path) == words(HERE / path.relative_to(tmp_path)), path.name


def test_the_manual_is_a_long_one() -> None:
    data = (DOCUMENTS / "ember-3-manual.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", data)) >= 20


def test_orders_have_the_shape_of_woocommerce() -> None:
    assert len(ORDERS) == 50
    assert len({order["number"] for order in ORDERS}) == 50
    assert {order["status"] for order in ORDERS} == STATUSES
    for order in ORDERS:
        goods = sum(float(item["total"]) for item in order["line_items"])
        assert float(order["total"]) == pytest.approx(goods + float(order["shipping_total"])), order["number"]
        assert order["date_created"][:7] in {"2026-10", "2026-11"}
        assert all(parcel["carrier"] and parcel["number"] for parcel in order["tracking"])


def test_six_customers_two_of_one_family() -> None:
    people = {order["billing"]["email"]: order["billing"]["last_name"] for order in ORDERS}
    assert len(people) == 6
    assert max(Counter(people.values()).values()) == 2
    assert all(email.endswith(("@example.com", "@example.org")) for email in people)


def test_questions_come_in_the_promised_numbers() -> None:
    kinds = Counter(question["kind"] for question in QUESTIONS)
    assert kinds == {"answerable": 34, "unanswerable": 12, "order": 6, "person": 4, "off_topic": 4}
    dev_kinds = Counter(question["kind"] for question in DEV_QUESTIONS)
    assert dev_kinds == {"answerable": 24, "unanswerable": 10, "order": 2, "person": 2, "off_topic": 2}
    assert len({question["id"] for question in ALL_QUESTIONS}) == 100
    assert len({tuple(question["say"]) for question in ALL_QUESTIONS}) == 100


@pytest.mark.parametrize("question", ALL_QUESTIONS, ids=lambda question: str(question["id"]))
def test_question_can_be_judged(question: dict[str, Any]) -> None:
    """Sources are live and public, every `must` string of an answer stands in one of them, and no `must_not` does."""
    assert question["say"]
    assert set(question["outcome"]) <= OUTCOMES
    assert bool(question["sources"]) == (question["kind"] == "answerable")
    assert all("web" in INDEX[name]["channels"] for name in question["sources"])
    assert set(question["sources"]) <= LIVE
    texts = [plain_text(name) for name in question["sources"]]
    if question["kind"] == "answerable":
        assert all(any(wanted.lower() in text for text in texts) for wanted in question["must"])
        assert not any(banned.lower() in text for text in texts for banned in question["must_not"])


def test_facts_asked_of_orders_stand_in_the_orders() -> None:
    everything = json.dumps(ORDERS).lower()
    for question in ALL_QUESTIONS:
        if question["kind"] == "order":
            assert all(wanted.lower() in everything for wanted in question["must"]), question["id"]
