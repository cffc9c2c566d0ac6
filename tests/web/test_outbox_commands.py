"""`handrail outbox` and `handrail site notices`, as they are typed."""

import logging
import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from core.db import transaction
from core.errors import AddressRefused, BadRequest, SiteNotFound
from core.models import Outgoing, Site
from core.outbox import put
from core.settings import get_settings
from tests.conftest import SITE, make_site
from tests.web.receiver import SECRET
from web.cli import make_cli
from web.commands.outbox import NothingDead
from web.outgoing.signing import SecretRefused, key_of

URL = "http://127.0.0.1:9/notices"
Typed = Callable[..., Result]


@pytest.fixture
def typed(committed: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Typed]:
    """Type a command; there is one site."""
    monkeypatch.setenv("HANDRAIL_OUTGOING_PRIVATE_HOSTS", '["127.0.0.1"]')
    get_settings.cache_clear()
    with transaction() as session:
        make_site(session)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield lambda *words: CliRunner().invoke(make_cli(), words)
    root.handlers, root.level = handlers, level
    get_settings.cache_clear()


def notices() -> tuple[str, str]:
    with transaction() as session:
        site = session.get_one(Site, SITE)
        return site.notices_url, site.notices_secret


def letters(*states: str) -> list[int]:
    with transaction() as session:
        for number, state in enumerate(states):
            put(session, site_id=SITE, destination=f"notices:{SITE}", kind="ticket.opened", key=f"k{number}", body={})
            row = session.scalars(select(Outgoing).where(Outgoing.key == f"k{number}")).one()
            row.state, row.attempts = state, 8 if state == "dead" else 0
            row.reason = "It answered with HTTP 404." if state == "dead" else ""
        return list(session.scalars(select(Outgoing.id).order_by(Outgoing.id)))


def states() -> list[tuple[str, int]]:
    with transaction() as session:
        rows = session.scalars(select(Outgoing).order_by(Outgoing.id))
        return [(row.state, row.attempts) for row in rows]


def test_a_secret_is_made_and_shown_once(typed: Typed) -> None:
    first = typed("site", "notices", SITE, URL)
    shown = re.search(r"whsec_\S+", first.output)
    assert shown
    assert notices() == (URL, shown[0])
    assert len(key_of(shown[0])) == 32
    again = typed("site", "notices", SITE, URL + "2")
    assert "whsec_" not in again.output
    assert notices() == (URL + "2", shown[0])
    anew = typed("site", "notices", SITE, URL, "--new-secret")
    assert notices()[1] in anew.output
    assert notices()[1] != shown[0]


def test_a_given_secret_is_kept_and_not_shown(typed: Typed) -> None:
    assert "whsec_" not in typed("site", "notices", SITE, URL, "--secret", SECRET).output
    assert notices() == (URL, SECRET)
    assert "sends no notices" in typed("site", "notices", SITE, "").output
    assert notices() == ("", SECRET)


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["nobody", URL], SiteNotFound, "no such site"),
        ([SITE, "ftp://shop.example/"], AddressRefused, "Only web addresses"),
        ([SITE, "http://8.8.8.8/"], AddressRefused, "https://"),
        ([SITE, "https://10.0.0.8/"], AddressRefused, "HANDRAIL_OUTGOING_PRIVATE_HOSTS"),
        ([SITE, URL, "--secret", "secret"], SecretRefused, "whsec_"),
        ([SITE, URL, "--secret", ""], SecretRefused, "whsec_"),
    ],
)
def test_what_can_not_work_is_refused(typed: Typed, words: list[str], error: type[Exception], hint: str) -> None:
    found = typed("site", "notices", *words).exception
    assert isinstance(found, error)
    assert hint in str(found)
    assert notices() == ("", "")


def test_the_list_shows_what_has_not_arrived_and_why(typed: Typed) -> None:
    assert typed("outbox", "list").output == "Everything has left.\n"
    pending, _, dead = letters("pending", "sent", "dead")
    lines = typed("outbox", "list").output.splitlines()
    assert [int(line.split()[0]) for line in lines] == [pending, dead]
    (line,) = typed("outbox", "list", "--dead", "--site", SITE).output.splitlines()
    assert line.split()[:4] == [str(dead), "dead", f"notices:{SITE}", "ticket.opened"]
    assert line.endswith("8 attempts  It answered with HTTP 404.")


def test_one_dead_letter_is_sent_again(typed: Typed) -> None:
    _, second, _ = letters("dead", "dead", "sent")
    assert typed("outbox", "retry", str(second)).output == "1 will be sent again.\n"
    assert states() == [("dead", 8), ("pending", 0), ("sent", 0)]


def test_all_dead_letters_are_sent_again(typed: Typed) -> None:
    letters("dead", "sent", "dead")
    assert typed("outbox", "retry", "--all").output == "2 will be sent again.\n"
    assert states() == [("pending", 0), ("sent", 0), ("pending", 0)]
    assert typed("outbox", "retry", "--all").output == "0 will be sent again.\n"


def test_what_is_not_dead_is_not_sent_again(typed: Typed) -> None:
    (sent,) = letters("sent")
    assert isinstance(typed("outbox", "retry", str(sent)).exception, NothingDead)
    assert isinstance(typed("outbox", "retry").exception, BadRequest)
    assert isinstance(typed("outbox", "retry", str(sent), "--all").exception, BadRequest)
    assert states() == [("sent", 0)]
