"""Fail-points are found in what a process does, die where they were told to, and never in production."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import failpoints
from core.errors import SettingsRefused
from core.settings import Settings

PROCESS = """
import sys
from sqlalchemy import create_engine, text
from core import failpoints
from core.settings import Settings

failpoints.arm(Settings(profile="test", failpoint=sys.argv[1]))
with create_engine("sqlite://").begin() as connection:
    connection.execute(text("CREATE TABLE turns (id int)"))
    for _ in range(2):
        connection.execute(text("INSERT INTO turns VALUES (1)"))
    connection.execute(text("UPDATE turns SET id = 2"))
print("alive")
"""


def run(spec: str) -> "subprocess.CompletedProcess[str]":
    """A process that writes to a table under the fail-point `spec`."""
    return subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", PROCESS, spec], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("SELECT * FROM turns WHERE id = 1 FOR UPDATE", ""),
        ("INSERT INTO turn_events (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 2", "INSERT turn_events"),
        ("update turns set a = 1", "UPDATE turns"),
        ("DELETE FROM ticks WHERE job = 1", "DELETE ticks"),
        (
            "WITH gone AS (DELETE FROM outbox RETURNING id), kept AS (UPDATE turns AS t SET a = 1) SELECT 1",
            "DELETE outbox + UPDATE turns",
        ),
    ],
)
def test_a_statement_is_named_by_what_it_writes(statement: str, written: str) -> None:
    assert failpoints.writes(statement) == written


def test_a_process_dies_at_its_point() -> None:
    assert run("before UPDATE turns").returncode == -signal.SIGKILL
    assert run("after INSERT turns#2").returncode == -signal.SIGKILL


def test_a_process_that_does_not_come_to_its_point_lives() -> None:
    assert run("after INSERT turns#3").stdout == "alive\n"
    assert run("").stdout == "alive\n"


def test_a_trace_names_every_point_in_order(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert run(f"TRACE:{trace}").stdout == "alive\n"
    assert trace.read_text().splitlines() == [
        "before INSERT turns#1",
        "after INSERT turns#1",
        "before INSERT turns#2",
        "after INSERT turns#2",
        "before UPDATE turns#1",
        "after UPDATE turns#1",
        "before COMMIT#1",
    ]


def test_production_refuses_a_fail_point() -> None:
    with pytest.raises(SettingsRefused):
        failpoints.arm(Settings(profile="production", failpoint="before COMMIT"))
