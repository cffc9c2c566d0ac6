"""Model faults in short: every third one that two fake servers offer, in whole turns with less patience."""

from pathlib import Path

import pytest

from core.embedded import Addresses
from core.settings import get_settings
from ops.faults.aimock_faults import PROGRAM
from ops.faults.run import known, run_short
from ops.faults.table import PAGE, rows
from ops.faults.trial import Verdict

IMPATIENT = {
    "HANDRAIL_TURN_SECONDS": "3",
    "HANDRAIL_MODEL_FIRST_TOKEN_SECONDS": "0.8",
    "HANDRAIL_MODEL_SILENCE_SECONDS": "0.5",
    "HANDRAIL_BUDGET_THREAD_USD": "0",
    "HANDRAIL_BUDGET_SITE_DAY_USD": "0",
    "HANDRAIL_BUDGET_DAY_USD": "0",
}
NEEDS_AIMOCK = pytest.mark.skipif(
    not PROGRAM.exists(), reason="aimock is not installed: run `make setup-dev` where the npm registry can be reached"
)
BUSY_S = 8.0  # other tests run beside this one; `make faults` allows one second


@NEEDS_AIMOCK
def test_faults_end_in_one_fit_reply_within_the_limit_and_replays(
    committed: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in IMPATIENT.items():
        monkeypatch.setenv(name, value)
    heard: list[Verdict] = []
    verdicts = run_short(heard.append, grace_s=BUSY_S)
    get_settings.cache_clear()
    assert len(heard) == len(verdicts) > 40
    assert [f"{one.server}, {one.fault} ({one.client}): {one.wrong}" for one in verdicts if one.wrong] == []
    assert {one.outcome for one in verdicts} >= {"answered", "handed_off", "failed"}


def test_the_documented_faults_are_those_that_are_tried() -> None:
    assert rows(PAGE.read_text(encoding="utf-8")) == known()


def test_the_page_tells_of_no_turn_that_went_wrong() -> None:
    assert "Not so" not in PAGE.read_text(encoding="utf-8")


@NEEDS_AIMOCK
def test_the_fake_server_is_the_one_that_is_locked() -> None:
    lock = (Path(__file__).parents[2] / "ops/faults/aimock/package-lock.json").read_text()
    assert '"integrity": "sha512-' in lock
    assert "resolved" not in lock
    assert PROGRAM.exists()
