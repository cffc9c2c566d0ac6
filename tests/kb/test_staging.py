"""The gate on knowledge: a change is staged and seen by its trial alone, then let live, thrown away, or overtaken."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.models import Audience, Chunk, Document, Site, StagedDocument
from kb.documents import staging
from kb.documents.registering import remove
from kb.documents.staging import NothingStaged
from kb.index.replacing import move
from kb.search.hybrid import Snippet, search
from kb.search.view import looking_through
from tests.kb.samples import Hashing, write
from tests.kb.steps import aged, enrol, told, work

RETURNS = "# Returns\n\nYou can send a lantern back within 60 days."
SHIPPING = "# Shipping\n\nParcels to Norway cost 9.90 EUR."
CHANGED = RETURNS.replace("60", "30")
EDITS = iter(range(1, 1_000))

Publish = Callable[..., Document]


@pytest.fixture
def publish(session: Session, site: Site, tmp_path: Path) -> Publish:
    """Save documents and have them indexed, behind a gate; gives that on returns."""

    def published(**documents: str) -> Document:
        folder = aged(write(tmp_path / "docs", **documents), by=next(EDITS))
        enrol(session, site, folder)
        work(session, site)
        return session.scalars(select(Document).where(Document.locator.endswith("returns.md"))).one()

    site.gate = "on"
    session.commit()
    published(returns=RETURNS, shipping=SHIPPING)
    return published


def found(session: Session, site: Site, question: str = "lantern days", channel: str = "web") -> list[Snippet]:
    return list(search(session, site_id=site.id, channel=channel, query=question, embedder=Hashing()).snippets)


def says(session: Session, site: Site, channel: str = "web") -> str:
    """All that is found of lanterns."""
    return " ".join(one.text for one in found(session, site, channel=channel) if "lantern" in one.text)


def staged(session: Session) -> StagedDocument:
    return session.scalars(select(StagedDocument).execution_options(populate_existing=True)).one()


def count(session: Session, what: type[object]) -> int:
    return session.scalar(select(func.count()).select_from(what)) or 0


def test_a_new_document_is_never_held(session: Session, site: Site, publish: Publish) -> None:
    assert count(session, StagedDocument) == 0
    assert "60 days" in says(session, site)


def test_a_change_answers_nobody_until_it_is_let_live(session: Session, site: Site, publish: Publish) -> None:
    document = publish(returns=CHANGED)
    assert staged(session).state == "waiting"
    assert document.state == "live"
    assert "60 days" in says(session, site)
    assert "30 days" not in says(session, site)
    assert any(line.startswith("staged: ") for line in told(session, document))
    staging.let_live(session, document.id, "its questions hold")
    session.commit()
    assert "30 days" in says(session, site)
    assert "60 days" not in says(session, site)
    assert (count(session, StagedDocument), count(session, Chunk)) == (0, 2)
    assert session.scalars(select(Audience.channels)).all() == [["*"]]
    assert told(session, document)[-1] == "live: its questions hold"


def test_a_trial_sees_the_change_in_place_of_what_goes(session: Session, site: Site, publish: Publish) -> None:
    publish(returns=CHANGED)
    with looking_through(staging.view_of(staged(session))):
        assert "30 days" in says(session, site)
        assert "60 days" not in says(session, site)
        assert any("Norway" in one.text for one in found(session, site, "parcels to Norway"))
    assert "60 days" in says(session, site)


def test_a_trial_ranks_as_if_the_change_were_live(session: Session, site: Site, publish: Publish) -> None:
    document = publish(returns=CHANGED)
    with looking_through(staging.view_of(staged(session))):
        tried = [(one.text, one.score) for one in found(session, site)]
    staging.let_live(session, document.id, "tried")
    session.commit()
    assert [(one.text, one.score) for one in found(session, site)] == tried


def test_no_channel_reaches_what_is_staged(session: Session, site: Site, publish: Publish) -> None:
    publish(returns=CHANGED)
    for channel in ("web", "slack", "*", "", "~", "~%"):
        assert "30 days" not in says(session, site, channel)


def test_what_is_thrown_away_is_not_staged_again(session: Session, site: Site, publish: Publish) -> None:
    document = publish(returns=CHANGED)
    staging.throw_away(session, document.id, "Ada did not want it")
    session.commit()
    publish(returns=CHANGED)
    assert staged(session).state == "thrown"
    assert count(session, Chunk) == 2
    with pytest.raises(NothingStaged):
        staging.let_live(session, document.id, "too late")
    publish(returns=RETURNS.replace("60", "90"))
    assert staged(session).state == "waiting"


def test_a_newer_change_takes_the_place_of_an_older(session: Session, site: Site, publish: Publish) -> None:
    first = publish(returns=CHANGED)
    tried = staged(session).content_hash
    publish(returns=RETURNS.replace("60", "90"))
    assert count(session, Chunk) == 3
    assert not staging.hold(session, first.id, tried, {})
    with pytest.raises(Conflict):
        staging.let_live(session, first.id, "tried", tried)
    with looking_through(staging.view_of(staged(session))):
        assert "90 days" in says(session, site)


def test_a_source_that_says_again_what_is_live_leaves_nothing_waiting(
    session: Session, site: Site, publish: Publish
) -> None:
    publish(returns=CHANGED)
    publish(returns=RETURNS)
    assert (count(session, StagedDocument), count(session, Chunk)) == (0, 2)


def test_taking_out_acts_at_once_and_takes_what_waits_with_it(session: Session, site: Site, publish: Publish) -> None:
    document = publish(returns=CHANGED)
    remove(session, site_id=site.id, locator=document.locator)
    session.commit()
    assert says(session, site) == ""
    assert (count(session, StagedDocument), count(session, Chunk)) == (0, 1)
    with pytest.raises(NothingStaged):
        staging.let_live(session, document.id, "too late")


def test_another_channel_does_not_let_it_live(session: Session, site: Site, publish: Publish) -> None:
    document = publish(returns=CHANGED)
    document.channels = ["slack"]
    move(session, document, ["slack"])
    session.commit()
    assert says(session, site) == ""
    assert "60 days" in says(session, site, "slack")
    assert "30 days" not in says(session, site, "slack")
    staging.let_live(session, document.id, "it holds")
    session.commit()
    assert "30 days" in says(session, site, "slack")
    assert says(session, site) == ""


def test_switching_the_gate_off_lets_all_live(session: Session, site: Site, publish: Publish) -> None:
    publish(returns=CHANGED, shipping=SHIPPING.replace("9.90", "12.90"))
    assert count(session, StagedDocument) == 2
    staging.set_gate(session, site.id, on=False)
    session.commit()
    assert count(session, StagedDocument) == 0
    assert "30 days" in says(session, site)


def test_a_trial_is_claimed_once(session: Session, site: Site, publish: Publish) -> None:
    document = publish(returns=CHANGED)
    assert staging.claim(session) == document.id
    assert staging.claim(session) is None
    assert staging.hold(session, document.id, staged(session).content_hash, {"questions": []})
    assert staging.claim(session) is None
    assert staged(session).state == "held"
