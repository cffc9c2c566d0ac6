"""The house stands as the README draws it: imports point down, names are free, rooms are small."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("core", "kb", "tools", "brain", "orchestrator", "web", "ops")
LONGEST = 310  # lines; a room that passes it is more than one thing


def sources() -> list[Path]:
    """Our Python files, without migrations."""
    return [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if "migrations" not in path.parts]


def run(*command: str) -> str:
    """The output of a tool that must succeed."""
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_imports_point_down() -> None:
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    result = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout, "it must have looked"


def test_ruff_finds_nothing() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_mypy_strict_finds_nothing() -> None:
    run("mypy")


def test_no_dependency_ships_one_of_our_names() -> None:
    taken = {name: owners for name, owners in packages_distributions().items() if name in FLOORS}
    assert set(taken) <= set(FLOORS)
    assert all(set(owners) == {"handrail"} for owners in taken.values()), taken


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_thing(path: Path) -> None:
    text = path.read_text()
    assert text.startswith('"""'), "its first line says what it is"
    assert text.count("\n") <= LONGEST


def test_the_path_of_one_message_names_files_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    path = readme.split("## The path of one message")[1].split("\n## ")[0]
    named = re.findall(r"`((?:core|kb|tools|brain|orchestrator|web|ops|wp-widget)/[\w./-]+)`", path)
    assert len(named) >= 12
    assert [name for name in named if not (ROOT / name).exists()] == []
