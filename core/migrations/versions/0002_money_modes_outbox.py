"""Money and modes, questions to models as they were asked, and an outbox."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "spend",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("held_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("spent_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("scope", "day", name=op.f("pk_spend")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_outbox_site_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_index(op.f("ix_outbox_site_id"), "outbox", ["site_id"], unique=False)
    op.create_table(
        "model_calls",
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reply", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.Column("input_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("output_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("estimated", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("held_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_model_calls_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", "n", "fence", name=op.f("pk_model_calls")),
    )
    op.create_index(
        "ix_model_calls_open",
        "model_calls",
        ["turn_id"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(
        "ix_tool_runs_intended",
        "tool_runs",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'intended'"),
    )
    op.create_index(op.f("ix_turns_thread_id_turns_created_at"), "turns", ["thread_id", "created_at"], unique=False)
    op.add_column("turns", sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sites", sa.Column("mode", sa.String(length=8), server_default="live", nullable=False))
    op.add_column(
        "sites", sa.Column("review", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("sites", sa.Column("budget_day_micro", sa.BigInteger(), nullable=True))
    op.add_column("sites", sa.Column("notices_url", sa.Text(), server_default="", nullable=False))
    op.add_column("sites", sa.Column("notices_secret", sa.String(length=200), server_default="", nullable=False))
    op.add_column("threads", sa.Column("held_micro", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("threads", sa.Column("spent_micro", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column("turns", "rung_at")
    op.drop_index(op.f("ix_turns_thread_id_turns_created_at"), table_name="turns")
    op.drop_index("ix_tool_runs_intended", table_name="tool_runs", postgresql_where=sa.text("status = 'intended'"))
    op.drop_index("ix_model_calls_open", table_name="model_calls", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_column("threads", "spent_micro")
    op.drop_column("threads", "held_micro")
    op.drop_column("sites", "notices_secret")
    op.drop_column("sites", "notices_url")
    op.drop_column("sites", "budget_day_micro")
    op.drop_column("sites", "review")
    op.drop_column("sites", "mode")
    op.drop_table("model_calls")
    op.drop_index(op.f("ix_outbox_site_id"), table_name="outbox")
    op.drop_index("ix_outbox_due", table_name="outbox", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("outbox")
    op.drop_table("spend")
