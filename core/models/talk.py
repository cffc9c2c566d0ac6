"""Who talks, and what they say: sites, visitors, threads, messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, ForeignKey, Identity, Index, String, Text, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column, site_column
from core.models.sealed import SealedText
from core.sealing import places, words

MESSAGES_A_BLOCK = 5_000
# The words of a message, and beside them the block that it lies in: so a word that stands in every message is looked
# for among the newest alone, and costs no more than a rare one.
# Spelled as PostgreSQL spells it back, so that the schema's test can compare.
MESSAGE_WORDS = (
    "(to_tsvector('simple'::regconfig, COALESCE(words, content)) || "
    f"array_to_tsvector(ARRAY['@'::text || ((\"position\" / {MESSAGES_A_BLOCK})::text)]))"
)


class Site(Base):
    """One WordPress site with its own knowledge, visitors and tools."""

    __tablename__ = "sites"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    api_key_hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hex
    identity_secret: Mapped[str] = mapped_column(String(200), server_default="")  # HS256; empty: no identity tokens
    tools: Mapped[list[str]] = mapped_column(ARRAY(String(64)))  # switched on
    mode: Mapped[str] = mapped_column(String(8), server_default="live")  # live, review (a person agrees first), shadow
    review: Mapped[Json] = mapped_column(JSONB, server_default="{}")  # which drafts a person sees; empty: all
    budget_day_micro: Mapped[int | None] = mapped_column(BigInteger)  # millionths of a dollar; null: as in settings
    notices_url: Mapped[str] = mapped_column(Text, server_default="")  # hears of tickets and handoffs
    notices_secret: Mapped[str] = mapped_column(String(200), server_default="")
    indexing_paused: Mapped[bool] = mapped_column(server_default="false")
    embedding_model_id: Mapped[int | None] = mapped_column(ForeignKey("embedding_models.id"))  # that is searched with
    next_model_id: Mapped[int | None] = mapped_column(ForeignKey("embedding_models.id"))  # being made beside it
    webhook_secret: Mapped[str] = mapped_column(String(200), server_default="")  # empty: no events are taken
    webhook_secret_before: Mapped[str] = mapped_column(String(200), server_default="")
    webhook_rotated_until: Mapped[datetime | None] = maybe_at_column()  # until then the one before counts, too
    wordpress_url: Mapped[str] = mapped_column(Text, server_default="")  # where its posts are read
    index_told: Mapped[str] = mapped_column(String(8), server_default="")  # its owner knows that it is: stale, empty
    # Where Slack shows what waits for people ("": nowhere), and why it can't: access revoked, channel gone.
    slack_channel: Mapped[str] = mapped_column(String(40), server_default="")
    slack_fault: Mapped[str] = mapped_column(Text, server_default="")
    hours: Mapped[Json] = mapped_column(
        JSONB, server_default="{}"
    )  # {"zone": …, "days": {"mon": [["09:00", "17:00"]]}}; empty: always
    wait_minutes: Mapped[float | None]  # how long a handoff waits before the visitor is told; null: as in settings
    sla_minutes: Mapped[Json] = mapped_column(
        JSONB, server_default="{}"
    )  # first reply by priority; missing: as in settings
    helpdesk: Mapped[Json] = mapped_column(
        JSONB, server_default="{}"
    )  # {"kind": "zendesk", "url": …, "user": …}; empty: none
    helpdesk_token: Mapped[str] = mapped_column(String(400), server_default="")
    mail_from: Mapped[str] = mapped_column(
        String(320), server_default=""
    )  # "Shop <support@shop.example>"; empty: no mail leaves
    ticket_mail_to: Mapped[str] = mapped_column(String(320), server_default="")  # hears of each new ticket by e-mail
    retention: Mapped[Json] = mapped_column(
        JSONB, server_default="{}"
    )  # {"conversations": days, …}; missing: as in settings
    origins: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}"
    )  # whose pages may ask for it; empty: as in settings
    gate: Mapped[str] = mapped_column(
        String(8), server_default="off"
    )  # on: a changed document goes live once its questions hold
    kb_version: Mapped[int] = mapped_column(BigInteger, server_default="0")  # grows with every change of the index
    created_at: Mapped[datetime] = at_column()


class Visitor(Base):
    """One browser (or e-mail sender) on one site."""

    __tablename__ = "visitors"
    id: Mapped[UUID] = id_column()
    site_id: Mapped[str] = site_column()
    verified_email: Mapped[str | None] = mapped_column(String(320))  # proven by an identity token
    contact_email: Mapped[str | None] = mapped_column(String(320))  # merely told
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (
        Index("ix_visitors_verified_email", "verified_email", postgresql_where=verified_email.is_not(None)),
        Index("ix_visitors_contact_email", "contact_email", postgresql_where=contact_email.is_not(None)),
    )


class Thread(Base):
    """One conversation. `status` says who has it: bot, waiting, person or closed."""

    __tablename__ = "threads"
    id: Mapped[UUID] = id_column()
    site_id: Mapped[str] = site_column()
    visitor_id: Mapped[UUID] = mapped_column(ForeignKey("visitors.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), default="bot")
    owner: Mapped[str | None] = mapped_column(String(200))  # the person who has it: "staff:0b9f…", "cli:root"
    language: Mapped[str] = mapped_column(
        String(8), server_default=""
    )  # of the visitor's words: "de"; empty: not known
    mailed_position: Mapped[int] = mapped_column(BigInteger, server_default="0")  # staff's words up to it went by mail
    trial: Mapped[bool] = mapped_column(server_default="false")  # asked by the judge: nobody is told, and it goes after
    held_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")  # reserved for questions to models …
    spent_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")  # … and spent, in millionths of a dollar
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (
        Index(None, "site_id", "created_at"),
        Index("ix_threads_trial", "id", postgresql_where=text("trial")),  # a few at most, which every list leaves out
    )


class Message(Base):
    """What a visitor, the agent, a person or the system said in a thread."""

    __tablename__ = "messages"
    id: Mapped[UUID] = id_column()
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    turn_id: Mapped[UUID | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(16))  # visitor, agent, staff, system
    content: Mapped[str] = mapped_column(SealedText(places.MESSAGE))
    words: Mapped[str | None] = mapped_column(Text)  # of a sealed content, each hashed, to be searched for; else null
    author: Mapped[str] = mapped_column(
        String(200), server_default=""
    )  # of staff's words: their name, as visitors see it
    citations: Mapped[list[Json]] = mapped_column(JSONB, default=list)
    client_msg_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (
        Index(None, "thread_id", "position"),
        UniqueConstraint("thread_id", "client_msg_id"),
        # One turn speaks once: the database itself refuses a second reply.
        Index("uq_messages_reply", "turn_id", unique=True, postgresql_where=role == "agent"),
        # What is not sorted in yet is read through by every search: so no more than a few hundred messages wait for it.
        Index(
            "ix_messages_words",
            text(MESSAGE_WORDS),
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ),
    )


@event.listens_for(Message, "before_insert")
@event.listens_for(Message, "before_update")
def _hash_words(_: Mapper[Message], __: Connection, message: Message) -> None:
    message.words = words.hidden(message.content)


class Token(Base):
    """An address, telephone or order number that a visitor wrote: `⟦email:1⟧` stands for it in all that is kept."""

    __tablename__ = "tokens"
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)  # email, phone, order
    n: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(SealedText(places.TOKEN))
    value_hash: Mapped[str] = mapped_column(String(64), index=True)  # keyed SHA-256, hex, of its plain form
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (UniqueConstraint("thread_id", "kind", "value_hash"),)


class Feedback(Base):
    """A visitor's thumb on one message; the last one counts."""

    __tablename__ = "feedback"
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    thumbs: Mapped[str] = mapped_column(String(8))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    created_at: Mapped[datetime] = at_column()
