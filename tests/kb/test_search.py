"""Search stays inside its site and channel, follows the database, and is helped over misspellings."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core.models import Site
from kb.documents.indexer import index_all
from kb.documents.registering import register_folder, remove
from kb.errors import EmbedderUnavailable
from kb.search.fusion import fuse
from kb.search.hybrid import Found, search
from kb.sources.source import find_sources
from tests.conftest import make_site
from tests.kb.samples import Hashing, write

SHIPPING = "# Shipping\n\nShipping to Norway costs 14.95 and takes five days.\n\nGermany costs 10.25."
RETURNS = "# Returns\n\nOur return policy: sixty days, unused, with tags."
SECRET = "# Goodwill\n\nStaff may give Norway customers shipping for nothing."
EMBEDDER = Hashing()
WORDS = ("shipping", "norway", "costs", "99.99", "goodwill", "staff", "nothing", "germany", "return")


def index(session: Session, site: Site, folder: Path) -> None:
    register_folder(session, site_id=site.id, folder=find_sources(str(folder)))
    session.commit()
    index_all(site.id, lambda *_: None, embedder=EMBEDDER)


def ask(session: Session, site_id: str, query: str, *, channel: str = "web") -> Found:
    return search(session, site_id=site_id, channel=channel, query=query, embedder=EMBEDDER)


@pytest.fixture
def shop(session: Session, site: Site, tmp_path: Path) -> Site:
    """A site with public documents, one for staff alone, and a neighbour with the same words."""
    ours = write(tmp_path / "ours", shipping=SHIPPING, returns=RETURNS, secret=SECRET)
    (ours / "index.yaml").write_text("secret.md: {channels: [staff]}\n")
    neighbour = make_site(session, "neighbour")
    index(session, neighbour, write(tmp_path / "theirs", poison=SHIPPING.replace("14.95", "99.99")))
    index(session, site, ours)
    return site


def test_the_best_passage_comes_first(session: Session, shop: Site) -> None:
    assert ask(session, shop.id, "what does shipping to Norway cost").snippets[0].title == "Shipping"
    assert ask(session, shop.id, "return policy").snippets[0].title == "Returns"


@given(st.lists(st.sampled_from(WORDS), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_reaches_another_site_or_channel(session: Session, shop: Site, words: list[str]) -> None:
    found = ask(session, shop.id, " ".join(words))
    assert all("99.99" not in one.text and one.title != "Goodwill" for one in found.snippets)


def test_staff_see_what_is_for_staff(session: Session, shop: Site) -> None:
    titles = {one.title for one in ask(session, shop.id, "goodwill for norway customers", channel="staff").snippets}
    assert "Goodwill" in titles


def test_a_removed_document_is_gone_from_an_index_that_is_warm(session: Session, shop: Site, tmp_path: Path) -> None:
    assert ask(session, shop.id, "shipping to norway").snippets[0].title == "Shipping"
    remove(session, site_id=shop.id, locator=str(tmp_path / "ours" / "shipping.md"))
    assert all(one.title != "Shipping" for one in ask(session, shop.id, "shipping to norway").snippets)


def test_a_new_document_is_found_by_an_index_that_is_warm(session: Session, shop: Site, tmp_path: Path) -> None:
    ask(session, shop.id, "canoe")
    index(session, shop, write(tmp_path / "ours", hire="# Hire\n\nA canoe costs 45 a day."))
    assert ask(session, shop.id, "canoe").snippets[0].title == "Hire"


def test_short_messages_and_misspellings_are_understood(session: Session, shop: Site) -> None:
    assert ask(session, shop.id, "wats ur retrn polcy").snippets[0].title == "Returns"
    assert ask(session, shop.id, "shiping 2 norwya").snippets[0].title == "Shipping"


@pytest.mark.parametrize("query", ["", "?", "the of and", "x", "日本", "💶", "'); DROP TABLE sites; --", "a" * 10_000])
def test_odd_questions_are_answered_with_little_trust(session: Session, shop: Site, query: str) -> None:
    assert ask(session, shop.id, query).answerable < 0.5


def test_near_copies_are_shown_once(session: Session, site: Site, tmp_path: Path) -> None:
    text = "# Repairs\n\nWe mend jackets in Port Ellary within ten working days for a small fee, and tents as well."
    index(session, site, write(tmp_path, one=text, two=text.replace("small fee", "low fee"), three=text))
    assert len(ask(session, site.id, "mend jackets").snippets) == 1


def test_an_unknown_or_empty_site_finds_nothing(session: Session, site: Site) -> None:
    assert ask(session, site.id, "anything") == Found((), 0.0)
    assert ask(session, "nobody", "anything") == Found((), 0.0)


def test_an_embedder_that_is_away_leaves_the_words(session: Session, shop: Site) -> None:
    class Away(Hashing):
        def embed(self, texts: list[str]) -> object:  # type: ignore[override]
            raise EmbedderUnavailable

    away: object = Away()
    found = search(session, site_id=shop.id, channel="web", query="norway", embedder=away)  # type: ignore[arg-type]
    assert found.snippets[0].title == "Shipping"


def test_a_question_that_the_documents_answer_scores_higher(session: Session, shop: Site) -> None:
    yes = ask(session, shop.id, "how much is shipping to Norway").answerable
    assert yes > ask(session, shop.id, "who won the world cup in 1998").answerable


def test_fusion_scales_both_legs_before_it_adds_them() -> None:
    assert fuse({1: 30.0, 2: 10.0}, {2: 0.9, 3: 0.5}) == {1: 0.4, 2: 0.6, 3: 0.0}
    assert fuse({}, {7: 0.4}) == {7: 0.6}
