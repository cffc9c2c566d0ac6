"""Row-level security: a role that owns nothing sees one site, and PostgreSQL itself sees to it."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.embedded import Addresses
from core.settings import get_settings
from kb.index.row_security import ROLE, TABLES, inside, protected, turn_off, turn_on
from kb.search.hybrid import search
from tests.kb.neighbours import QUESTION, SITES, Alike, World

LOGIN = "handrail_test_app"
VISIBLE = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)  # noqa: S608


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The setting, on."""
    monkeypatch.setenv("HANDRAIL_ROW_SECURITY", "true")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def fill(session: Session) -> World:
    """Every site, with a document for all and one for staff."""
    world = World(session)
    for site in SITES:
        world.put_many(site, {0: ("*",), 1: ("staff",)})
    return world


@pytest.fixture
def app(committed: Addresses) -> Iterator[psycopg.Connection]:
    """A connection of a login of its own, that owns no table and is no superuser; there are three sites."""
    with db.transaction() as session:
        turn_on(session)
        fill(session)
        session.execute(text(f"CREATE ROLE {LOGIN} LOGIN NOSUPERUSER IN ROLE {ROLE}"))
    url = committed.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, user=LOGIN, autocommit=True) as connection:
        yield connection
    with db.transaction() as session:
        turn_off(session)
        session.execute(text(f"DROP ROLE {LOGIN}"))


def visible(connection: psycopg.Connection) -> dict[str, int]:
    return {str(table): int(count) for table, count in connection.execute(VISIBLE)}


def test_a_login_that_names_no_site_sees_nothing(app: psycopg.Connection) -> None:
    assert visible(app) == dict.fromkeys(TABLES, 0)
    app.execute("SELECT set_config('handrail.site_id', '', false)")
    assert visible(app) == dict.fromkeys(TABLES, 0)


def test_a_login_sees_the_site_that_it_names_and_no_other(app: psycopg.Connection) -> None:
    app.execute("SELECT set_config('handrail.site_id', 'nobody', false)")
    assert visible(app) == dict.fromkeys(TABLES, 0)
    app.execute("SELECT set_config('handrail.site_id', 'south', false)")
    assert all(visible(app).values())
    assert app.execute("SELECT DISTINCT site_id FROM chunks").fetchall() == [("south",)]
    assert app.execute("SELECT count(*) FROM chunks WHERE site_id = 'north'").fetchone() == (0,)
    own = "SELECT count(*) FROM chunk_vectors JOIN chunks ON chunks.id = chunk_id"
    assert app.execute(own).fetchone() == app.execute("SELECT count(*) FROM chunk_vectors").fetchone()


def test_a_login_can_neither_write_nor_read_keys(app: psycopg.Connection) -> None:
    for statement in (
        "DELETE FROM chunks",
        "UPDATE documents SET title = ''",
        "SELECT api_key_hash FROM sites",
        "SELECT * FROM messages",
        "ALTER TABLE chunks DISABLE ROW LEVEL SECURITY",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)


def test_a_search_finds_the_same_behind_the_wall(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(session)
    before = [ask(session, site) for site in (*SITES, "nobody")]
    turn_on(session)
    monkeypatch.setenv("HANDRAIL_ROW_SECURITY", "true")
    get_settings.cache_clear()
    assert [ask(session, site) for site in (*SITES, "nobody")] == before
    monkeypatch.undo()
    get_settings.cache_clear()
    assert all(before[:3])


def test_a_statement_that_forgets_its_site_sees_it_alone_while_a_search_runs(session: Session, guarded: None) -> None:
    fill(session)
    turn_on(session)
    everything = text("SELECT DISTINCT site_id FROM chunks ORDER BY 1")
    with inside(session, "north"):
        assert session.scalars(everything).all() == ["north"]
    assert session.scalars(everything).all() == sorted(SITES)  # what comes after the search is the owner's again


def test_a_session_without_transactions_is_inside_as_well(committed: Addresses, guarded: None) -> None:
    with db.transaction() as session:
        turn_on(session)
        fill(session)
    with db.reading() as session:
        with inside(session, "east"):
            assert session.scalars(text("SELECT DISTINCT site_id FROM chunks")).all() == ["east"]
        assert session.scalar(text("SELECT count(DISTINCT site_id) FROM chunks")) == len(SITES)
    with db.transaction() as session:
        turn_off(session)


def test_it_is_turned_on_twice_and_off_again(session: Session) -> None:
    assert protected(session) == ()
    turn_on(session)
    turn_on(session)
    assert protected(session) == tuple(sorted(TABLES))
    turn_off(session)
    assert protected(session) == ()
    turn_off(session)


def ask(session: Session, site: str) -> list[tuple[str, float]]:
    found = search(session, site_id=site, channel="web", query=QUESTION, embedder=Alike())
    return [(snippet.text, snippet.score) for snippet in found.snippets]
