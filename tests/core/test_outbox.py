"""What is put into the outbox leaves with the caller's commit, once, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Outgoing, Site
from core.outbox import put
from core.queue import Job

NOTICE: dict[str, Any] = {"destination": "notices:demo-test", "kind": "ticket.opened", "body": {"n": 1, "é": ["ü"]}}


def rows(session: Session) -> list[Outgoing]:
    return list(session.scalars(select(Outgoing)))


def test_it_is_written_and_the_bell_is_asked_for(session: Session, site: Site) -> None:
    assert put(session, site_id=site.id, key="ticket:1", **NOTICE)
    (row,) = rows(session)
    assert (row.key, row.site_id, row.destination, row.kind) == (
        *("ticket:1", site.id),
        *("notices:demo-test", "ticket.opened"),
    )
    assert (row.body, row.state, row.attempts) == (NOTICE["body"], "pending", 0)
    assert session.info["jobs"] == [(Job.DELIVER, {})]


def test_a_key_is_put_once(session: Session, site: Site) -> None:
    first = put(session, site_id=site.id, key="ticket:1", **NOTICE)
    again = put(session, site_id=site.id, key="ticket:1", **NOTICE | {"body": {"n": 2}})
    assert (first, again) == (True, False)
    assert [row.body for row in rows(session)] == [NOTICE["body"]]
    assert len(session.info["jobs"]) == 1


def test_nothing_is_put_where_the_condition_does_not_hold_or_the_site_is_gone(session: Session, site: Site) -> None:
    assert not put(session, site_id=site.id, key="a", **NOTICE, where=Site.notices_url != "")
    assert not put(session, site_id="nobody", key="b", **NOTICE)
    assert rows(session) == []
    assert "jobs" not in session.info


def test_it_is_one_statement(session: Session, site: Site) -> None:
    seen: list[str] = []
    note: Callable[..., None] = lambda *call: seen.append(call[2])  # noqa: E731
    event.listen(session.get_bind(), "before_cursor_execute", note)
    put(session, site_id=site.id, key="a", **NOTICE, where=Site.notices_url != "")
    event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len(seen) == 1


def test_a_rolled_back_fact_is_not_told(session: Session, site: Site) -> None:
    session.commit()

    def fail() -> None:
        with transaction() as opened:
            put(opened, site_id=site.id, key="ticket:1", **NOTICE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert rows(session) == []


@pytest.mark.parametrize("key", ["", "a.b", "a b", "a\nb", "é", "k" * 161])
def test_a_key_that_can_not_be_a_header_is_an_error_of_ours(session: Session, site: Site, key: str) -> None:
    with pytest.raises(ValueError, match="outbox key"):
        put(session, site_id=site.id, key=key, **NOTICE)
