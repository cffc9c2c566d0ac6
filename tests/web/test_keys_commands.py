"""`handrail keys`, as it is typed, and what readiness says of keys."""

import logging
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from core.db import transaction
from core.embedded import Addresses
from core.errors import Conflict, SettingsRefused
from core.models import AuditEntry, Message, Note, SealingKey
from core.sealing.keys import KeyMissing, read
from core.sealing.known import KeyUnknown, register
from orchestrator.inbox import open_thread
from orchestrator.messages import say
from tests.conftest import SITE, make_site
from tests.sealing import K1, K2, keys
from web.cli import make_cli
from web.health import readiness

Typed = Callable[..., Result]
WORDS = "A marmalade periscope"


@pytest.fixture
def typed(committed: Addresses) -> Iterator[Typed]:
    """Type a command; one site with one conversation of two plain messages, and no key."""
    with keys():
        with transaction() as session:
            make_site(session)
        write(2)
        root = logging.getLogger()
        handlers, level = root.handlers, root.level
        yield lambda *words: CliRunner().invoke(make_cli(), ["keys", *words])
        root.handlers, root.level = handlers, level


def write(count: int) -> None:
    """So many messages in a new conversation."""
    with transaction() as session:
        thread = open_thread(session, SITE, "web")
        for _ in range(count):
            say(session, thread.id, "visitor", WORDS)


def read_all() -> set[str]:
    """What messages say."""
    with transaction() as session:
        return set(session.scalars(select(Message.content)))


def test_a_key_is_made_and_nothing_keeps_it(typed: Typed) -> None:
    one, other = typed("make", "k1").output, typed("make", "k1").output
    assert one != other
    assert [key.id for key in read(one).keys] == ["k1"]
    assert isinstance(typed("make", "no name").exception, SettingsRefused)
    with transaction() as session:
        assert session.scalars(select(SealingKey)).all() == []


def test_from_plain_to_one_key_to_the_next_and_back(typed: Typed) -> None:
    assert "(plain)" in typed("list").output
    with keys(K1):
        assert "2 texts are plain: `handrail keys rotate` seals them." in typed("check").output
        done = typed("rotate")
        assert "2 texts were sealed with k1." in done.output
        assert done.exit_code == 0
        write(1)
    with keys(K2, K1):
        assert isinstance(typed("forget", "k1").exception, Conflict), "it is needed"
        assert "3 texts were sealed with k2." in typed("rotate").output
        checked = typed("check")
        assert "k1: nothing needs it; `handrail keys forget k1`." in checked.output
        assert "Every sealed text can be opened." in checked.output
        assert isinstance(typed("forget", "k1").exception, Conflict), "it is given still"
        listed = [line.split() for line in typed("list").output.splitlines()]
        assert listed == [["k2", "seals,", "3", "texts"], ["k1", "opens,", "0", "texts"], ["(plain)", "0", "texts"]]
    with keys(K2):
        assert "throw it away" in typed("forget", "k1").output
        assert typed("check").exit_code == 0
        assert read_all() == {WORDS}
    with keys("plain", K2):
        assert "3 texts were opened." in typed("rotate").output
    assert read_all() == {WORDS}
    with transaction() as session:
        lines = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(line.action, line.subject, line.details.get("texts")) for line in lines] == [
        ("keys.rotated", "key:k1", 2),
        ("keys.rotated", "key:k2", 3),
        ("key.forgotten", "key:k1", None),
        ("keys.rotated", "", 3),
    ]
    assert {(line.actor[:4], line.address) for line in lines} == {("cli:", "terminal")}


def test_a_missing_key_is_told_everywhere_and_a_lost_one_can_be_given_up(typed: Typed) -> None:
    with keys(K1):
        typed("rotate")
    with keys(K2):
        checked = typed("check")
        assert checked.exit_code == 1
        assert "messages.content (2)" in checked.output
        assert "'k1', which HANDRAIL_ENCRYPTION_KEYS lacks" in checked.output
        assert "'k1'" in readiness().parts["keys"]
        assert isinstance(typed("rotate").exception, SettingsRefused)
        with pytest.raises(KeyMissing):
            read_all()
        assert isinstance(typed("give-up", "k7", "--yes").exception, KeyUnknown)
        assert CliRunner().invoke(make_cli(), ["keys", "give-up", "k1"], input="n\n").exit_code == 1
        assert "'k1'" in readiness().parts["keys"], "nothing was given up"
        assert typed("give-up", "k1", "--yes").exit_code == 0
        assert readiness().parts["keys"] == "ok"
        assert typed("rotate").exit_code == 0
        assert "k1" in typed("list").output
        assert "is missing (given up), 2 texts" in typed("list").output
    with keys(K2, K1):
        assert read_all() == {WORDS}, "it was found again"


def test_another_key_of_the_same_name_keeps_a_process_from_starting(typed: Typed) -> None:
    with keys(K1):
        typed("rotate")
    with keys(f"k1:{K2.partition(':')[2]}"):
        refused = CliRunner().invoke(make_cli(), ["serve"])
        assert isinstance(refused.exception, SettingsRefused)
        assert "is another one than that which sealed texts here" in refused.exception.detail
    with keys():
        assert isinstance(CliRunner().invoke(make_cli(), ["worker", "chat"]).exception, SettingsRefused)


def test_a_note_is_edited_and_taken_back_under_its_own_key(typed: Typed) -> None:
    from orchestrator import notes
    from orchestrator.people import operator

    with keys(K1), transaction() as session:
        register(session)
        thread = open_thread(session, SITE, "web")
        notes.note(session, thread.id, operator("Ada"), WORDS, source="slack", source_id="slack:C:1")
        assert notes.change(session, "slack:C:1", "Another")
        assert session.scalars(select(Note.content)).one() == "Another"
        assert notes.withdraw(session, "slack:C:1")
        assert not notes.change(session, "slack:C:2", "Nothing")
