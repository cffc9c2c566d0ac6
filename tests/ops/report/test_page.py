"""The page: whole in one file, safe, readable by everybody, with the worst on top."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ops.evals.report import charts
from ops.evals.report.compare import compare
from ops.evals.report.judging import judge
from ops.evals.report.page import Mark, Report, as_json, compared, page
from tests.browser import chromium
from tests.ops.report.runs import MARKUP, Nights, result, run
from tests.web.desk.test_browser import AXE

__all__ = ["chromium"]

BROKEN = range(60, 66)


@pytest.fixture(scope="module")
def report() -> Report:
    """A bad night after some good ones."""
    nights = Nights(noise=0.05, cases=90)
    before = [nights.night() for _ in range(10)]
    tonight = nights.night(broken=BROKEN)
    past = before[:-8:-1]
    first = judge(tonight, past)
    verdict = judge(tonight, past, nights.again(tonight, first.doubtful, broken=BROKEN))
    marks = [Mark(each.started_at, each.figures, at == 3) for at, each in enumerate(before)]
    return Report(tonight, verdict, past, marks)


def test_it_is_whole_and_asks_nobody(report: Report) -> None:
    html = page(report)
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="(?!#)', html), "no link leads out of it"
    assert 'style="' not in html, "the policy allows one sheet, by its hash"
    assert "default-src 'none'; style-src &#39;sha256-" in html or "style-src 'sha256-" in html.replace("&#39;", "'")
    assert len(html) < 1_000_000


def test_what_a_visitor_or_the_agent_said_is_text(report: Report) -> None:
    assert MARKUP not in page(report)
    assert "&lt;script&gt;document.title" in page(report)


def test_what_used_to_pass_comes_first_with_all_its_evidence(report: Report) -> None:
    html = page(report)
    shown = re.findall(r'<details class="case" id="case-(c\d+)"', html)
    assert set(shown[:6]) == {f"c{n}" for n in BROKEN}
    first = html.split(f'id="case-{shown[0]}"')[1].split('<details class="case"')[0]
    for words in ("lacks ", "Expected", "search_kb", "41 days", "Found by the search", "replay to the byte"):
        assert words in first
    assert f"--site {report.run.site} --case {shown[0]}" in first, "and the command that asks it again"


def test_a_first_night_without_a_fault_is_a_page_too() -> None:
    tonight = run([result("only", passed=True)])
    html = page(Report(tonight, judge(tonight, [])))
    assert "There is no night before" in html
    assert "No case has a fault." in html


def test_what_a_case_lost_stands_with_what_became_worse() -> None:
    nights = Nights()
    before = [nights.night() for _ in range(3)]
    tonight = nights.night(lost=[11])
    verdict = judge(tonight, before, nights.again(tonight, ["c11"], lost=[11]))
    worse = page(Report(tonight, verdict, before)).split('id="fell"')[1].split("</section>")[0]
    assert re.search(r"c11</a>.*had it each night.*lost it.*recall@8", worse)


def test_a_silent_reply_and_empty_parts_are_told() -> None:
    bare = result("bare", passed=False, reply="", tools=(), guards=(), phases={}, expected={}, cited=(), retrieved=())
    html = page(Report(run([bare]), judge(run([bare]), [])))
    assert "(nothing was said)" in html


def test_the_json_says_the_same(report: Report) -> None:
    told = as_json(report)
    assert told["verdict"]["alarming"] is True
    assert {"c60", "c61", "c62"} < set(told["worst"][:6])
    assert len(told["trend"]) == 11
    assert [each["alarming"] for each in told["trend"]].count(True) == 2
    assert told["run"]["id"] == str(report.run.id)


def test_charts_stand_what_has_no_spread() -> None:
    point = charts.Point("01 Nov", 0.0, 0.0, 0.0)
    for drawn in (
        charts.trend("passed", [point, point], str),
        charts.spark("passed", [1.0, 1.0]),
        charts.whisker("passed", 1.0, 1.0, 1.0, 0.0),
        charts.phases({"plan": 0.0}),
        charts.strip([None, 1.0, 0.0]),
    ):
        assert "nan" not in drawn
        assert "aria-label" in drawn


@pytest.fixture(scope="module")
def files(report: Report, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Both pages as somebody gets them."""
    folder = tmp_path_factory.mktemp("reports")
    other = Nights(cases=90, made=30).night(broken=range(20))
    made = {"night.html": page(report), "compared.html": compared(compare(report.nights[0], other))}
    for name, html in made.items():
        (folder / name).write_text(html, encoding="utf-8")
    return [folder / name for name in made]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_the_policy_lets_the_sheet_in(chromium: Browser, files: list[Path], scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    for file in files:
        view = context.new_page()
        view.goto(file.as_uri())
        assert view.evaluate("getComputedStyle(document.querySelector('main')).display") == "grid", "its own sheet"
        view.evaluate(AXE)
        found = view.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]] == []
        view.set_viewport_size({"width": 360, "height": 740})
        assert view.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
