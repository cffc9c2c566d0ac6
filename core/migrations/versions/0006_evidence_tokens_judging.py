"""Evidence of answers, tokens for personal data, who judges, what a site keeps and for whom."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "eval_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("suite", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="running", nullable=False),
        sa.Column("setup", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("report", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_eval_runs_site_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eval_runs")),
    )
    op.create_index(op.f("ix_eval_runs_site_id"), "eval_runs", ["site_id"], unique=False)
    op.create_index(
        op.f("ix_eval_runs_site_id_eval_runs_suite_eval_runs_started_at"),
        "eval_runs",
        ["site_id", "suite", "started_at"],
        unique=False,
    )
    op.create_table(
        "eval_results",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.String(length=120), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["eval_runs.id"], name=op.f("fk_eval_results_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "case_id", "repeat", name=op.f("pk_eval_results")),
    )
    op.create_table(
        "tokens",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_tokens_thread_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("thread_id", "kind", "n", name=op.f("pk_tokens")),
        sa.UniqueConstraint("thread_id", "kind", "value_hash", name=op.f("uq_tokens_thread_id_kind_value_hash")),
    )
    op.create_index(op.f("ix_tokens_value_hash"), "tokens", ["value_hash"], unique=False)
    op.create_table(
        "eval_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("case", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_eval_cases_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_eval_cases_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_eval_cases_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eval_cases")),
        sa.UniqueConstraint("message_id", name=op.f("uq_eval_cases_message_id")),
    )
    op.create_index(op.f("ix_eval_cases_site_id"), "eval_cases", ["site_id"], unique=False)
    op.create_index(op.f("ix_eval_cases_thread_id"), "eval_cases", ["thread_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("documents", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_evidence_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_evidence_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_turn_id"), "evidence", ["turn_id"], unique=False)
    op.create_table(
        "staged_documents",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("leaving", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_staged_documents_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_staged_documents_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_staged_documents")),
    )
    op.create_index(op.f("ix_staged_documents_site_id"), "staged_documents", ["site_id"], unique=False)
    op.create_index(op.f("ix_evidence_documents"), "evidence", ["documents"], unique=False, postgresql_using="gin")
    op.add_column("turns", sa.Column("request_id", sa.String(length=64), server_default="", nullable=False))
    op.add_column("outbox", sa.Column("request_id", sa.String(length=64), server_default="", nullable=False))
    op.create_table(
        "sealing_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("proof", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_keys")),
    )
    # A sealed subject is longer than what it says.
    op.alter_column("tickets", "subject", type_=sa.Text(), existing_type=sa.String(length=200))
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("erased_by", sa.String(length=12), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("probe", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_erasures_site_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_site_id"), "erasures", ["site_id"], unique=False)
    op.create_index(op.f("ix_erasures_erased_at"), "erasures", ["erased_at"], unique=False)
    op.create_index(
        "ix_erasures_unprobed", "erasures", ["erased_at"], unique=False, postgresql_where=sa.text("probe IS NULL")
    )
    op.add_column("messages", sa.Column("words", sa.Text(), nullable=True))
    op.drop_index(
        "ix_messages_words",
        table_name="messages",
        postgresql_with={"gin_pending_list_limit": 256},
        postgresql_using="gin",
    )
    op.create_index(
        "ix_messages_words",
        "messages",
        [
            sa.text(
                "(to_tsvector('simple'::regconfig, COALESCE(words, content)) || array_to_tsvector(ARRAY['@'::text || ((\"position\" / 5000)::text)]))"
            )
        ],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.add_column(
        "sites", sa.Column("retention", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("sites", sa.Column("origins", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("sites", sa.Column("gate", sa.String(length=8), server_default="off", nullable=False))
    op.add_column("threads", sa.Column("trial", sa.Boolean(), server_default="false", nullable=False))
    op.create_index("ix_threads_trial", "threads", ["id"], postgresql_where=sa.text("trial"))


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_threads_trial", table_name="threads", postgresql_where=sa.text("trial"))
    op.drop_table("erasures")
    op.drop_column("threads", "trial")
    op.drop_column("sites", "gate")
    op.drop_column("sites", "origins")
    op.drop_column("sites", "retention")
    op.drop_index(
        "ix_messages_words",
        table_name="messages",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.create_index(
        "ix_messages_words",
        "messages",
        [
            sa.text(
                "(to_tsvector('simple'::regconfig, content) || array_to_tsvector(ARRAY['@'::text || ((\"position\" / 5000)::text)]))"
            )
        ],
        unique=False,
        postgresql_with={"gin_pending_list_limit": 256},
        postgresql_using="gin",
    )
    op.drop_column("messages", "words")
    op.alter_column("tickets", "subject", type_=sa.String(length=200), existing_type=sa.Text())
    op.drop_table("sealing_keys")
    op.drop_index(op.f("ix_staged_documents_site_id"), table_name="staged_documents")
    op.drop_table("staged_documents")
    op.drop_index(op.f("ix_evidence_documents"), table_name="evidence", postgresql_using="gin")
    op.drop_column("outbox", "request_id")
    op.drop_column("turns", "request_id")
    op.drop_index(op.f("ix_evidence_turn_id"), table_name="evidence")
    op.drop_table("evidence")
    op.drop_index(op.f("ix_eval_cases_thread_id"), table_name="eval_cases")
    op.drop_index(op.f("ix_eval_cases_site_id"), table_name="eval_cases")
    op.drop_table("eval_cases")
    op.drop_index(op.f("ix_tokens_value_hash"), table_name="tokens")
    op.drop_table("tokens")
    op.drop_table("eval_results")
    op.drop_index(op.f("ix_eval_runs_site_id_eval_runs_suite_eval_runs_started_at"), table_name="eval_runs")
    op.drop_index(op.f("ix_eval_runs_site_id"), table_name="eval_runs")
    op.drop_table("eval_runs")
