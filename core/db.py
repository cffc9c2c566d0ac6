"""The engine, `Base`, and `transaction()`: commit first, then ring for the jobs that were asked for."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from core import bounded, bus, failpoints, queue, tracing
from core.phases import phase
from core.settings import get_settings

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


OPTIONS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",  # our statements take a millisecond, compiling one takes fifty
    # How an HNSW index is searched: on until there are as many as were asked for, and so wide that of the eight nearest
    # hardly one is missed. Said here, where it costs no statement of its own before each search.
    "hnsw.iterative_scan": "strict_order",
    "hnsw.ef_search": "400",
}


class Base(DeclarativeBase):
    """The parent of every table; constraints have predictable names."""

    metadata = MetaData(naming_convention=NAMES)


_sessions: sessionmaker[Session] | None = None
_owner_pid = 0
_choosing = threading.Lock()  # threads that come first together must not make an engine each


def _choose_anew() -> None:
    global _choosing  # noqa: PLW0603 - a fork may copy it while it is held
    _choosing = threading.Lock()


os.register_at_fork(after_in_child=_choose_anew)


def make_engine(url: str, *, pool: int, app: str = "handrail") -> Engine:
    """An engine for `url`; each statement may run 10 s, each lock be waited for 5 s, or less: see `bounded`."""
    engine = create_engine(
        url,
        poolclass=bounded.Pool,
        pool_size=pool,
        max_overflow=0,
        hide_parameters=True,  # an error's text gets into logs, and what visitors wrote must not
        pool_pre_ping=False,
        pool_recycle=1800,
        pool_timeout=10,
        pool_use_lifo=True,  # few of them stay warm, the others are for the rush
        connect_args={
            "application_name": app,
            "connect_timeout": 5,
            "options": " ".join(f"-c {name}={value}" for name, value in OPTIONS.items()),
        },
    )
    event.listen(engine, "do_connect", lambda _, __, args, options: bounded.connect(*args, **options))
    tracing.watch(engine)
    return engine


def configure(bind: Any = None, **options: Any) -> None:
    """Choose what sessions talk to: an engine, or in tests a connection inside an outer transaction."""
    global _sessions, _owner_pid  # noqa: PLW0603 - one engine per process is the point
    if bind is None:
        settings = get_settings()
        bind = make_engine(settings.database_url, pool=settings.pool_size)
    _sessions = sessionmaker(bind, expire_on_commit=False, **options)
    _owner_pid = os.getpid()


def dispose() -> None:
    """Close the pool; the next session opens a new one."""
    global _sessions  # noqa: PLW0603
    if _sessions is not None and isinstance(bind := _sessions.kw["bind"], Engine):
        bind.dispose(close=_owner_pid == os.getpid())
    _sessions = None


def new_session() -> Session:
    """A session; a forked child gets an engine of its own, because a connection can't be shared."""
    with _choosing:
        if _sessions is None or _owner_pid != os.getpid():
            dispose()
            configure()
        assert _sessions is not None
        return _sessions()


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: commit when the block ends well, roll back when it raises.

    Jobs asked for with `queue.enqueue` and news told with `bus.tell` leave only after the commit. Not from
    SQLAlchemy's `after_commit`: that fires for savepoints, too.
    """
    with new_session() as session:
        with phase("db"), session.begin():
            yield session
        with phase("ring"):
            leave(session)


@contextmanager
def reading() -> Iterator[Session]:
    """For statements that only read, and each for itself: none of them waits for a BEGIN or a COMMIT."""
    with new_session() as session:
        if isinstance(session.get_bind(), Engine):  # a test's outer transaction is read in as it stands
            session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        with phase("db"):
            yield session


def leave(session: Session) -> None:
    """Send what the committed session left to be sent: news to listeners first, then jobs."""
    failpoints.reached("after COMMIT")
    bus.publish_all(session.info.pop("news", ()))
    bus.forget_all(session.info.pop("forgotten", ()))
    queue.ring_all(session.info.pop("jobs", ()))
