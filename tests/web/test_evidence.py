"""`handrail evidence` as it is typed, and the desk's page of the same."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner, Result

from core import db
from core.errors import MessageNotFound
from core.models import AuditEntry, Message
from core.settings import get_settings
from tests.answered import RETURNS, ask, open_shop, publish
from tests.conftest import SITE, make_site
from tests.web.desk.house import add_thread
from tests.web.desk.staff import browser_of
from web.app import make_app
from web.cli import make_cli

Typed = Callable[..., Result]


@pytest.fixture
def folder(committed: object, tmp_path: Path) -> Path:
    """The folder of a shop's documents."""
    open_shop(tmp_path / "docs")
    return tmp_path / "docs"


@pytest.fixture
def typed(committed: object) -> Iterator[Typed]:
    """Type a command."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield lambda *words: CliRunner().invoke(make_cli(), words)
    root.handlers, root.level = handlers, level


def test_the_command_tells_by_its_exit_code(typed: Typed, folder: Path) -> None:
    answer = ask()
    found = typed("evidence", str(answer.id))
    assert found.exit_code == 0, found.output
    assert "Verified, and what the answer rests on is as it was." in found.output
    publish(folder, returns=RETURNS.replace("60", "30"))
    changed = typed("evidence", str(answer.id), "--json")
    assert changed.exit_code == 3
    assert json.loads(changed.output)["verdict"] == "changed"
    with db.transaction() as session:
        session.get_one(Message, answer.id).content = "Never."
    assert typed("evidence", str(answer.id)).exit_code == 4
    assert isinstance(typed("evidence", str(uuid4())).exception, MessageNotFound)
    assert typed("evidence", "nonsense").exit_code == 2


def test_the_desk_shows_it_to_those_who_may_read(folder: Path) -> None:
    answer = ask()
    with db.transaction() as session:
        make_site(session, "other")
        elsewhere = add_thread(session, "other").id
    with TestClient(make_app(get_settings())) as client:
        ada, eve = (
            browser_of(client, "ada@shop.example", "agent"),
            browser_of(client, "eve@x.example", "agent", "other"),
        )
        page = ada.get(f"/desk/threads/{answer.thread_id}")
        where = f"/desk/threads/{answer.thread_id}/evidence/{answer.id}"
        assert where in page.text
        assert "Verified" in page.text
        assert "Verified, and what the answer rests on is as it was." in ada.get(where).text
        publish(folder, returns=RETURNS.replace("60", "<b>30</b>"))
        shown = ada.get(where).text
        assert "is not in it any more" in shown
        assert "<b>30" not in shown
        assert eve.get(where).status_code == 404
        assert eve.get(f"/desk/threads/{elsewhere}/evidence/{answer.id}").status_code == 404
        assert ada.get(f"/desk/threads/{answer.thread_id}/evidence/none").status_code == 404
        assert ada.get(f"/desk/threads/{answer.thread_id}/evidence/{uuid4()}").status_code == 404
    with db.transaction() as session:
        looked = session.scalars(select(AuditEntry).where(AuditEntry.action == "evidence.read")).all()
        assert {entry.subject for entry in looked} == {f"message:{answer.id}"}
        assert {entry.site_id for entry in looked} == {SITE}
