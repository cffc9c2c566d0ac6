"""`handrail erase`, `receipt`, `probe-erased` and `site retention`, as they are typed."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from core.db import transaction
from core.errors import BadRequest, SiteNotFound
from core.models import AuditEntry, Message, Site, Thread, Visitor
from orchestrator import inbox
from orchestrator.receipts import NoReceipt, ReceiptNotFound
from tests.conftest import SITE, make_site
from web.cli import make_cli

Typed = Callable[..., Result]
MAIL = "ana@example.com"


@pytest.fixture
def typed(committed: object) -> Iterator[Typed]:
    """Type a command; there is one site."""
    with transaction() as session:
        make_site(session)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield lambda *words, **more: CliRunner().invoke(make_cli(), words, **more)
    root.handlers, root.level = handlers, level


def spoke(email: str | None = MAIL) -> Thread:
    with transaction() as session:
        thread = inbox.open_thread(session, SITE, "web", email=email)
        inbox.accept(session, thread, "My purple umbrella broke", "m1")
        return thread


def left() -> int:
    with transaction() as session:
        return len(session.scalars(select(Message.id).where(Message.role == "visitor")).all())


def test_all_of_an_address_goes_after_a_question_and_leaves_receipts(typed: Typed, tmp_path: Path) -> None:
    spoke(), spoke(), spoke("bo@example.com")
    out = ("--out", str(tmp_path / "receipts"), "--as", "root")
    assert typed("erase", SITE, "--email", MAIL, *out, input="n\n").exit_code == 1
    assert left() == 3
    result = typed("erase", SITE, "--email", " Ana@Example.com", *out, input="y\n")
    assert result.exit_code == 0, result.output
    assert left() == 1
    files = sorted((tmp_path / "receipts").iterdir())
    assert len(files) == 2
    for file in files:
        told = json.loads(file.read_text())
        assert (told["erased_by"], told["counts"]["messages"]) == ("operator", 1)
        checked = typed("receipt", "verify", str(file))
        assert checked.exit_code == 0
        assert "It is as it was given" in checked.output
        assert "not looked for yet" in checked.output
    with transaction() as session:
        assert set(session.scalars(select(AuditEntry.actor))) == {"cli:root"}
    looked = typed("probe-erased", str(files[0]), "purple umbrella")
    assert looked.exit_code == 1, "the other visitor's"
    assert "table messages: 1" in looked.output
    assert typed("probe-erased", *map(str, files)).output.endswith("Nothing is left.\n")
    assert typed("erase", SITE, "--email", MAIL, "--yes", *out).exit_code == 1, "nothing is there any more"


def test_one_visitor_and_one_conversation(typed: Typed, tmp_path: Path) -> None:
    first, second = spoke(), spoke()
    out = ("--yes", "--out", str(tmp_path))
    assert typed("erase", SITE, "--visitor", str(first.visitor_id), *out).exit_code == 0
    assert left() == 1
    assert typed("erase", SITE, "--thread", str(second.id), *out).exit_code == 0
    assert left() == 0
    for file in tmp_path.iterdir():
        id_ = json.loads(file.read_text())["id"]
        assert json.loads(typed("receipt", "show", id_).output)["id"] == id_
        assert typed("probe-erased", id_).exit_code == 0


def test_a_changed_receipt_is_told(typed: Typed, tmp_path: Path) -> None:
    assert typed("erase", SITE, "--thread", str(spoke().id), "--yes", "--out", str(tmp_path)).exit_code == 0
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text().replace('"operator"', '"visitor"'))
    result = typed("receipt", "verify", str(file))
    assert (result.exit_code, "It was changed" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (("erase", SITE), BadRequest, "one of --email"),
        (("erase", SITE, "--email", MAIL, "--thread", str(uuid4())), BadRequest, "one of --email"),
        (("erase", SITE, "--email", "ana", "--yes"), BadRequest, "no e-mail address"),
        (("erase", "nowhere", "--email", MAIL, "--yes"), SiteNotFound, "no such site"),
        (("receipt", "show", str(uuid4())), ReceiptNotFound, "copy it whole"),
        (("receipt", "verify", __file__), NoReceipt, "no receipt of Handrail's"),
        (("probe-erased", __file__), NoReceipt, "no receipt"),
        (("probe-erased", " "), BadRequest, "some words"),
        (("site", "retention", "nowhere"), SiteNotFound, "no such site"),
        (("site", "retention", SITE, "--audit", "soon"), BadRequest, "whole days"),
    ],
)
def test_what_can_t_be_done_says_what_to_do(typed: Typed, words: tuple[str, ...], error: type, says: str) -> None:
    result = typed(*words)
    assert isinstance(result.exception, error), result.output
    assert says in str(result.exception)


def test_a_site_s_periods_are_shown_and_set_and_the_first_loss_is_asked_about(typed: Typed) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=99)
    with transaction() as session:
        thread = inbox.open_thread(session, SITE, "web")
        thread.created_at = long_ago
        session.add(Message(thread_id=thread.id, role="visitor", content="Hello", created_at=long_ago))
    assert "conversations  for ever (as the settings say)" in typed("site", "retention", SITE).output
    refused = typed("site", "retention", SITE, "--conversations", "90", input="n\n")
    assert (refused.exit_code, "conversations are older" in refused.output) == (1, True), refused.output
    result = typed("site", "retention", SITE, "--conversations", "90", "--audit", "400", "--yes")
    assert "conversations  90 days\n" in result.output
    assert "audit          400 days\n" in result.output
    typed("site", "retention", SITE, "--conversations", "forever", "--audit", "default")
    with transaction() as session:
        assert session.get_one(Site, SITE).retention == {"conversations": 0.0}
        assert session.scalars(select(Visitor)).one()
