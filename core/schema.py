"""Bring the database's schema to this version, once, however many processes ask at the same time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from core.db import make_engine
from core.settings import get_settings

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x48616E64  # any number that is ours: "Hand"


def alembic_config() -> Config:
    """Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate() -> None:
    """Upgrade to the newest revision. Raises sqlalchemy.exc.OperationalError where the database is away."""
    engine = make_engine(get_settings().database_url, pool=2)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
    engine.dispose()
