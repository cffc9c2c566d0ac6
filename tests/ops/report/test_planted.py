"""Faults that are planted in a real demo shop, in short: `make eval-regressions` has all forms, and more nights."""

import pytest

from core.embedded import Addresses
from ops.evals.demo import stage
from ops.evals.golden import GoldenSet, load_set
from ops.evals.plants import PLANTS
from ops.evals.questions import SUITES
from ops.evals.regressions import UNCHANGED, as_json, run_regressions, sampled, told

CASES = {"shipping-pobox", "mat-patch", "club-expire"}


@pytest.fixture(scope="module")
def golden() -> GoldenSet:
    """A few questions that one document alone answers."""
    suite = load_set(SUITES / "demo")
    return suite.model_copy(update={"cases": tuple(one for one in suite.cases if one.id in CASES)})


@pytest.mark.slow
def test_a_deleted_document_and_an_edited_prompt_are_heard_of(committed: Addresses, golden: GoldenSet) -> None:
    stage()
    plants = [one for one in PLANTS if one.name in {"deleted document", "swapped prompt"}]
    tried = list(run_regressions(golden, forms=1, unchanged=2, plants=plants))
    assert [(one.plant, one.brain, one.alarm) for one in tried] == [
        (UNCHANGED, "obedient", False),
        ("swapped prompt", "obedient", True),
        (UNCHANGED, "extractive", False),
        ("deleted document", "extractive", True),
    ]
    assert told(tried)
    assert as_json(tried)[3]["what"].endswith(" is deleted")


def test_a_sample_is_spread_over_the_suite() -> None:
    suite = load_set(SUITES / "demo")
    some = sampled(suite, 20)
    assert len(some.cases) == 20
    assert len({one.tags[0] for one in some.cases}) >= 6
    assert sampled(suite, 0) is suite
    assert sampled(suite, 10_000) is suite
