"""The measures of one case: numbers that mean something for it, under the names that figures have. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ops.evals.golden import Case, Expected
from ops.evals.observed import Conversation, Observed
from ops.evals.retrieval_scores import DEPTH, ndcg, recall
from ops.evals.verdict import guard_faults, says, state_faults, tool_faults
from orchestrator.claims.courtesy import courteous
from orchestrator.evidence import Evidence, cited
from orchestrator.guards import claims, numbers
from orchestrator.guards.asserting import cited_sentences
from orchestrator.guards.draft import DraftText

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measure:
    """How a number is to be read; `deterministic`: a brain that is, gives it again."""

    better: Better = "higher"
    deterministic: bool = True
    share: bool = True  # of 1; else an amount


MEASURES: dict[str, Measure] = {
    # To add one: name it here, and give it in `measures`. docs/evals.md defines each.
    "passed": Measure(),
    "source_cited": Measure(),
    "recall@5": Measure(),
    "recall@10": Measure(),
    "ndcg@10": Measure(),
    "mrr@10": Measure(),
    "citation_precision": Measure(),
    "citation_recall": Measure(),
    "grounded": Measure(),
    "facts": Measure(),
    "tool_choice": Measure(),
    "tool_arguments": Measure(),
    "state": Measure(),
    "forgotten": Measure(),
    "abstained": Measure(),
    "abstained_wrongly": Measure("lower"),
    "guard_caught": Measure(),
    "guard_false_alarm": Measure("lower"),
    "judged": Measure(deterministic=False),
    "judged_spread": Measure("lower", deterministic=False),
    "replayed": Measure(),
    "seconds": Measure("lower", deterministic=False, share=False),
    "input_tokens": Measure("lower", share=False),
    "output_tokens": Measure("lower", share=False),
    "cost_usd": Measure("lower", share=False),
}
REFUSALS = {"abstained", "handed_off", "ticketed", "silent"}


def measures(case: Case, seen: Conversation, *, passed: bool) -> dict[str, float]:
    """Every measure that means something for `case`."""
    last = seen.last
    return {
        "passed": float(passed),
        **dict(_found(case.expect, last)),
        **dict(_written(case.expect, last)),
        **dict(_done(case.expect, seen)),
        **dict(_guarded(case.expect, seen)),
        "replayed": float(all(turn.replays is not False for turn in seen.turns)),
        "seconds": last.seconds,
        "input_tokens": float(sum(turn.tokens[0] for turn in seen.turns)),
        "output_tokens": float(sum(turn.tokens[1] for turn in seen.turns)),
        "cost_usd": sum(turn.cost_micro for turn in seen.turns) / 1e6,
    }


def reciprocal_rank(ranking: Sequence[str], relevant: Mapping[str, float]) -> float:
    """1 over the place of the first that is relevant, 0 where it is not among the first ten."""
    return next((1 / place for place, one in enumerate(ranking[:DEPTH], 1) if one in relevant), 0.0)


def _found(expected: Expected, last: Observed) -> Iterator[tuple[str, float]]:
    if not expected.relevant:
        return
    gains = dict.fromkeys(expected.relevant, 1.0)
    yield "source_cited", float(_cites(expected, last))
    yield "recall@5", recall(last.retrieved[:5], gains)
    yield "recall@10", recall(last.retrieved, gains)
    yield "ndcg@10", ndcg(last.retrieved, gains)
    yield "mrr@10", reciprocal_rank(last.retrieved, gains)


def _cites(expected: Expected, last: Observed) -> bool:
    there = set(last.cited)
    return (not expected.sources or bool(there & set(expected.sources))) and there >= set(expected.all_sources)


def _written(expected: Expected, last: Observed) -> Iterator[tuple[str, float]]:
    facts = [says(fact, last.reply) for fact in expected.must]
    facts += [not says(fact, last.reply) for fact in expected.must_not]
    if facts:
        yield "facts", sum(facts) / len(facts)
    if expected.abstains is True:
        yield "abstained", float(last.outcome in REFUSALS)
    elif expected.abstains is False:
        yield "abstained_wrongly", float(last.outcome in REFUSALS)
    if last.draft is not None and last.draft.intent == "answer":
        yield from _cited(last.draft.text, last.evidence)


def _cited(draft: str, evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Each sentence held against its own passages, each passage against its sentence, and all against all."""
    asserted = [(said, ids) for said, ids in cited_sentences(draft) if not courteous(said) and not said.endswith("?")]
    if not asserted:
        return
    own = [(said, ids) for said, ids in asserted if ids or not _told_by_tool(said, evidence)]
    if evidence.snippets and own:
        yield "citation_recall", _share([bool(ids) and _borne(said, ids, evidence) for said, ids in own])
        pairs = [
            _borne(said, (each,), evidence) or _needed(said, ids, each, evidence) for said, ids in own for each in ids
        ]
        if pairs:
            yield "citation_precision", _share(pairs)
    every = tuple(evidence.snippets)
    yield "grounded", _share([_told_by_tool(said, evidence) or _borne(said, every, evidence) for said, _ in asserted])


def _borne(said: str, ids: Sequence[str], evidence: Evidence) -> bool:
    """True where these passages bear out the sentence, by the checker that guards answers."""
    if not ids:
        return False
    marked = DraftText(f"{said} " + " ".join(f"[{each}]" for each in ids), "answer")
    return claims.check(marked, evidence).passed and numbers.check(marked, evidence).passed


def _needed(said: str, ids: Sequence[str], one: str, evidence: Evidence) -> bool:
    """True for a passage without which the others do not bear out what all of them do."""
    others = tuple(each for each in ids if each != one)
    return _borne(said, ids, evidence) and not _borne(said, others, evidence)


def _told_by_tool(said: str, evidence: Evidence) -> bool:
    """True where a tool's result, not a passage, is what the sentence rests on."""
    if not evidence.results or cited(said):
        return False
    bare = Evidence(results=evidence.results, visitor=evidence.visitor)
    return numbers.check(DraftText(said, "answer"), bare).passed


def _done(expected: Expected, seen: Conversation) -> Iterator[tuple[str, float]]:
    if expected.tools is not None or expected.tools_not:
        names = {use.name for use in seen.tools}
        wanted = {wish.name for wish in expected.tools or ()}
        yield "tool_choice", float(wanted <= names and not names & set(expected.tools_not))
    if expected.tools:
        lacking = len([fault for fault in tool_faults(expected, seen.tools) if fault.startswith("does not call")])
        yield "tool_arguments", 1 - lacking / len(expected.tools)
    if expected.state is not None:
        yield "state", float(not list(state_faults(expected.state, seen.last.state)))
    if expected.kept_not:
        yield "forgotten", _share([value not in seen.last.state.kept for value in expected.kept_not])


def _guarded(expected: Expected, seen: Conversation) -> Iterator[tuple[str, float]]:
    if expected.guards is None:
        return
    objected = {said.guard for said in seen.guards if not said.passed}
    if expected.guards.trips:
        yield "guard_caught", _share([guard in objected for guard in expected.guards.trips])
    if expected.guards.quiet:
        quiet = expected.model_copy(update={"guards": expected.guards.model_copy(update={"trips": ()})})
        yield "guard_false_alarm", float(any(guard_faults(quiet, seen.guards)))


def _share(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks)
