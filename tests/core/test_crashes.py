"""A crash report says what broke and where, and quotes nobody."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import structlog
from sentry_sdk.envelope import Envelope

from core import crashes, log
from core.errors import SettingsRefused
from core.log import bound, get_logger
from core.settings import Settings

DSN = "https://0123456789abcdef0123456789abcdef@sentry.example/42"
WORDS = "my name is Ada and my card is 4111 1111 1111 1111"


class Kept(sentry_sdk.transport.Transport):
    """What would have left."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    @property
    def text(self) -> str:
        return b"".join(envelope.serialize() for envelope in self.envelopes).decode()

    def event(self) -> dict[str, Any]:
        found = self.envelopes[0].get_event()
        assert found is not None
        return dict(json.loads(json.dumps(found, default=str)))


@pytest.fixture
def sentry() -> Iterator[Kept]:
    """Sentry, as this process's settings name it; the log is as a process sets it up."""
    kept, root = Kept(), logging.getLogger()
    handlers, level = root.handlers, root.level
    log.configure("INFO")
    crashes.start(Settings(sentry_dsn=DSN), "api", kept)
    yield kept
    crashes.use(None)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def broken(words: str) -> None:
    local = f"{words}!"
    raise ValueError(local)


def test_a_crash_is_reported_without_anybodys_words(sentry: Kept) -> None:
    with bound(request_id="request-1", turn="0b9f", visitor_id="ada"):
        try:
            try:
                broken(WORDS)
            except ValueError as error:
                raise RuntimeError(WORDS) from error
        except RuntimeError:
            get_logger("tests").exception("tool_broke", said=WORDS)
    assert "Ada" not in sentry.text
    assert "4111" not in sentry.text
    event = sentry.event()
    first, second = event["exception"]["values"]
    assert (first["type"], second["type"]) == ("ValueError", "RuntimeError")
    assert "value" not in first
    assert first["stacktrace"]["frames"][-1]["function"] == "broken"
    assert "vars" not in first["stacktrace"]["frames"][-1]
    assert event["logger"] == "tool_broke"
    assert event["tags"] == {"request_id": "request-1", "turn": "0b9f"}


def test_what_others_log_with_a_traceback_is_reported_as_well(sentry: Kept) -> None:
    try:
        broken(WORDS)
    except ValueError:
        logging.getLogger("celery.app.trace").exception("Task raised: %s", WORDS)
    assert "Ada" not in sentry.text
    assert sentry.event()["logger"] == "log"


def test_a_warning_is_no_crash(sentry: Kept) -> None:
    get_logger("tests").warning("tool_failed", cause="x")
    assert sentry.envelopes == []


def test_a_report_that_fails_breaks_nothing(sentry: Kept) -> None:
    def fails(_: dict[str, Any]) -> None:
        raise OSError(WORDS)

    crashes.use(fails)
    crashes.report(ValueError(WORDS), "tests")


def test_without_an_address_nobody_is_told() -> None:
    crashes.start(Settings(), "api")
    crashes.report(ValueError(WORDS), "tests")


def test_a_bad_address_is_named() -> None:
    with pytest.raises(SettingsRefused, match="HANDRAIL_SENTRY_DSN"):
        crashes.start(Settings(sentry_dsn="nowhere"), "api")
