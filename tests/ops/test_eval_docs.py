"""docs/evals.md says what is so: its example is a set, and every outcome, kind and figure is in it."""

import re
from pathlib import Path
from typing import get_args

from ops.evals.golden import Expected, Outcome, load_set
from ops.evals.measures import MEASURES
from ops.evals.public_kinds import Kind

DOCS = (Path(__file__).parents[2] / "docs" / "evals.md").read_text(encoding="utf-8")


def test_the_example_is_a_golden_set(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.+?)```", DOCS, re.DOTALL)
    (tmp_path / "set.yaml").write_text(example, encoding="utf-8")
    (case,) = load_set(tmp_path / "set.yaml").cases
    assert case.say[0].expect is not None
    assert case.expect.state is not None


def test_everything_that_can_be_expected_is_described() -> None:
    names = {*Expected.model_fields, *get_args(Outcome), *MEASURES, *(f"import {kind}" for kind in Kind)}
    assert {name for name in names if name not in DOCS} == set()
