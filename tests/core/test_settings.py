"""Settings: names as documented, and no weak secret in production."""

from pathlib import Path

import pytest

from core.errors import SettingsRefused
from core.log import mask
from core.queue import broker_url
from core.settings import Settings, get_settings


def test_documented_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_PORT", "9000")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("HANDRAIL_BRAIN", "openai")
    monkeypatch.setenv("HANDRAIL_MODEL", "big")
    monkeypatch.setenv("HANDRAIL_FALLBACK_MODEL", "extractive")
    settings = Settings()
    assert (settings.port, settings.openai_base_url) == (9000, "http://127.0.0.1:1/v1")
    assert settings.models == ("big", "extractive")


@pytest.mark.parametrize("secret", ["changeme", "a" * 40, ""])
def test_production_refuses_weak_secrets(secret: str) -> None:
    settings = Settings.model_validate(
        {
            "profile": "production",
            "secret_key": secret,
            "database_url": "postgresql+psycopg://x/y",
            "redis_url": "redis://x",
        }
    )
    with pytest.raises(SettingsRefused):
        settings.signing_key()


def test_an_embedded_home_keeps_its_own_secret(tmp_path: Path) -> None:
    settings = Settings.model_validate({"home": tmp_path, "database_url": "", "redis_url": "", "secret_key": ""})
    assert settings.signing_key() == settings.signing_key()
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_one_server_address_without_the_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://x/y")
    monkeypatch.setenv("REDIS_URL", "")
    get_settings.cache_clear()
    with pytest.raises(SettingsRefused, match="both"):
        get_settings()
    get_settings.cache_clear()


def test_what_changes_an_answer_changes_the_fingerprint() -> None:
    assert Settings().fingerprint() != Settings.model_validate({"max_tool_calls": 2}).fingerprint()
    assert Settings().fingerprint() == Settings.model_validate({"port": 1234}).fingerprint()


def test_celery_spells_a_socket_its_own_way() -> None:
    assert broker_url("unix:///run/v.sock?db=2") == "redis+socket:///run/v.sock?virtual_host=2"
    assert broker_url("redis://h:1/0") == "redis://h:1/0"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail ana@example.com now", "mail [email] now"),
        ("card 4111 1111 1111 1111", "card [card number removed]"),
        ("call 0171 5551234", "call [number]"),
        ("order 10231", "order 10231"),
    ],
)
def test_logs_hide_addresses_and_long_numbers(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_pool_that_is_smaller_than_the_threads_need_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="HANDRAIL_CHAT_THREADS is 24"):
        Settings.model_validate({"chat_threads": 24, "database_pool": 24})
    assert Settings.model_validate({"chat_threads": 24, "database_pool": 32}).pool_size == 32


@pytest.mark.parametrize("threads", [1, 16, 200])
def test_a_pool_that_is_not_given_follows_the_threads(threads: int) -> None:
    assert Settings.model_validate({"chat_threads": threads}).pool_size >= threads + 4
