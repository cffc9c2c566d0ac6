"""Dashboards and alerts name only what exists, in words that Prometheus understands."""

from pathlib import Path

import pytest

from ops.monitoring import Query, alerts, anchors, careless, dashboards, faults, rules
from ops.promql import NotPromql, read
from web.metrics import catalogue

ROOT = Path(__file__).parents[2]
QUERIES = [*dashboards(), *alerts()]
KNOWN = {"up_total": frozenset({"route"}), "size_bucket": frozenset({"le"}), "depth": frozenset({"queue"})}


def test_every_query_can_be_read_and_names_what_exists() -> None:
    assert len(QUERIES) > 70
    known = catalogue()
    assert [fault for query in QUERIES for fault in faults(query, known)] == []


def test_every_figure_is_on_a_dashboard() -> None:
    shown = {name for query in dashboards() for name, _ in read(query.expression).series}
    families = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in catalogue()}
    seen = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in shown}
    assert families - seen == set()


def test_every_alert_leads_to_what_is_to_be_done() -> None:
    page = anchors((ROOT / "docs" / "operations.md").read_text())
    found = [rule for _, rule in rules()]
    assert [fault for rule in found for fault in careless(rule, page)] == []
    assert len({rule["alert"] for rule in found}) == len(found) > 20


@pytest.mark.parametrize(
    "expression",
    [
        "depth",
        "depth > 1 and on (queue) up_total < 2e3",
        'sum by (route) (rate(up_total{route=~"a|b", job!="c"}[5m])) / ignoring (route) group_left sum(up_total)',
        "sum(rate(up_total[5m])) by (route)",
        "histogram_quantile(0.95, sum by (le) (rate(size_bucket[1h30m] offset 1d)))",
        "max_over_time(depth[1h:5m]) - -depth ^ 2",
        'label_replace(depth, "a", "$1", "queue", "(.*)")',
        "topk(3, depth) or vector(0) unless absent(depth)",
        "1 > bool 2",
        "depth # a comment",
        "scalar(depth) + time()",
    ],
)
def test_what_prometheus_understands(expression: str) -> None:
    assert faults_of(expression) == []


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "an expression is missing"),
        ("depth >", "an expression is missing"),
        ("sum(depth", "')' is missing"),
        ("depth)", "should end"),
        ("rate(depth)", "takes a range vector"),
        ("depth[5m]", "a range alone"),
        ("rate(depth[5])", "a duration"),
        ("sum by route (depth)", "'(' is missing"),
        ("depth{queue=chat}", "a matcher"),
        ('depth{queue=~"("}', "no regular expression"),
        ("mean(depth)", "no function 'mean'"),
        ("histogram_quantile(depth, 0.5)", "takes a scalar"),
        ("1 > 2", "compared with 'bool'"),
        ("1 and depth", "takes vectors"),
        ("depth[5m] + 1", "no ranges"),
        ("depth $ 1", "no PromQL"),
        ("topk(depth)", "takes a scalar"),
    ],
)
def test_what_it_refuses(expression: str, why: str) -> None:
    with pytest.raises(NotPromql) as refused:
        read(expression)
    assert why in str(refused.value)


def faults_of(expression: str, shown: str = "") -> list[str]:
    return list(faults(Query("here", expression, frozenset(shown.split())), KNOWN))


@pytest.mark.parametrize(
    ("expression", "shown", "fault"),
    [
        ("depths", "", "here: there is no series 'depths'"),
        ('depth{q="chat"}', "", "here: depth has no label 'q'"),
        ("sum by (q) (depth)", "", "here: none of its series has a label 'q'"),
        ("depth", "q", "here: none of its series has a label 'q'"),
        ('{queue="chat"}', "", "here: character 0: an expression is missing, found '{'"),
    ],
)
def test_what_does_not_exist_is_named(expression: str, shown: str, fault: str) -> None:
    assert faults_of(expression, shown) == [fault]


def test_a_careless_alert_is_told_everything() -> None:
    assert list(careless({"alert": "A", "for": "soon"}, frozenset())) == [
        "A: its severity is none of page, ticket",
        "A: it has no summary",
        "A: its runbook is not in docs/operations.md",
        "A: 'soon' is no duration",
    ]
