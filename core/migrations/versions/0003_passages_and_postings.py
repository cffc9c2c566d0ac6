"""Passages and postings: audiences, vectors in half precision, an inverted index, sitemaps."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC, VECTOR
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What is known stays known: passages keep their vectors. Their postings are written by the next sweep.
KEEP = """
INSERT INTO audiences (site_id, channels)
SELECT DISTINCT site_id, ARRAY(SELECT unnest(channels) ORDER BY 1) FROM documents
WHERE id IN (SELECT document_id FROM chunks);

UPDATE chunks SET audience_id = audiences.id FROM audiences, documents
WHERE documents.id = chunks.document_id AND audiences.site_id = documents.site_id
  AND audiences.channels = ARRAY(SELECT unnest(documents.channels) ORDER BY 1);

INSERT INTO embedding_models (name, dimensions)
SELECT model, max(vector_dims(embedding)) FROM old_vectors GROUP BY model;

INSERT INTO chunk_vectors (chunk_id, model_id, "window", audience_id, embedding)
SELECT old_vectors.chunk_id, embedding_models.id, old_vectors."window", chunks.audience_id, old_vectors.embedding::halfvec
FROM old_vectors JOIN chunks ON chunks.id = old_vectors.chunk_id JOIN embedding_models ON name = old_vectors.model;

UPDATE sites SET embedding_model_id = (
    SELECT embedding_models.id FROM old_vectors JOIN embedding_models ON name = old_vectors.model
    WHERE old_vectors.site_id = sites.id GROUP BY embedding_models.id ORDER BY count(*) DESC LIMIT 1
);
"""
BACK = """
INSERT INTO old_vectors (chunk_id, "window", site_id, document_id, model, embedding)
SELECT chunk_id, "window", chunks.site_id, chunks.document_id, embedding_models.name, embedding::vector
FROM chunk_vectors JOIN chunks ON chunks.id = chunk_id JOIN embedding_models ON embedding_models.id = model_id
    JOIN sites ON sites.id = chunks.site_id AND sites.embedding_model_id = model_id;
"""
# Postings go with their segment, as with a foreign key, but nothing is looked up for each posting that is written.
FOLLOW = """
CREATE FUNCTION forget_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings WHERE segment_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_postings AFTER DELETE ON segments FOR EACH ROW EXECUTE FUNCTION forget_postings();
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "embedding_models",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding_models")),
        sa.UniqueConstraint("name", name=op.f("uq_embedding_models_name")),
    )
    op.create_table(
        "audiences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.String(length=32)), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String(length=8)), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_audiences_site_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audiences")),
        sa.UniqueConstraint("site_id", "channels", name=op.f("uq_audiences_site_id_channels")),
    )
    op.create_index(op.f("ix_audiences_site_id"), "audiences", ["site_id"], unique=False)
    op.create_table(
        "sitemaps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.String(length=32)), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sitemaps_site_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitemaps")),
        sa.UniqueConstraint("site_id", "url", name=op.f("uq_sitemaps_site_id_url")),
    )
    op.create_index(op.f("ix_sitemaps_site_id"), "sitemaps", ["site_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("audience_id", sa.BigInteger(), nullable=False),
        sa.Column("chunk_ids", sa.LargeBinary(), nullable=False),
        sa.Column("lengths", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("dead", sa.LargeBinary(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audiences.id"], name=op.f("fk_segments_audience_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
    )
    op.create_index(op.f("ix_segments_audience_id"), "segments", ["audience_id"], unique=False)
    op.create_table(
        "postings",
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("term", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", "term", name=op.f("pk_postings")),
    )
    op.execute("ALTER TABLE postings ALTER data SET STORAGE EXTERNAL")
    op.execute(FOLLOW)
    op.add_column("chunks", sa.Column("audience_id", sa.BigInteger(), nullable=True))
    op.add_column("chunks", sa.Column("start", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "chunks", sa.Column("places", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )
    op.create_index(op.f("ix_chunks_audience_id"), "chunks", ["audience_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_chunks_audience_id"), "chunks", "audiences", ["audience_id"], ["id"], ondelete="CASCADE"
    )
    op.add_column("documents", sa.Column("sitemap_id", sa.BigInteger(), nullable=True))
    op.add_column("documents", sa.Column("language", sa.String(length=8), server_default="", nullable=False))
    op.add_column("documents", sa.Column("etag", sa.Text(), server_default="", nullable=False))
    op.add_column("documents", sa.Column("probe", sa.Text(), server_default="", nullable=False))
    op.add_column("documents", sa.Column("paused", sa.Boolean(), server_default="false", nullable=False))
    op.create_index("ix_documents_unverified", "documents", ["id"], postgresql_where=sa.text("probe <> ''"))
    op.create_index(op.f("ix_documents_sitemap_id"), "documents", ["sitemap_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_documents_sitemap_id"), "documents", "sitemaps", ["sitemap_id"], ["id"], ondelete="SET NULL"
    )
    op.add_column(
        "embedding_cache",
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_index(op.f("ix_embedding_cache_made_at"), "embedding_cache", ["made_at"], unique=False)
    op.add_column("sites", sa.Column("indexing_paused", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("sites", sa.Column("index_told", sa.String(length=8), server_default="", nullable=False))
    op.add_column("sites", sa.Column("embedding_model_id", sa.SmallInteger(), nullable=True))
    op.add_column("sites", sa.Column("next_model_id", sa.SmallInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_sites_next_model_id"), "sites", "embedding_models", ["next_model_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_sites_embedding_model_id"), "sites", "embedding_models", ["embedding_model_id"], ["id"]
    )
    _new_vectors()
    op.execute(KEEP)
    op.alter_column("chunks", "audience_id", nullable=False)
    op.drop_table("old_vectors")


def _new_vectors() -> None:
    op.rename_table("chunk_vectors", "old_vectors")
    op.execute("ALTER INDEX pk_chunk_vectors RENAME TO pk_old_vectors")
    op.create_table(
        "chunk_vectors",
        sa.Column("chunk_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        sa.Column("audience_id", sa.BigInteger(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_chunk_vectors_chunk_id_new"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model_id"], ["embedding_models.id"], name=op.f("fk_chunk_vectors_model_id")),
        sa.PrimaryKeyConstraint("chunk_id", "model_id", "window", name=op.f("pk_chunk_vectors")),
    )
    op.execute("ALTER TABLE chunk_vectors ALTER embedding SET STORAGE PLAIN")
    op.execute("ALTER TABLE old_vectors DROP CONSTRAINT fk_chunk_vectors_chunk_id")
    op.execute("ALTER TABLE chunk_vectors RENAME CONSTRAINT fk_chunk_vectors_chunk_id_new TO fk_chunk_vectors_chunk_id")
    op.create_index(
        op.f("ix_chunk_vectors_audience_id_chunk_vectors_model_id"), "chunk_vectors", ["audience_id", "model_id"]
    )


def downgrade() -> None:
    """Go back."""
    op.create_table(
        "old_vectors",
        sa.Column("chunk_id", sa.BigInteger(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("embedding", VECTOR(), nullable=False),
    )
    op.execute(BACK)
    op.drop_table("chunk_vectors")
    op.rename_table("old_vectors", "chunk_vectors")
    op.create_primary_key("pk_chunk_vectors", "chunk_vectors", ["chunk_id", "window"])
    op.create_index("ix_chunk_vectors_site_id", "chunk_vectors", ["site_id"])
    op.create_foreign_key(
        "fk_chunk_vectors_chunk_id", "chunk_vectors", "chunks", ["chunk_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_constraint(op.f("fk_sites_embedding_model_id"), "sites", type_="foreignkey")
    op.drop_constraint(op.f("fk_sites_next_model_id"), "sites", type_="foreignkey")
    op.drop_column("sites", "next_model_id")
    op.drop_column("sites", "embedding_model_id")
    op.drop_column("sites", "index_told")
    op.drop_column("sites", "indexing_paused")
    op.drop_index(op.f("ix_embedding_cache_made_at"), table_name="embedding_cache")
    op.drop_column("embedding_cache", "made_at")
    op.drop_constraint(op.f("fk_documents_sitemap_id"), "documents", type_="foreignkey")
    op.drop_index(op.f("ix_documents_sitemap_id"), table_name="documents")
    op.drop_index("ix_documents_unverified", table_name="documents")
    op.drop_column("documents", "paused")
    op.drop_column("documents", "probe")
    op.drop_column("documents", "etag")
    op.drop_column("documents", "language")
    op.drop_column("documents", "sitemap_id")
    op.drop_constraint(op.f("fk_chunks_audience_id"), "chunks", type_="foreignkey")
    op.drop_index(op.f("ix_chunks_audience_id"), table_name="chunks")
    op.drop_column("chunks", "places")
    op.drop_column("chunks", "start")
    op.drop_column("chunks", "audience_id")
    op.drop_table("postings")
    op.drop_index(op.f("ix_segments_audience_id"), table_name="segments")
    op.drop_table("segments")
    op.execute("DROP FUNCTION forget_postings")
    op.drop_index(op.f("ix_sitemaps_site_id"), table_name="sitemaps")
    op.drop_table("sitemaps")
    op.drop_index(op.f("ix_audiences_site_id"), table_name="audiences")
    op.drop_table("audiences")
    op.drop_table("embedding_models")
