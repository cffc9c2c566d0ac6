"""`handrail webhooks` and `handrail site webhooks`, as they are typed."""

import logging
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from core.db import transaction
from core.errors import BadRequest, SiteNotFound, SourceRefused
from core.models import Site, WebhookEvent
from tests.conftest import SITE, make_site
from web.cli import make_cli
from web.commands.webhooks import NothingDead
from web.webhooks.secrets import Secrets

Typed = Callable[..., Result]


@pytest.fixture
def typed(committed: object) -> Iterator[Typed]:
    """Type a command; there is one site."""
    with transaction() as session:
        make_site(session)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield lambda *words: CliRunner().invoke(make_cli(), words)
    root.handlers, root.level = handlers, level


def dead_event() -> str:
    with transaction() as session:
        row = WebhookEvent(
            site_id=SITE,
            source="wordpress",
            event_id="e1",
            body_hash="0" * 64,
            subject="page:42",
            action="post.updated",
            data={},
            state="dead",
            reason="It has no address.",
            attempts=6,
        )
        session.add(row)
        session.flush()
        return str(row.id)


def test_a_secret_is_printed_once_and_the_old_one_counts_for_a_day(typed: Typed) -> None:
    first = typed("site", "webhooks", SITE, "https://shop.example/")
    assert "HANDRAIL_WEBHOOK_SECRET" in first.output
    secret = first.output.split("'")[3]
    assert secret not in typed("site", "webhooks", SITE, "https://shop.example").output
    assert Secrets().look_up(SITE) == (secret,)
    assert "HANDRAIL_WEBHOOK_SECRET" in typed("site", "webhooks", SITE, "https://shop.example", "--new-secret").output
    new, old = Secrets().look_up(SITE)
    assert (old, new != old) == (secret, True)
    assert "no events" in typed("site", "webhooks", SITE, "https://shop.example", "--off").output
    assert Secrets().look_up(SITE) == ()
    with transaction() as session:
        assert session.get_one(Site, SITE).wordpress_url == "https://shop.example"


def test_no_site_and_no_address_are_said_plainly(typed: Typed) -> None:
    assert isinstance(typed("site", "webhooks", "nobody", "https://shop.example").exception, SiteNotFound)
    assert isinstance(typed("site", "webhooks", SITE, "ftp://shop.example").exception, SourceRefused)


def test_dead_events_are_listed_with_their_reason_and_revived(typed: Typed) -> None:
    assert "Nothing waits" in typed("webhooks", "list").output
    event = dead_event()
    listed = typed("webhooks", "list", "--dead", "--site", SITE).output
    assert event in listed
    assert "It has no address." in listed
    assert isinstance(typed("webhooks", "retry").exception, BadRequest)
    assert isinstance(typed("webhooks", "retry", "0").exception, NothingDead)
    assert "1 will be" in typed("webhooks", "retry", event).output
    with transaction() as session:
        assert session.scalars(select(WebhookEvent.state)).one() == "pending"
    assert "0 will be" in typed("webhooks", "retry", "--all").output
