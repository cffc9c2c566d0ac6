"""Measures and figures: what each number means, and that the same results give the same ones."""

from dataclasses import replace
from typing import Any

import pytest

from ops.evals.figures import by_tag, figures_of, interval, pass_hat, per_case
from ops.evals.golden import Case, read_case
from ops.evals.measures import MEASURES, measures, reciprocal_rank
from ops.evals.observed import Conversation, Observed, State
from ops.evals.retrieval_scores import ndcg, recall
from ops.evals.run_form import GuardSaid, Result, ToolUse
from orchestrator.evidence import Evidence, Snippet
from orchestrator.guards.draft import DraftText

PASSAGE = Snippet("c1", "d", "Returns", "", "", "You have 60 days to send an item back. The label costs £3.95.")
OTHER = Snippet("c2", "e", "Opening hours", "", "", "The shop in Glasgow opens at 10:00 on Monday.")
SEEN = Observed(
    reply="You have 60 days to send an item back.",
    outcome="answered",
    state=State("bot", "en"),
    seconds=0.25,
    cited=("returns.md",),
    retrieved=("faq.md", "returns.md"),
    evidence=Evidence({"c1": PASSAGE, "c2": OTHER}),
    draft=DraftText("You have 60 days to send an item back. [c1]", "answer"),
    tokens=(100, 20),
    cost_micro=1500,
)


def case(**expect: Any) -> Case:
    return read_case({"id": "a", "say": ["x"], "expect": expect})


def measured(seen: Observed = SEEN, **expect: Any) -> dict[str, float]:
    return measures(case(**expect), Conversation([seen]), passed=True)


def drafted(text: str, evidence: Evidence = SEEN.evidence) -> dict[str, float]:
    return measured(replace(SEEN, draft=DraftText(text, "answer"), evidence=evidence))


def test_a_measure_is_there_only_where_it_means_something() -> None:
    assert set(measured(replace(SEEN, draft=None))) == {
        *("passed", "replayed", "seconds", "input_tokens", "output_tokens", "cost_usd")
    }
    assert set(measured(sources=["returns.md"])) <= set(MEASURES)


def test_what_the_search_found_is_measured_by_document() -> None:
    found = measured(sources=["returns.md"], all_sources=["shipping.html"])
    assert (found["source_cited"], found["recall@5"], found["mrr@10"]) == (0.0, 0.5, 0.5)
    assert found["ndcg@10"] == pytest.approx((1 / 1.58496) / (1 + 1 / 1.58496), abs=1e-4)
    assert measured(sources=["returns.md", "faq.md"])["ndcg@10"] == 1.0


def test_the_ranking_scores_are_those_of_the_textbook() -> None:
    ranking = ["x", "a", "b"]
    assert recall(ranking, {"a": 1, "z": 1}) == 0.5
    assert ndcg(["a"], {"a": 1}) == 1.0
    assert ndcg(["x"], {"a": 1}) == 0.0
    assert [reciprocal_rank(ranking, {key: 1.0}) for key in ("x", "a", "q")] == [1.0, 0.5, 0.0]
    assert reciprocal_rank([*map(str, range(10)), "a"], {"a": 1.0}) == 0.0


CITED = {
    "borne out by its own passage": ("You have 60 days to send an item back. [c1]", (1.0, 1.0, 1.0)),
    "borne out by another one": ("You have 60 days to send an item back. [c2]", (0.0, 0.0, 1.0)),
    "with one passage too many": ("You have 60 days to send an item back [c1] [c2].", (1.0, 0.5, 1.0)),
    "without any passage": ("You have 60 days to send an item back.", (0.0, None, 1.0)),
    "in no passage": ("You have 90 days to send an item back. [c1]", (0.0, 0.0, 0.0)),
    "half of it": ("You have 60 days to send an item back. [c1] The shop sells 400 canoes. [c1]", (0.5, 0.5, 0.5)),
}


@pytest.mark.parametrize("name", CITED)
def test_each_sentence_is_held_against_what_it_cites(name: str) -> None:
    text, (recalled, precise, grounded) = CITED[name]
    found = drafted(text)
    assert (found["citation_recall"], found.get("citation_precision"), found["grounded"]) == (
        recalled,
        precise,
        grounded,
    )


def test_courtesies_claim_nothing_and_a_tool_speaks_for_an_order() -> None:
    assert "grounded" not in drafted("Can I help you with anything else?")
    order = Evidence(results=('{"outcome": "found", "orders": [{"number": "10236", "total": "489.00"}]}',))
    found = drafted("Order 10236 comes to 489.00.", order)
    assert (found["grounded"], "citation_recall" in found) == (1.0, False)
    assert drafted("Order 10236 comes to 512.00.", order)["grounded"] == 0.0


def test_facts_tools_state_and_abstention() -> None:
    assert measured(must=["60 days", "free"], must_not=["14 days"])["facts"] == pytest.approx(2 / 3)
    wrong = [{"name": "search_kb"}, {"name": "get_order", "arguments": {"order_id": "2"}}]
    uses = (ToolUse(name="search_kb", arguments={}, ok=True), ToolUse(name="get_order", arguments={}, ok=True))
    found = measured(replace(SEEN, tools=uses), tools=wrong)
    assert (found["tool_choice"], found["tool_arguments"]) == (1.0, 0.5)
    assert measured(tools=wrong)["tool_choice"] == 0.0
    assert measured(state={"status": "waiting"})["state"] == 0.0
    assert measured(outcome="abstained")["abstained"] == 0.0
    assert measured(replace(SEEN, outcome="abstained"), outcome="answered")["abstained_wrongly"] == 1.0
    assert "abstained" not in measured(outcome=["answered", "abstained"])


def test_guards_caught_and_false_alarms() -> None:
    loud = replace(SEEN, guards=(GuardSaid(guard="injection", passed=False),))
    assert measured(loud, guards={"trips": ["injection", "content"]})["guard_caught"] == 0.5
    assert measured(loud, guards={"quiet": "all"})["guard_false_alarm"] == 1.0
    assert measured(guards={"quiet": "all"})["guard_false_alarm"] == 0.0


def result(name: str, *, passed: bool, repeat: int = 0, tags: tuple[str, ...] = (), **more: float) -> Result:
    return Result(
        case=name,
        repeat=repeat,
        tags=tags,
        passed=passed,
        say=("x",),
        reply="",
        outcome="answered",
        measures={"passed": float(passed), **more},
        phases={"plan": 0.1 * (repeat + 1)},
    )


def test_a_case_counts_once_however_often_it_is_played() -> None:
    results = [result("a", passed=True), result("a", passed=False, repeat=1), result("b", passed=True)]
    assert per_case(results, "passed") == [0.5, 1.0]
    assert figures_of(results)["passed"].n == 2


@pytest.mark.parametrize(
    ("passed", "repeats", "k", "chance"),
    [(4, 4, 4, 1.0), (3, 4, 2, 0.5), (1, 4, 2, 0.0), (2, 4, 1, 0.5), (0, 3, 1, 0.0)],
)
def test_pass_k_is_the_chance_that_k_draws_all_pass(passed: int, repeats: int, k: int, chance: float) -> None:
    assert pass_hat(passed, repeats, k) == chance


def test_pass_k_falls_with_k() -> None:
    marks = [(True, True, True), (True, False, True), (False, False, False)]
    results = [
        result(str(n), passed=mark, repeat=repeat) for n, some in enumerate(marks) for repeat, mark in enumerate(some)
    ]
    figures = figures_of(results)
    assert [figures[name].value for name in ("passed", "pass^2", "pass^3")] == pytest.approx([5 / 9, 4 / 9, 1 / 3])


def test_the_same_results_give_the_same_figures() -> None:
    results = [result(str(n), passed=n % 3 > 0, tags=("odd",) if n % 2 else (), seconds=n / 7) for n in range(40)]
    assert figures_of(results) == figures_of(list(reversed(results)))
    assert by_tag(results)["odd"]["passed"].n == 20


def test_no_spread_is_no_certainty() -> None:
    low, high = interval([1.0] * 10)
    assert low < 0.75
    assert high == pytest.approx(1.0)
    assert interval([0.0] * 10)[1] > 0.25


def test_amounts_are_no_shares() -> None:
    figures = figures_of([result(str(n), passed=True, cost_usd=0.0, input_tokens=0.0) for n in range(5)])
    assert (figures["cost_usd"].low, figures["cost_usd"].high) == (0.0, 0.0)


def test_with_a_model_nothing_that_it_can_change_is_called_deterministic() -> None:
    results = [result("a", passed=True, seconds=0.1)]
    assert figures_of(results)["passed"].deterministic
    assert not figures_of(results)["seconds"].deterministic
    assert not figures_of(results, model=True)["passed"].deterministic


def test_every_figure_lies_within_its_interval() -> None:
    results = [result(str(n), passed=n % 5 > 0, seconds=n**2 / 100) for n in range(23)]
    assert all(one.low <= one.value <= one.high for one in figures_of(results).values())
