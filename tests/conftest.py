"""The fixtures that need servers: a real PostgreSQL and a real Valkey per test process, each test undone after it."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core import bus, db, embedded, queue, schema, tracing
from core.models import Site, metadata
from core.settings import get_settings
from orchestrator import circuits
from tests.anew import begun_anew

# Of turns in a test whose threads share one connection: who renews leases must not use it in the middle of a turn.
LONG_LEASE = "3600"
TEST_SECRET = "a-secret-for-tests-that-nobody-else-uses"
SITE = "demo-test"
# A rolled-back transaction gives numbers back only where it has begun them anew itself.
BEGIN_NUMBERS = "ALTER SEQUENCE tickets_number_seq RESTART; ALTER SEQUENCE handoffs_number_seq RESTART"
# In one trip; quicker than TRUNCATE where tables are small.
EMPTY = ";".join([*(str(table.delete()) for table in reversed(metadata.sorted_tables)), BEGIN_NUMBERS])

# An example may be the first of its process that reads a table or a model, and a machine may be busy.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module's browser is started once, not once in each process that gets some of its tests."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(f"browser of {item.path.stem}"))


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this test process; its settings are those of a test from the beginning."""
    made: Path = tmp_path_factory.mktemp("home")
    os.environ.update(HANDRAIL_HOME=str(made), HANDRAIL_PROFILE="test", HANDRAIL_SECRET_KEY=TEST_SECRET)
    return made


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


@pytest.fixture(scope="session")
def keeper(servers: embedded.Addresses) -> Iterator[Engine]:
    """One connection of this test process: to connect, and to compile each statement, takes longer than most tests."""
    made = db.make_engine(servers.database_url, pool=1)
    yield made
    made.dispose()


@pytest.fixture(autouse=True)
def _anew(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test finds what another has left in this process or its servers, whichever came before."""
    served = "servers" in request.fixturenames
    with begun_anew(served=served):
        if served and "session" not in request.fixturenames:
            request.getfixturevalue("keeper").dispose()  # nobody else's connection is there
        yield
        if served:
            _empty_redis()


def _empty_redis() -> None:
    bus.client().flushdb()
    circuits.SHARED.forget()


@pytest.fixture
def session(servers: embedded.Addresses, keeper: Engine) -> Iterator[Session]:
    """A session inside an outer transaction; `transaction()` works in the same one through savepoints."""
    os.environ["HANDRAIL_LEASE_SECONDS"] = LONG_LEASE
    get_settings.cache_clear()
    db.dispose()  # what a thread that came late has opened since the last test
    # Engines are watched from their beginning, so a test that traces has one of its own.
    engine = db.make_engine(servers.database_url, pool=1) if tracing.on() else keeper
    with engine.connect() as connection:
        outer = connection.begin()
        connection.exec_driver_sql(BEGIN_NUMBERS)
        db.configure(connection, join_transaction_mode="create_savepoint")
        with db.new_session() as ours:
            yield ours
        outer.rollback()
    db.dispose()
    if engine is not keeper:
        engine.dispose()


@pytest.fixture
def committed(servers: embedded.Addresses, keeper: Engine) -> Iterator[embedded.Addresses]:
    """Real commits, for tests with threads or processes; every table is emptied afterwards, numbers begin anew."""
    db.dispose()
    yield servers
    db.dispose()
    with keeper.begin() as connection:
        connection.exec_driver_sql(EMPTY)


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
