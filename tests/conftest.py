"""The fixtures that need servers: a real PostgreSQL and a real Valkey per test process, each test undone after it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import bus, db, embedded, queue, schema
from core.models import Site, metadata
from core.settings import get_settings
from orchestrator import circuits
from tests.anew import begun_anew

# Of turns in a test whose threads share one connection: who renews leases must not use it in the middle of a turn.
LONG_LEASE = "3600"
TEST_SECRET = "a-secret-for-tests-that-nobody-else-uses"
SITE = "demo-test"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this test process; its settings are those of a test from the beginning."""
    made: Path = tmp_path_factory.mktemp("home")
    os.environ.update(HANDRAIL_HOME=str(made), HANDRAIL_PROFILE="test", HANDRAIL_SECRET_KEY=TEST_SECRET)
    return made


@pytest.fixture(autouse=True)
def _anew(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test finds what another has left in this process, whichever came before."""
    with begun_anew(served="servers" in request.fixturenames):
        yield


@pytest.fixture(scope="session")
def servers(home: Path) -> Iterator[embedded.Addresses]:
    """The servers of this test process, migrated; the settings of this process point at them."""
    with embedded.servers(home, durable=False) as addresses:
        os.environ.update(addresses.as_environment())
        get_settings.cache_clear()
        queue.connect()
        schema.migrate()
        yield addresses
        db.dispose()


@pytest.fixture
def session(servers: embedded.Addresses) -> Iterator[Session]:
    """A session inside an outer transaction; `transaction()` works in the same one through savepoints."""
    os.environ["HANDRAIL_LEASE_SECONDS"] = LONG_LEASE
    get_settings.cache_clear()
    db.dispose()  # what a thread that came late has opened since the last test
    engine = db.make_engine(servers.database_url, pool=1)
    with engine.connect() as connection:
        outer = connection.begin()
        db.configure(connection, join_transaction_mode="create_savepoint")
        with db.new_session() as ours:
            yield ours
        outer.rollback()
    db.dispose()
    engine.dispose()
    bus.client().flushdb()
    circuits.SHARED.forget()
    os.environ.pop("HANDRAIL_LEASE_SECONDS", None)
    get_settings.cache_clear()


@pytest.fixture
def committed(servers: embedded.Addresses) -> Iterator[embedded.Addresses]:
    """Real commits, for tests with threads or processes; every table is emptied afterwards, numbers begin anew."""
    db.dispose()
    with db.transaction() as opened:  # tests that are rolled back have used some
        _begin_numbers(opened)
    db.dispose()
    yield servers
    with db.transaction() as opened:
        for table in reversed(metadata.sorted_tables):  # quicker than TRUNCATE where tables are small
            opened.execute(table.delete())
    db.dispose()
    bus.client().flushdb()
    circuits.SHARED.forget()


def _begin_numbers(session: Session) -> None:
    session.execute(text("ALTER SEQUENCE tickets_number_seq RESTART"))
    session.execute(text("ALTER SEQUENCE handoffs_number_seq RESTART"))


def make_site(session: Session, site_id: str = SITE) -> Site:
    """A site with every tool switched on."""
    tools = ["search_kb", "get_order", "create_ticket", "handoff_human"]
    made = Site(id=site_id, name="Test Shop", api_key_hash="0" * 64, tools=tools, identity_secret="i" * 40)
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def site(session: Session) -> Site:
    """The site of this test, gone after it."""
    return make_site(session)
