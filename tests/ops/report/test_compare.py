"""Two runs side by side: effect, interval and p, and noise called noise."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import BadRequest
from ops.cli import app
from ops.evals.report.compare import NothingInCommon, compare
from ops.evals.run_form import save_run
from tests.ops.report.runs import Nights, result, run


def test_equal_runs_are_the_same() -> None:
    found = compare(Nights().night(), Nights(made=1).night())
    assert {each.says for each in found.differences} == {"same"}
    assert (found.changes, found.broken, found.fixed, found.cases) == ((), (), (), 150)


def test_a_worse_model_is_worse() -> None:
    found = compare(
        Nights().night(), Nights(made=1, setup={"models": ("other",)}).night(broken=range(20, 60), recall=0.3)
    )
    said = {each.name: each for each in found.differences}
    assert said["passed"].says == said["recall@8"].says == "worse"
    assert said["passed"].low < said["passed"].effect < said["passed"].high < 0
    assert said["passed"].p < 0.001
    assert found.changes == ("models: extractive → other",)
    assert found.broken == tuple(f"c{n}" for n in range(20, 60) if n % 12 != 11)


def test_three_cases_one_way_are_noise_and_seven_are_not() -> None:
    three, seven = (
        {each.name: each for each in compare(Nights().night(), Nights(made=1).night(broken=range(n))).differences}
        for n in (3, 8)
    )
    assert (three["passed"].says, three["passed"].lost) == ("noise", 3)
    assert three["passed"].p == pytest.approx(0.25), "McNemar's"
    assert (seven["passed"].says, seven["passed"].lost) == ("worse", 8)


def test_lower_is_better_where_the_figure_says_so() -> None:
    slow, quick = Nights().night(seconds=2.0), Nights(made=1).night(seconds=1.0)
    said = {each.name: each.says for each in compare(slow, quick).differences}
    assert said["seconds"] == "better"


def test_rewritten_cases_are_left_out_and_counted() -> None:
    before = run([result("a", passed=True), result("b", passed=True)])
    now = run([result("a", passed=True), result("b", passed=False, say=("Otherwise?",)), result("c", passed=True)])
    found = compare(before, now)
    assert (found.cases, found.apart, found.broken) == (1, 2, ())


def test_two_suites_have_nothing_in_common() -> None:
    with pytest.raises(NothingInCommon, match="one suite"):
        compare(run([result("a", passed=True)]), run([result("z", passed=True)]))


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    """By the command, and where a run is saved."""
    one, nowhere = tmp_path / "one.json", tmp_path / "none" / "x.html"
    save_run(Nights().night(), one)
    done = CliRunner().invoke(app, ["eval", "compare", str(one), str(one), "--html", str(nowhere)])
    assert (type(done.exception), "can't be written" in str(done.exception)) == (BadRequest, True)
    with pytest.raises(BadRequest, match="can't be written: No such file or directory"):
        save_run(Nights().night(), nowhere)
