"""Copies, versions, other names and other scripts, from the folder to what is found."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Chunk, Document, Site
from kb.chunks.chunker import Passage
from kb.documents.indexer import index_all
from kb.documents.preparing import Prepared
from kb.documents.registering import register_folder
from kb.errors import EmbedderUnavailable
from kb.index.replacing import replace_many
from kb.search.hybrid import Found, search
from kb.sources.source import find_sources
from tests.kb.samples import Hashing, write

REPAIRS = (
    "# Repairs\n\nWe mend jackets, tents and boots in our Port Ellary workshop within {days} working days. "
    "Bring them clean and dry, with the receipt, or send them by post. Zips cost {price}, patches are for nothing, "
    "and whatever can't be mended is sent back to you at our expense with a note that says why."
)
WARRANTY = "# Warranty\n\nSeams of jackets are covered for five years; who mends a seam at home loses the warranty."


class Wordless(Hashing):
    """An embedder that reads documents, and is away when a question comes."""

    def embed(self, texts: list[str]) -> object:  # type: ignore[override]
        if len(texts) == 1 and not texts[0].count("\n"):
            raise EmbedderUnavailable
        return super().embed(texts)


def index(session: Session, site: Site, folder: Path) -> None:
    register_folder(session, site_id=site.id, folder=find_sources(str(folder)))
    session.commit()
    index_all(site.id, lambda *_: None, embedder=Hashing())
    session.expire_all()


def ask(session: Session, site: Site, question: str, embedder: object = None, top_k: int = 3) -> Found:
    with_: object = embedder or Hashing()
    return search(session, site_id=site.id, channel="web", query=question, top_k=top_k, embedder=with_)  # type: ignore[arg-type]


def titles(found: Found) -> list[str]:
    return [snippet.title for snippet in found.snippets]


def test_near_copies_leave_room_for_what_else_there_is(session: Session, site: Site, tmp_path: Path) -> None:
    copies = {f"copy{n}": REPAIRS.format(days=10, price=12 + n) for n in range(5)}
    index(session, site, write(tmp_path, warranty=WARRANTY, **copies))
    assert sorted(titles(ask(session, site, "who mends jackets"))) == ["Repairs", "Warranty"]


def test_the_newer_of_two_versions_answers_alone(session: Session, site: Site, tmp_path: Path) -> None:
    folder = write(tmp_path, old=REPAIRS.format(days=20, price=9), new=REPAIRS.format(days=10, price=12))
    (folder / "index.yaml").write_text("old.md: {updated_at: 2024-01-05}\nnew.md: {updated_at: 2026-01-05}\n")
    index(session, site, folder)
    [snippet] = ask(session, site, "how many working days does it take to mend jackets").snippets
    assert "within 10 working days" in snippet.text
    assert snippet.updated_at == datetime(2026, 1, 5, tzinfo=UTC)


def test_an_edited_document_says_only_what_it_says_now(session: Session, site: Site, tmp_path: Path) -> None:
    index(session, site, write(tmp_path, repairs=REPAIRS.format(days=20, price="9 fl")))
    index(session, site, write(tmp_path, repairs=REPAIRS.format(days=10, price="12 gd")))
    [snippet] = ask(session, site, "what does mending a zip cost, 9 fl or 12 gd").snippets
    assert "12 gd" in snippet.text
    assert "9 fl" not in snippet.text


def test_a_text_that_is_there_a_thousand_times_is_shown_once(session: Session, site: Site) -> None:
    put(session, site, {f"copy{n}": ("Repairs", REPAIRS.format(days=10, price=12)) for n in range(1_000)})
    put(session, site, {"warranty": ("Warranty", WARRANTY)})
    assert session.query(Chunk).count() == 1_001
    assert sorted(titles(ask(session, site, "are jackets mended in the Port Ellary workshop", top_k=8))) == [
        "Repairs",
        "Warranty",
    ]


def test_a_renamed_file_is_there_once_under_its_new_name(session: Session, site: Site, tmp_path: Path) -> None:
    folder = write(tmp_path, repairs=REPAIRS.format(days=10, price=12), warranty=WARRANTY)
    index(session, site, folder)
    (folder / "repairs.md").rename(folder / "mending.md")
    index(session, site, folder)
    found = ask(session, site, "mend jackets tents and boots in Port Ellary")
    assert titles(found).count("Repairs") == 1
    live = session.scalars(select(Document.locator).where(Document.state == "live"))
    assert sorted(Path(one).name for one in live) == ["mending.md", "warranty.md"]
    [repairs] = [snippet for snippet in found.snippets if snippet.title == "Repairs"]
    assert session.scalars(select(Document.locator).where(Document.id == repairs.doc_id)).one().endswith("mending.md")


def test_a_document_that_left_every_copy_behind_is_gone(session: Session, site: Site, tmp_path: Path) -> None:
    folder = write(tmp_path, one=WARRANTY, two=WARRANTY, three=WARRANTY)
    index(session, site, folder)
    for name in ("one", "two", "three"):
        assert titles(ask(session, site, "warranty for seams")) == ["Warranty"]
        (folder / f"{name}.md").unlink()
        index(session, site, folder)
    assert titles(ask(session, site, "warranty for seams")) == []


SCRIPTS = {
    "chinese": ("# 退货政策\n\n您可以在六十天内退回未使用的帐篷。退款将在五个工作日内完成。", "帐篷退回"),
    "japanese": ("# 送料について\n\nノルウェーへの送料は千二百円です。五日以内に届きます。", "ノルウェーの送料"),
    "korean": ("# 영업 시간\n\n매장은 목요일 저녁 여덟 시에 문을 닫습니다. 일요일은 쉽니다.", "목요일 매장"),
    "arabic": ("# ضمان\n\nجميع الخيام مضمونة لمدة خمس سنوات ضد عيوب الخياطة.", "ضمان الخيام"),
    "hebrew": ("# איסוף\n\nאפשר לאסוף הזמנות מהחנות בגלזגו בכל יום עד שש בערב.", "לאסוף הזמנות"),
    "russian": ("# Доставка\n\nДоставка палаток в Норвегию занимает пять дней.", "доставка палаток"),
    "emoji": (
        "# Canoe 🛶 days\n\n🏕️Campfire🔥 evenings 🛶 cost 45 gold coins 💰 a head ✨, cocoa ☕ included.",
        "campfire 🔥",
    ),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_found_by_its_own_words(session: Session, site: Site, tmp_path: Path, script: str) -> None:
    index(session, site, write(tmp_path, **{name: text for name, (text, _) in SCRIPTS.items()}))
    said, question = SCRIPTS[script]
    best = ask(session, site, question, Wordless()).snippets[0]
    assert best.title == said.partition("\n")[0].removeprefix("# ")


@pytest.mark.parametrize("question", ["🛶", "🔥🔥🔥", "؟", "。", "\u200f\u200e", "𝓯𝓲𝓻𝓮", "é" * 999, "\ud83d"])
def test_signs_without_words_harm_nothing(session: Session, site: Site, tmp_path: Path, question: str) -> None:
    index(session, site, write(tmp_path, **{name: text for name, (text, _) in SCRIPTS.items()}))
    assert ask(session, site, question).answerable < 0.5


def put(session: Session, site: Site, texts: dict[str, tuple[str, str]]) -> None:
    """Documents, by name, with title and text, that need no files."""
    made = []
    for name, (title, text) in texts.items():
        document = Document(site_id=site.id, source="file", locator=f"/{name}", channels=["*"])
        session.add(document)
        vectors = (Hashing().embed([text]),)
        made.append((document, Prepared(title, "0" * 64, (Passage("", None, text, 60),), vectors, Hashing.name)))
    session.flush()
    replace_many(session, made)


def test_copies_do_not_wear_out_what_is_asked_of_the_vectors(session: Session, site: Site) -> None:
    put(session, site, {f"copy{n}": ("Repairs", "Zips are mended here.") for n in range(200)})
    put(session, site, {"other": ("Seams", "A seam that opens is sewn up on the spot.")})
    found = ask(session, site, "sewn seam opens", top_k=8)
    assert found.snippets[0].title == "Seams"
    assert len(found.snippets) == len({snippet.text for snippet in found.snippets})
    assert np.all(np.diff([snippet.score for snippet in found.snippets]) <= 0)
