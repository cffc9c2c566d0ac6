"""What a site knew before there were postings, it knows after the migration, and still when it is taken back."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, select, text

from core import db, embedded, schema
from core.models import Audience
from kb.index import merging
from kb.search.hybrid import search
from tests.kb.samples import Hashing

OLD = """
INSERT INTO sites (id, name, api_key_hash, identity_secret, tools)
VALUES ('shop', 'Shop', '0', '', '{}'), ('new', 'New', '0', '', '{}');
INSERT INTO documents (id, site_id, source, locator, title, title_given, url, channels,
                       state, reason, content_hash, attempts, updated_given)
VALUES ('00000000-0000-0000-0000-000000000001', 'shop', 'file', '/a', 'Kayaks', false, '', '{web,chat}',
        'live', '', 'h1', 0, false),
       ('00000000-0000-0000-0000-000000000002', 'shop', 'file', '/b', 'Staff', false, '', '{staff}',
        'live', '', 'h2', 0, false);
INSERT INTO chunks (document_id, site_id, position, section, text, tokens, content_hash)
VALUES ('00000000-0000-0000-0000-000000000001', 'shop', 0, '', 'A kayak costs 45 a day', 6, 'c1'),
       ('00000000-0000-0000-0000-000000000001', 'shop', 1, '', 'Paddles are free', 4, 'c2'),
       ('00000000-0000-0000-0000-000000000002', 'shop', 0, '', 'Staff paddle for nothing', 4, 'c3');
"""
VECTOR = """
INSERT INTO chunk_vectors (chunk_id, "window", site_id, document_id, model, embedding)
SELECT id, 0, site_id, document_id, 'hashing-64', CAST(:vector AS vector) FROM chunks WHERE text = :text
"""
KNOWN = """
SELECT chunks.text, model, "window", chunk_vectors.site_id, chunk_vectors.document_id::text, embedding::text
FROM chunk_vectors JOIN chunks ON chunks.id = chunk_id ORDER BY chunk_id
"""


@pytest.fixture
def old(servers: embedded.Addresses) -> Iterator[Engine]:
    """A database of its own at the schema before, with two documents; our sessions talk to it."""
    db.dispose()
    admin = db.make_engine(servers.database_url, pool=1)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE before"))
    engine = db.make_engine(str(admin.url.set(database="before").render_as_string(hide_password=False)), pool=3)
    with engine.begin() as connection:
        move(connection, "0002")
        fill(connection)
    db.configure(engine)
    yield engine
    db.dispose()
    engine.dispose()
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE before"))
    admin.dispose()


def fill(connection: Connection) -> None:
    connection.execute(text(OLD))
    for said in connection.scalars(text("SELECT text FROM chunks")).all():
        vector = json.dumps(Hashing().embed([said])[0].tolist())
        connection.execute(text(VECTOR), {"vector": vector, "text": said})


def move(connection: Connection, revision: str) -> None:
    config: Config = schema.alembic_config()
    config.attributes["connection"] = connection
    up = revision != "0002" or connection.scalar(text("SELECT to_regclass('alembic_version')")) is None
    (command.upgrade if up else command.downgrade)(config, revision)


def found(query: str, channel: str = "web", site_id: str = "shop") -> list[str]:
    with db.reading() as session:
        return [
            one.text
            for one in search(session, site_id=site_id, channel=channel, query=query, embedder=Hashing()).snippets
        ]


def test_what_was_known_is_kept_both_ways_and_found_after_the_sweep(old: Engine) -> None:
    with old.begin() as connection:
        before = connection.execute(text(KNOWN)).all()
        move(connection, "0003")
    assert found("paddles are free")[:1] == ["Paddles are free"], "by its vector, before there are postings"
    merging.sweep()
    with db.transaction() as session:
        audiences = list(session.scalars(select(Audience.id)))
    for audience in audiences:
        merging.merge_segments(audience)
    assert found("kayak")[:1] == ["A kayak costs 45 a day"]
    assert found("paddle", "staff") == ["Staff paddle for nothing"]
    assert found("kayak", site_id="new") == []
    with old.begin() as connection:
        move(connection, "0002")
        after = connection.execute(text(KNOWN)).all()
    assert [row[:-1] for row in after] == [row[:-1] for row in before]
    for one, other in zip(before, after, strict=True):
        assert np.allclose(json.loads(one.embedding), json.loads(other.embedding), atol=1e-3), "half precision"
