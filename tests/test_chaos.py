"""The short form of chaos: every process is killed at some of its writes, both servers too, and nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path: Path) -> None:
    result = tmp_path / "chaos.json"
    command = [sys.executable, "-m", "ops.chaos", "--short", "--json", str(result)]
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    done = subprocess.run(  # noqa: S603 - our own Python
        command,
        cwd=ROOT,
        env=environment | {"HANDRAIL_HOME": str(tmp_path), "HANDRAIL_PROFILE": "test"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (part,) = json.loads(result.read_text())
    assert part["broken"] == []
    assert part["verdict"]["accepted"] > 20
    deaths = part["rounds"]
    assert {name.split(":")[0] for name in deaths} == {"worker", "api", "scheduler", "server"}
    assert sum(count for name, count in deaths.items() if "worker: " in name and "random" not in name) >= 5
