"""Events from other systems, and the secrets that they are signed with."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=160), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=120), server_default="", nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_webhook_events_site_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
    )
    op.create_index("ix_webhook_events_received_at", "webhook_events", ["received_at"], postgresql_using="brin")
    op.create_index(
        "ix_webhook_events_waiting",
        "webhook_events",
        ["site_id", "subject", "position"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "uq_webhook_events_first",
        "webhook_events",
        ["site_id", "source", "event_id"],
        unique=True,
        postgresql_where=sa.text("state != 'conflict'"),
    )
    op.create_index(
        "uq_webhook_events_once", "webhook_events", ["site_id", "source", "event_id", "body_hash"], unique=True
    )
    op.add_column("documents", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("sites", sa.Column("webhook_secret", sa.String(length=200), server_default="", nullable=False))
    op.add_column("sites", sa.Column("webhook_secret_before", sa.String(length=200), server_default="", nullable=False))
    op.add_column("sites", sa.Column("webhook_rotated_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sites", sa.Column("wordpress_url", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column("documents", "address")
    op.drop_column("sites", "wordpress_url")
    op.drop_column("sites", "webhook_rotated_until")
    op.drop_column("sites", "webhook_secret_before")
    op.drop_column("sites", "webhook_secret")
    op.drop_table("webhook_events")
