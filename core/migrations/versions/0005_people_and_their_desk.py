"""Staff and what they do, notes, Slack, due tickets."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("oidc_subject", sa.String(length=255), nullable=True),
        sa.Column("slack_user", sa.String(length=40), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_staff_oidc_subject")),
        sa.UniqueConstraint("slack_user", name=op.f("uq_staff_slack_user")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.String(length=400), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_audit_log_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_actor_audit_log_id"), "audit_log", ["actor", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_site_id_audit_log_id"), "audit_log", ["site_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_subject_audit_log_id"), "audit_log", ["subject", "id"], unique=False)
    op.create_table(
        "staff_roles",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_roles_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "site_id", name=op.f("pk_staff_roles")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("browser", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=400), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_notes_thread_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("source_id", name=op.f("uq_notes_source_id")),
    )
    op.create_index(op.f("ix_notes_thread_id_notes_created_at"), "notes", ["thread_id", "created_at"], unique=False)
    op.create_table(
        "slack_posts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=True),
        sa.Column("handoff_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("ts", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_slack_posts_handoff_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_slack_posts_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_slack_posts_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_posts")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_slack_posts_channel_ts")),
        sa.UniqueConstraint("key", name=op.f("uq_slack_posts_key")),
    )
    op.create_index(op.f("ix_slack_posts_handoff_id"), "slack_posts", ["handoff_id"], unique=False)
    op.create_index(op.f("ix_slack_posts_site_id"), "slack_posts", ["site_id"], unique=False)
    op.create_index(op.f("ix_slack_posts_thread_id"), "slack_posts", ["thread_id"], unique=False)
    op.create_table(
        "ticket_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_events_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_events")),
    )
    op.create_index(op.f("ix_ticket_events_ticket_id"), "ticket_events", ["ticket_id"], unique=False)
    op.add_column("handoffs", sa.Column("priority", sa.String(length=8), server_default="normal", nullable=False))
    op.add_column("handoffs", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "handoffs",
        sa.Column("waits_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
    )
    op.add_column("messages", sa.Column("author", sa.String(length=200), server_default="", nullable=False))
    op.add_column("outbox", sa.Column("thread_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_outbox_thread_id"), "outbox", ["thread_id"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["destination", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.add_column("sites", sa.Column("slack_channel", sa.String(length=40), server_default="", nullable=False))
    op.add_column("sites", sa.Column("slack_fault", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "sites", sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("sites", sa.Column("wait_minutes", sa.Double(), nullable=True))
    op.add_column(
        "sites", sa.Column("sla_minutes", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column(
        "sites", sa.Column("helpdesk", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("sites", sa.Column("helpdesk_token", sa.String(length=400), server_default="", nullable=False))
    op.add_column("sites", sa.Column("mail_from", sa.String(length=320), server_default="", nullable=False))
    op.add_column("sites", sa.Column("ticket_mail_to", sa.String(length=320), server_default="", nullable=False))
    op.add_column("threads", sa.Column("mailed_position", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("threads", sa.Column("language", sa.String(length=8), server_default="", nullable=False))
    # Until now only the terminal's `--as` could own a thread.
    op.execute("UPDATE threads SET owner = left('cli:' || owner, 200) WHERE owner IS NOT NULL")
    op.add_column("tickets", sa.Column("assignee", sa.String(length=400), nullable=True))
    op.add_column("tickets", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("breach_told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("external_id", sa.String(length=80), server_default="", nullable=False))
    op.add_column("tickets", sa.Column("external_url", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_turn_events_reviews",
        "turn_events",
        ["recorded_at"],
        postgresql_where=sa.text("event ->> 'type' IN ('DraftApproved', 'DraftRefused')"),
    )
    op.create_index(op.f("ix_tickets_created_at"), "tickets", ["created_at"], unique=False)
    # What the desk searches by.
    op.create_index(op.f("ix_threads_site_id_threads_created_at"), "threads", ["site_id", "created_at"], unique=False)
    op.create_index(
        "ix_messages_words",
        "messages",
        [
            sa.text(
                "(to_tsvector('simple'::regconfig, content) || "
                "array_to_tsvector(ARRAY['@'::text || ((\"position\" / 5000)::text)]))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    for column in ("verified_email", "contact_email"):
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_visitors_{column}", "visitors", [column], unique=False, postgresql_where=where)


def downgrade() -> None:
    """Go back."""
    for column in ("contact_email", "verified_email"):
        op.drop_index(f"ix_visitors_{column}", table_name="visitors")
    op.drop_index("ix_messages_words", table_name="messages")
    op.drop_index(op.f("ix_threads_site_id_threads_created_at"), table_name="threads")
    op.drop_index("ix_turn_events_reviews", table_name="turn_events")
    op.drop_index(op.f("ix_tickets_created_at"), table_name="tickets")
    op.drop_column("tickets", "external_url")
    op.drop_column("tickets", "external_id")
    op.drop_column("tickets", "breach_told_at")
    op.drop_column("tickets", "solved_at")
    op.drop_column("tickets", "replied_at")
    op.drop_column("tickets", "due_at")
    op.drop_column("tickets", "assignee")
    op.execute("UPDATE threads SET owner = substr(owner, 5) WHERE owner LIKE 'cli:%'")
    op.drop_column("threads", "language")
    op.drop_column("threads", "mailed_position")
    op.drop_column("sites", "ticket_mail_to")
    op.drop_column("sites", "mail_from")
    op.drop_column("sites", "helpdesk_token")
    op.drop_column("sites", "helpdesk")
    op.drop_column("sites", "sla_minutes")
    op.drop_column("sites", "wait_minutes")
    op.drop_column("sites", "hours")
    op.drop_column("sites", "slack_fault")
    op.drop_column("sites", "slack_channel")
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.drop_index(op.f("ix_outbox_thread_id"), table_name="outbox")
    op.drop_column("outbox", "thread_id")
    op.drop_column("messages", "author")
    op.drop_column("handoffs", "waits_since")
    op.drop_column("handoffs", "reminded_at")
    op.drop_column("handoffs", "priority")
    op.drop_index(op.f("ix_ticket_events_ticket_id"), table_name="ticket_events")
    op.drop_table("ticket_events")
    op.drop_index(op.f("ix_slack_posts_thread_id"), table_name="slack_posts")
    op.drop_index(op.f("ix_slack_posts_site_id"), table_name="slack_posts")
    op.drop_index(op.f("ix_slack_posts_handoff_id"), table_name="slack_posts")
    op.drop_table("slack_posts")
    op.drop_index(op.f("ix_notes_thread_id_notes_created_at"), table_name="notes")
    op.drop_table("notes")
    op.drop_index(op.f("ix_staff_sessions_staff_id"), table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_table("staff_roles")
    op.drop_index(op.f("ix_audit_log_subject_audit_log_id"), table_name="audit_log")
    op.drop_index(op.f("ix_audit_log_site_id_audit_log_id"), table_name="audit_log")
    op.drop_index(op.f("ix_audit_log_actor_audit_log_id"), table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("staff")
