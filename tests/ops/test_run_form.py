"""The form of a run: what goes out comes back, and what is no run is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ops.evals.run_form import Run, RunUnreadable, load_run, read_run, save_run

RUN: dict[str, Any] = {
    "form": 1,
    "id": str(UUID(int=7)),
    "suite": "demo",
    "site": "demo",
    "started_at": datetime(2026, 11, 22, 3, tzinfo=UTC).isoformat(),
    "seconds": 12.5,
    "setup": {
        "brain": "extractive",
        "models": ["extractive"],
        "prompts": {"plan": "0f"},
        "settings": "ab",
        "kb_version": 3,
        "version": "0.5.0",
        "repeats": 1,
    },
    "figures": {"passed": {"value": 1.0, "low": 0.5, "high": 1.0, "n": 1, "better": "higher", "deterministic": True}},
    "by_tag": {},
    "results": [
        {
            "case": "a",
            "repeat": 0,
            "passed": True,
            "say": ["hi"],
            "reply": "hello",
            "outcome": "answered",
            "tools": [{"name": "search_kb", "arguments": {"query": "hi"}, "ok": True}],
            "guards": [{"guard": "pii", "passed": True}],
            "measures": {"recall@10": 1.0},
            "tokens": [3, 4],
            "turn_id": str(UUID(int=9)),
            "replay": "same",
        }
    ],
}


def test_what_goes_out_comes_back(tmp_path: Path) -> None:
    run = read_run(RUN)
    save_run(run, tmp_path / "run.json")
    assert load_run(tmp_path / "run.json") == run
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json"]


def changed(**fields: Any) -> dict[str, Any]:
    return {**RUN, **fields}


FIGURE = RUN["figures"]["passed"]
RESULT = RUN["results"][0]
WRONG = {
    "another form": changed(form=2),
    "not a number": changed(figures={"passed": {**FIGURE, "value": float("nan")}}),
    "without end": changed(figures={"passed": {**FIGURE, "high": float("inf")}}),
    "an interval backwards": changed(figures={"passed": {**FIGURE, "low": 2.0}}),
    "over nothing": changed(figures={"passed": {**FIGURE, "n": 0}}),
    "passed with faults": changed(results=[{**RESULT, "faults": ["x"]}]),
    "a measure that is no number": changed(results=[{**RESULT, "measures": {"x": float("nan")}}]),
    "a case twice": changed(results=[RESULT, RESULT]),
    "no time zone": changed(started_at="2026-11-22T03:00:00"),
    "an unknown field": changed(mood="good"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_run_is_refused(name: str) -> None:
    with pytest.raises(RunUnreadable):
        read_run(WRONG[name])


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", json.dumps(RUN)[:-5]])
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunUnreadable, match=r"run\.json"):
        load_run(tmp_path / "run.json")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunUnreadable, match="can't be read"):
        load_run(tmp_path / "none.json")


def test_the_form_is_what_other_parts_build_on() -> None:
    assert set(Run.model_fields) == {*RUN}
