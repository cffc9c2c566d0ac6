"""Row-level security: PostgreSQL itself keeps a search inside its site, even if a statement of ours forgot to.

While HANDRAIL_ROW_SECURITY is on, a search reads as the role `handrail_reader`, which owns nothing and sees the rows of
one site. It covers what searches read. It does not cover who writes: the indexer, the sweeps and the commands work for
all sites as the tables' owner. Nor does it know of channels: those are in the statements alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.settings import get_settings

P = ParamSpec("P")
T = TypeVar("T")

ROLE = "handrail_reader"
TABLES = ("documents", "audiences", "chunks", "chunk_vectors", "segments", "postings")

ENTER = text("SELECT set_config('role', :role, :here), set_config('handrail.site_id', :site_id, :here)")
ON = (Path(__file__).parent / "row_security_on.sql").read_text()
IS_ON = text("SELECT relname FROM pg_class WHERE relname = ANY(:tables) AND relrowsecurity")


@contextmanager
def inside(session: Session, site_id: str) -> Iterator[None]:
    """Read as a role that sees `site_id` alone while the block runs; nothing at all where the setting is off."""
    if not get_settings().row_security:
        yield
        return
    # Outside a transaction nothing is "local" to one, so that it lasts until it is taken back below.
    options = session.connection().get_execution_options()
    here = options.get("isolation_level") != "AUTOCOMMIT"
    session.execute(ENTER, {"role": ROLE, "site_id": site_id, "here": here})
    try:
        yield
    except BaseException:
        if not here:
            session.connection().invalidate()  # what it may read now is not known
        raise  # a transaction takes its settings with it when it is rolled back
    session.execute(ENTER, {"role": "none", "site_id": "", "here": here})


def fenced(search: Callable[P, T]) -> Callable[P, T]:
    """A search that reads `inside` its site; it takes the session first, and `site_id` by name."""

    @wraps(search)
    def searched(*args: P.args, **given: P.kwargs) -> T:
        with inside(cast("Session", args[0]), str(given["site_id"])):
            return search(*args, **given)

    return searched


def turn_on(session: Session) -> None:
    """Make the role and the policies. Needs the tables' owner, who may create roles (or has one made beforehand)."""
    session.connection().exec_driver_sql(ON)


def turn_off(session: Session) -> None:
    """Take the policies away. The role stays: other databases of the server may use it."""
    for table in TABLES:
        session.execute(text(f"DROP POLICY IF EXISTS one_site ON {table}"))
        session.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
    if session.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = :role"), {"role": ROLE}):
        session.execute(text(f"REVOKE ALL ON {', '.join(TABLES)}, embedding_models, sites FROM {ROLE}"))


def protected(session: Session) -> tuple[str, ...]:
    """The tables that have it now."""
    return tuple(sorted(session.scalars(IS_ON, {"tables": list(TABLES)})))
