"""The migrations build exactly what `core.models` says."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from core.models import metadata


def test_migrations_and_models_agree(session: Session) -> None:
    connection = session.connection()
    assert isinstance(connection, Connection)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, metadata) == []
