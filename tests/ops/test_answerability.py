"""The judging of "is this answerable?": its questions, its figures, and where the weights come from."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from kb.search.answerable import LIMIT, WEIGHTS, Signals
from ops.demo.content import DOCUMENTS
from ops.evals.answerability import Scored, figures_of
from ops.evals.asked import QUESTIONS, Asked, half_of, load_asked
from ops.evals.calibration import brier, calibration_error, mixed, reliability, roc_auc, share
from ops.evals.cases import CasesUnreadable
from ops.evals.fit_answerable import fitted, limit_of, out_of_fold, saved

ASKED = load_asked()


def test_there_are_questions_enough_in_both_halves_and_none_twice() -> None:
    assert max(Counter(one.text.casefold() for one in ASKED).values()) == 1
    count = Counter((one.group, one.half) for one in ASKED)
    assert min(count.values()) >= 70
    written = yaml.safe_load(QUESTIONS.read_text())
    assert sum(map(len, written["answerable"].values())) >= 150
    assert sum(map(len, written["unanswerable"].values())) >= 80


def test_every_answerable_question_stands_under_a_public_document() -> None:
    index = yaml.safe_load((DOCUMENTS / "index.yaml").read_text())
    assert all("web" in index[name]["channels"] for name in yaml.safe_load(QUESTIONS.read_text())["answerable"])


def test_the_golden_questions_are_never_tuned_on() -> None:
    golden = [
        one for one in ASKED if one.text in {"How long do I have to send something back?", "got any fishing rods"}
    ]
    assert [one.half for one in golden] == ["report", "report"]


def test_the_half_hangs_on_the_question_alone() -> None:
    assert half_of("do u take paypal") == half_of("do u take paypal")
    assert {half_of(str(number)) for number in range(20)} == {"tune", "report"}


def test_questions_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"label": "oos"}\n')
    with pytest.raises(CasesUnreadable):
        load_asked(broken)


def test_figures_on_likelihoods_that_are_known() -> None:
    said, truth, even = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]), np.ones(4)
    assert roc_auc(said, truth) == pytest.approx(0.75)
    assert brier(said, truth, even) == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)
    bins = reliability(said, truth, even)
    assert [(one.low, one.count, one.true) for one in bins] == [
        (0.1, 1, 0.0),
        (0.3, 1, 1.0),
        (0.4, 1, 0.0),
        (0.8, 1, 1.0),
    ]
    assert calibration_error(bins) == pytest.approx((0.1 + 0.65 + 0.4 + 0.2) / 4)


def test_an_interval_holds_the_share_and_narrows_with_more_questions() -> None:
    few, many = share(np.array([True, False] * 10)), share(np.array([True, False] * 1000))
    assert few.low < few.value == 0.5 < few.high
    assert many.high - many.low < few.high - few.low


def test_groups_weigh_as_agreed_whatever_their_sizes() -> None:
    weights = mixed(ASKED)
    own = sum(weight for one, weight in zip(ASKED, weights, strict=True) if one.group == "own")
    assert own / weights.sum() == pytest.approx(0.5)


def test_what_scores_below_the_limit_counts_as_abstained() -> None:
    low, high = LIMIT - 0.01, LIMIT + 0.01
    figures = figures_of(
        [
            Scored(Asked("a", answerable=True, group="own", half="report"), high, None, "", 0.01),
            Scored(Asked("b", answerable=True, group="own", half="report"), low, None, "", 0.01),
            Scored(Asked("c", answerable=False, group="out of scope", half="report"), low, None, "", 0.01),
            Scored(Asked("d", answerable=False, group="near miss", half="report"), high, None, "", 0.01),
        ]
    )
    assert figures["false_abstention"]["value"] == 0.5
    assert figures["abstained"]["out of scope"]["value"] == 1.0
    assert figures["abstained"]["near miss"]["value"] == 0.0


def test_the_committed_weights_and_limit_are_those_that_the_fit_prints() -> None:
    asked, signals = saved()
    assert all(one.half == "tune" for one in asked)
    assert fitted(signals, asked) == WEIGHTS
    assert pytest.approx(limit_of(out_of_fold(signals, asked, 7), asked), abs=0.015) == LIMIT


def test_the_fit_finds_the_signal_that_tells() -> None:
    """Two hundred made-up questions of which only `covered` tells anything."""
    chance = np.random.default_rng(1)
    asked, signals = [], []
    for number in range(200):
        yes = number % 2 == 0
        asked.append(Asked(str(number), yes, "own" if yes else "near miss", "tune"))
        noise = [float(value) for value in chance.random(7)]
        signals.append(Signals(0.7 + 0.3 * noise[0] if yes else 0.3 * noise[0], *noise))
    for weights in fitted(signals, asked).values():
        assert weights[1] == max(weights[1:], key=abs)
