"""What Alembic runs: our metadata over the connection that `core.schema` hands in."""

from alembic import context

from core.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
