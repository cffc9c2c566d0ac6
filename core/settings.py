"""Every setting, typed, from the environment (or a `.env` file beside the project)."""

import hashlib
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsRefused

SHORTEST_SECRET = 32
API_THREADS = 40  # in which the web framework runs what is not a coroutine
SPARE_CONNECTIONS = 8  # beside the threads that serve: lease keeper, heart, the watch and the turns that it takes


class Prices(dict[str, tuple[float, float]]):
    """USD per million tokens, in and out, by the model's name. Settings are keys of caches, so it has a hash."""

    def __hash__(self) -> int:  # type: ignore[override]  # nobody changes it once it is read
        """Of all names and numbers."""
        return hash(frozenset(self.items()))


class Settings(BaseSettings):
    """What an operator can turn. Durations are seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="HANDRAIL_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    profile: Literal["production", "demo", "test"] = "production"
    home: Path = Path(".handrail")
    port: int = Field(8080, ge=1, le=65535)
    host: str = "127.0.0.1"
    secret_key: SecretStr = SecretStr("")  # signs visitor tokens
    encryption_keys: SecretStr = SecretStr("")  # "name:base64,…": seal what is said; the first seals, all open
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Where the truth and the doorbell live. Both unset: the embedded servers.
    database_url: str = Field("", validation_alias="DATABASE_URL")
    redis_url: str = Field("", validation_alias="REDIS_URL")
    database_pool: int = 0  # connections of one process at most; 0: as many as its threads need

    # The brain.
    brain: Literal["extractive", "openai", "claude"] = "extractive"
    model: str = ""
    fallback_model: str = ""
    openai_api_key: SecretStr = Field(SecretStr(""), validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field("", validation_alias="OPENAI_BASE_URL")
    anthropic_api_key: SecretStr = Field(SecretStr(""), validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str = Field("", validation_alias="ANTHROPIC_BASE_URL")
    plan_temperature: float = 0.2
    draft_temperature: float = 0.5
    answer_tokens: int = 700
    model_connect_seconds: float = 2.0
    model_first_token_seconds: float = 4.0  # from the question to the first words or the first call
    model_silence_seconds: float = 2.5  # from then on, between one piece and the next
    model_seconds: float = 5.5  # one answer in all, also where the turn has more time left
    model_prices: Annotated[dict[str, tuple[float, float]], AfterValidator(Prices)] = Prices()
    model_price_unknown: tuple[float, float] = (5.0, 25.0)  # assumed for a model that is not listed there

    # Money, in dollars; 0: no limit. A question to a model is asked only while all three hold.
    budget_thread_usd: float = 2.0
    budget_site_day_usd: float = 20.0
    budget_day_usd: float = 50.0

    failpoint: str = ""  # where this process is to die: `core.failpoints`; refused in production

    # One turn.
    turn_seconds: float = 6.0  # from the moment that a worker takes it
    accept_seconds: float = 60.0  # from the moment that the message was accepted, whatever happens
    tool_seconds: float = 3.0
    max_tool_calls: int = 3
    tool_retry_delays_ms: tuple[int, ...] = (200, 400)
    circuit_seconds: int = 60  # how long a tool rests that failed through all its retries …
    tool_circuit_failures: int = 3  # … or so often in a row over several turns
    model_circuit_failures: int = 3  # in a row, then a model rests
    model_circuit_seconds: int = 30
    max_redrafts: int = 1
    memory_messages: int = 12
    memory_chars: int = 6_000
    message_max_chars: int = 4_000

    # Leases and sweeps: after a kill, another worker carries on within lease + sweep.
    lease_seconds: float = 3.0
    sweep_seconds: float = 2.0
    review_minutes: float = 10.0  # how long a draft may wait for a person's approval
    chat_threads: int = Field(16, ge=1)
    drain_seconds: float = 20.0  # that a worker gets to finish its turns when it is asked to end
    handoff_wait_minutes: float = 10.0  # then the visitor is told that nobody is free, and a ticket is opened

    # Knowledge.
    embedder: Literal["minilm", "openai"] = "minilm"
    embedding_model: str = ""
    embed_seconds: float = 30.0  # one request for vectors of documents …
    embed_query_seconds: float = 1.5  # … and for that of a question, which is searched by its words alone after that
    embedding_cache_days: float = 90.0  # how long vectors are kept beside the index, so that a text that comes back …
    embedding_cache_most: int = 1_000_000  # … is not embedded again; and so many at most, the oldest go first
    document_history_days: float = 180.0  # the last line of each document stays
    chunk_min_tokens: int = 512
    chunk_max_tokens: int = 800
    chunk_overlap_tokens: int = 80
    search_candidates: int = 8
    search_keep: int = 3
    reranker_url: str = ""  # a /rerank endpoint as Cohere, Jina, vLLM or text-embeddings-inference have it; "": ours
    reranker_model: str = ""  # empty for text-embeddings-inference, which serves one alone
    reranker_api_key: SecretStr = SecretStr("")
    reranker_seconds: float = 1.0  # then the order of our own features is taken
    vector_index_windows: int = 20_000  # of one audience from which on an HNSW index pays; below, a scan is exact
    vector_index_memory_mb: int = 256  # for building one
    # Whether the likeliest sentences are compared with the question, too, to tell whether it is answered: a new one
    # costs a few milliseconds, so only where passages leave it in doubt. With the local model alone.
    search_sentences: Literal["in_doubt", "always", "never"] = "in_doubt"
    index_stale_hours: int = 24 * 7
    parse_seconds: float = Field(60.0, gt=0)  # of the processor, for one document; four times that by the clock
    parse_memory_mb: int = Field(1024, ge=256)  # of a process that reads documents
    ocr_command: str = ""  # reads pictures of pages, e.g. "tesseract {image} - -l eng"; "": such PDFs are refused
    ocr_pages: int = Field(200, ge=1)  # of one document
    ocr_page_seconds: float = Field(60.0, gt=0)  # of the processor
    ocr_dpi: int = Field(300, ge=72, le=600)
    fetch_max_bytes: int = 25 * 1024 * 1024
    fetch_seconds: float = 20.0
    fetch_gap_seconds: float = 0.5  # between two requests of one process to the same host; robots.txt can ask for more
    fetch_private_hosts: tuple[str, ...] = ()  # hosts on private addresses that may be read all the same
    sitemap_max_pages: int = Field(5_000, ge=1)  # of one sitemap; further ones are not read
    row_security: bool = False  # searches read as a role that sees one site: after `handrail kb row-security on`

    # Eyes: docs/operations.md.
    figures: bool = True  # count what happens, for /metrics
    traces: Literal["off", "otlp"] = "off"  # otlp: OTEL_EXPORTER_OTLP_ENDPOINT has where to; needs handrail[traces]
    sentry_dsn: SecretStr = SecretStr("")  # where crashes are reported, without anybody's words; needs handrail[sentry]

    # What leaves for other services.
    outgoing_seconds: float = 10.0  # one attempt, from looking the name up to the end of the answer
    outgoing_attempts: int = Field(8, ge=1)
    outgoing_first_wait: float = 5.0  # after the first failure, at most; each next one four times as long …
    outgoing_longest_wait: float = 3600.0  # … up to this, which also bounds what a receiver may ask for
    outgoing_sweep_seconds: float = 5.0
    outgoing_threads: int = Field(2, ge=1)  # of the chat worker's threads
    outgoing_circuit_failures: int = 3  # in a row, then a destination rests …
    outgoing_circuit_seconds: float = 60.0  # … for so long
    outgoing_private_hosts: tuple[str, ...] = ()  # hosts on private addresses that may be sent to all the same
    outgoing_kept_days: float = 7.0  # what has been sent

    # Slack: one app in one workspace serves all sites, each in a channel of its own. docs/slack.md has the setting-up.
    slack_bot_token: SecretStr = SecretStr("")  # xoxb-…
    slack_signing_secret: SecretStr = SecretStr("")  # empty: nothing is taken from Slack
    slack_signing_secret_before: SecretStr = SecretStr("")  # counts, too, while the secret is being changed
    slack_api_url: str = "https://slack.com/api/"
    slack_patience_hours: float = 24.0  # for so long things wait in order while Slack is away

    # Mail that leaves.
    smtp_host: str = ""  # "": none leaves
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"  # none: only for a server on this machine
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_seconds: float = 15.0  # of each step with the mail server
    mail_reply_seconds: float = 60.0  # how long staff's words wait for the visitor to come back before they go by mail
    transcripts_per_hour: int = 3  # by mail: of one visitor, to one address, and from one IP address ten times as many

    # Tickets.
    sla_low_minutes: float = 2880.0  # of office hours, where a site has any, until the first reply
    sla_normal_minutes: float = 1440.0
    sla_high_minutes: float = 240.0
    sla_urgent_minutes: float = 60.0
    ticket_closed_days: float = 14.0  # after it was solved: then it can't be opened again
    ticket_sweep_seconds: float = 30.0
    public_url: str = ""  # where staff and links find this Handrail from outside: https://help.shop.example

    # What other systems tell.
    webhooks_waiting_max: int = 20_000  # events; then senders are asked to come again
    webhook_bodies_kept_days: float = 30.0  # as they came, for audit

    # For how long a site that says nothing else keeps what; 0: for ever. docs/data-map.md has what belongs to each.
    retention_conversations_days: float = Field(0.0, ge=0)  # since the last words
    retention_events_days: float = Field(0.0, ge=0)
    retention_evidence_days: float = Field(0.0, ge=0)
    retention_audit_days: float = Field(0.0, ge=0)

    # The desk.
    desk_idle_minutes: float = Field(120.0, gt=0)  # then a browser that did nothing is logged out …
    desk_session_hours: float = Field(12.0, gt=0)  # … and this long after logging in, whatever it did
    desk_upload_bytes: int = Field(25 * 1024 * 1024, ge=1)  # of one document
    oidc_issuer: str = ""  # "https://login.shop.example/realms/staff"; "": staff log in with passwords alone
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")  # "" for a public client
    oidc_name: str = "single sign-on"  # what the button calls it
    oidc_private_hosts: tuple[str, ...] = ()  # issuers on private addresses that may be asked all the same

    # The nightly judge: golden sets are played as trials, and held against the nights before. docs/evals-report.md
    nightly_at: str = Field("03:10", pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d$")  # UTC; "": never
    nightly_sets: Path | None = None  # a folder of golden sets, each for its site; HANDRAIL_HOME/golden by default
    nightly_repeats: int = Field(1, ge=1, le=20)  # of each case; more tell a model's noise sooner
    nightly_kept_days: float = 60.0  # results and pages; the figures stay

    # Doors.
    visitor_token_minutes: int = 60
    thread_days: int = 30  # how long a token can be renewed for its thread
    body_max_bytes: int = 64 * 1024
    allowed_origins: tuple[str, ...] = ()  # pages of sites that list none of their own: `handrail site origins`
    trusted_proxies: tuple[
        str, ...
    ] = ()  # addresses, networks or "unix", whose X-Forwarded-For and -Proto are believed
    messages_per_minute: int = 20
    sessions_per_minute: int = 60
    order_attempts_per_hour: int = 5
    woocommerce_url: str = ""
    woocommerce_key: SecretStr = SecretStr("")
    woocommerce_secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _pools_fit(self) -> "Settings":
        needed = self.chat_threads + SPARE_CONNECTIONS
        if 0 < self.database_pool < needed:
            raise SettingsRefused(
                f"HANDRAIL_DATABASE_POOL is {self.database_pool}, but HANDRAIL_CHAT_THREADS is {self.chat_threads}: "
                f"each thread needs a connection, and {SPARE_CONNECTIONS} are needed beside them. "
                f"Give it at least {needed}, or 0 to have it follow."
            )
        return self

    @property
    def pool_size(self) -> int:
        """Connections to the database, at most, of one process. A thread holds one at a time."""
        return self.database_pool or max(self.chat_threads, API_THREADS) + SPARE_CONNECTIONS

    @property
    def embedded(self) -> bool:
        """True where both server addresses are unset, so that ours are started."""
        return not self.database_url and not self.redis_url

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order in which they are asked; "extractive" is the built-in one."""
        if self.brain == "extractive":
            return ("extractive",)
        if not self.model:
            raise SettingsRefused(
                f"HANDRAIL_BRAIN is {self.brain}, but HANDRAIL_MODEL is unset: name the model, or use extractive."
            )
        return tuple(dict.fromkeys(filter(None, (self.model, self.fallback_model))))

    def signing_key(self) -> bytes:
        """The key for visitor tokens: HANDRAIL_SECRET_KEY, or one kept in the embedded home."""
        given = self.secret_key.get_secret_value()
        if given:
            return _strong(given)
        if not self.embedded and self.profile == "production":
            raise SettingsRefused("HANDRAIL_SECRET_KEY is unset: give it at least 32 random characters.")
        return _kept_secret(self.home / "secret_key")

    def fingerprint(self) -> str:
        """Short hash of everything that can change an answer; recorded with each turn."""
        kept = self.model_dump(
            mode="json",
            include={
                *("brain", "model", "fallback_model", "plan_temperature", "draft_temperature", "answer_tokens"),
                *("model_connect_seconds", "model_first_token_seconds", "model_silence_seconds", "model_seconds"),
                *("turn_seconds", "tool_seconds", "max_tool_calls", "tool_retry_delays_ms", "max_redrafts"),
                *("memory_messages", "memory_chars", "embedder", "embedding_model", "search_candidates", "search_keep"),
                *("reranker_url", "reranker_model"),
                *("search_sentences",),
            },
        )
        return hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:16]


def _strong(secret: str) -> bytes:
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < 8:  # noqa: PLR2004 - eight different characters
        raise SettingsRefused("HANDRAIL_SECRET_KEY is too weak: give it at least 32 random characters.")
    return secret.encode()


@lru_cache(maxsize=8)
def _kept_secret(path: Path) -> bytes:
    """Read the secret, or make it once; readable by its owner alone. Processes that start together get the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with NamedTemporaryFile("w", dir=path.parent) as file:  # of mode 600
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with suppress(FileExistsError):
                path.hardlink_to(file.name)
    return _strong(path.read_text())


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    settings = Settings()
    if bool(settings.database_url) != bool(settings.redis_url):
        raise SettingsRefused("Set both DATABASE_URL and REDIS_URL, or neither (then the embedded servers start).")
    return settings
