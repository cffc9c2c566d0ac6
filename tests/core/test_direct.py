"""Statements that go straight to psycopg: in the session's transaction, with SQLAlchemy's errors."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from core import db
from core.direct import Statement
from core.embedded import Addresses
from core.models import Site, Visitor

ONE = Statement("SELECT 1 AS number, :said AS said WHERE '10%' <> :said")
NAME = Statement("SELECT name FROM sites WHERE id = :id")
RENAME = Statement("UPDATE sites SET name = :name WHERE id = :id")
ORPHAN = Statement("INSERT INTO visitors (id, site_id) VALUES (:id, 'nobody')")
BACKEND = Statement("SELECT pg_backend_pid() AS pid")


def test_rows_have_names_and_values_are_values(session: Session) -> None:
    row = ONE.row(session, said="it's ':x' and 5 %")
    assert (row.number, row.said) == (1, "it's ':x' and 5 %")
    assert ONE.row(session, said="10%") is None
    assert ONE.rows(session, said="a") == [(1, "a")]


def test_it_sees_and_undoes_with_its_session(session: Session, site: Site) -> None:
    session.commit()
    with db.transaction() as ours:
        ours.get_one(Site, site.id).name = "Not flushed yet"
        assert NAME.row(ours, id=site.id).name == "Not flushed yet"
    with pytest.raises(IntegrityError):
        _rename_in_vain(site.id)
    assert NAME.row(session, id=site.id).name == "Not flushed yet"


def test_errors_are_those_of_sqlalchemy_without_values(session: Session) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"), db.transaction() as ours:
        Statement("SELECT :word FROM no_such_table").row(ours, word="a visitor's own")
    with pytest.raises(IntegrityError) as caught, db.transaction() as ours:
        ORPHAN.run(ours, id=uuid4())
    assert "parameters" not in str(caught.value)
    assert session.get(Visitor, uuid4()) is None  # the connection goes on


def test_a_lost_connection_costs_one_error_though_others_are_lost_as_well(committed: Addresses) -> None:
    with db.transaction() as first, db.transaction() as second, db.transaction() as third:
        pids = [BACKEND.row(each).pid for each in (first, second, third)]
    with db.transaction() as ours:
        mine = BACKEND.row(ours).pid
        for pid in set(pids) - {mine}:
            ours.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with db.transaction() as ours, db.transaction() as other:
        assert BACKEND.row(ours).pid == mine
        with pytest.raises(OperationalError):
            BACKEND.row(other)
        other.rollback()
    with db.transaction() as first, db.transaction() as second, db.transaction() as third:
        assert {BACKEND.row(each).pid for each in (first, second, third)}.isdisjoint(set(pids) - {mine})


def _rename_in_vain(site_id: str) -> None:
    with db.transaction() as ours:
        RENAME.run(ours, id=site_id, name="Undone")
        ORPHAN.run(ours, id=uuid4())
