"""The owner of a site hears once when its index becomes stale or empty, and again only after it was well between."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.models import Document, Outgoing, Site
from kb.documents.freshness import all_freshness
from kb.documents.watching import watch_indexes

LONG_AGO = datetime.now(UTC) - timedelta(days=30)


@pytest.fixture
def known(session: Session, site: Site) -> Site:
    """A site that wants notices and has one live document."""
    site.notices_url, site.kb_version = "https://shop.example/notices", 1
    row = {"locator": "/a", "channels": ["*"], "state": "live", "checked_at": datetime.now(UTC)}
    session.add(Document(site_id=site.id, source="file", **row))
    session.commit()
    return site


def notices(session: Session) -> list[str]:
    return [row.kind for row in session.scalars(select(Outgoing).order_by(Outgoing.id))]


def change(session: Session, **values: object) -> None:
    session.execute(update(Document).values(**values))
    session.commit()


def test_a_stale_index_is_told_of_once_each_time(session: Session, known: Site) -> None:
    assert watch_indexes() == 0
    for _ in range(2):
        change(session, checked_at=LONG_AGO)
        assert [watch_indexes() for _ in range(3)] == [1, 0, 0]
        change(session, checked_at=datetime.now(UTC))
        assert watch_indexes() == 0
    assert notices(session) == ["index.stale", "index.stale"]


def test_a_notice_says_what_is_wrong_and_what_to_do(session: Session, known: Site) -> None:
    change(session, state="failed")
    watch_indexes()
    row = session.scalars(select(Outgoing)).one()
    assert row.destination == f"notices:{known.id}"
    assert row.body["type"] == "index.empty"
    assert "handrail kb status" in row.body["reason"]
    assert row.body["documents"] == {"failed": 1}


def test_a_site_that_is_being_set_up_is_not_complained_about(session: Session, site: Site) -> None:
    site.notices_url = "https://shop.example/notices"
    session.commit()
    assert watch_indexes() == 0
    assert watch_indexes() == 0
    assert notices(session) == []


def test_a_site_without_an_address_for_notices_tells_nobody(session: Session, known: Site) -> None:
    known.notices_url = ""
    change(session, checked_at=LONG_AGO)
    assert watch_indexes() == 0
    assert notices(session) == []


def test_all_sites_are_judged_in_one_statement(session: Session, known: Site) -> None:
    session.add(Site(id="new", name="New", api_key_hash="0" * 64, tools=[]))
    due = datetime.now(UTC) - timedelta(minutes=5)
    session.add(Document(site_id=known.id, source="file", locator="/b", channels=["*"], due_at=due))
    session.commit()
    found = all_freshness(session)
    assert {site: state.kind for site, state in found.items()} == {known.id: "ok", "new": "empty"}
    assert found[known.id].states == {"live": 1, "queued": 1}
    assert found[known.id].waiting_since == due
