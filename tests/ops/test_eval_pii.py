"""The evaluation of personal data: it meets its aims on what the repository holds, and takes files of other forms."""

import json
from pathlib import Path

import pytest

from core.privacy.found import Found
from ops.evals.cases import CasesUnreadable
from ops.evals.order_sentences import order_sentences
from ops.evals.pii import as_plain, judge, run_pii
from ops.evals.pii_texts import Text, our_texts, read_texts

CARD = "Charge 4111111111111111 please"
LABEL = {"entity_type": "CREDIT_CARD", "start_position": 7, "end_position": 23}


def test_our_own_texts_meet_the_aims_but_for_the_clock() -> None:
    for half in ("develop", "held"):
        figures = as_plain(judge(text for text in our_texts() if text.half == half))
        assert figures["f1"] >= 0.95
        assert figures["leaked"] == {"card": 0, "ssn": 0, "iban": 0}
        assert figures["hit_share"] <= 0.01


@pytest.mark.parametrize(
    "written",
    [
        json.dumps([{"full_text": CARD, "spans": [LABEL]}]),
        json.dumps({"text": CARD, "spans": [{"label": "credit_card", "start": 7, "end": 23}]}) + "\n\n",
    ],
)
def test_labelled_texts_in_known_forms(tmp_path: Path, written: str) -> None:
    (tmp_path / "texts").write_text(written)
    assert read_texts(tmp_path / "texts") == [Text(CARD, (Found("card", 7, 23),))]
    assert judge(read_texts(tmp_path / "texts")).total.f1 == 1.0


def test_what_is_missed_leaked_and_extra_is_counted() -> None:
    label = Found("card", 0, 16)
    figures = judge(
        [Text("4111111111111112", (label,)), Text("078-05-1120", ()), Text(CARD, None), Text("order 5", None)]
    )
    assert figures.leaked == {"card": 1}
    assert (figures.by_kind["card"].missed, figures.by_kind["ssn"].extra) == (1, 1)
    assert (figures.unlabelled, figures.hit) == (2, 1)
    assert not figures.good
    assert len(figures.faults) == 3


@pytest.mark.parametrize(
    "written", ["[", "{}", '{"text": 5}', '{"text": "x", "spans": [{"label": "CARD"}]}', '["\\ud800"', "5"]
)
def test_another_form_is_refused_with_the_file_s_name(tmp_path: Path, written: str) -> None:
    (tmp_path / "bad.jsonl").write_text(written)
    with pytest.raises(CasesUnreadable, match=r"bad\.jsonl"):
        read_texts(tmp_path / "bad.jsonl")
    with pytest.raises(CasesUnreadable, match=r"none\.json"):
        read_texts(tmp_path / "none.json")


def test_the_command_prints_both_halves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "orders.json").write_text(json.dumps(order_sentences(20, seed=3)))
    run_pii([tmp_path / "orders.json"], as_json=True)
    assert set(json.loads(capsys.readouterr().out)) == {"develop", "held"}
    run_pii([tmp_path / "orders.json"], show=True)
    assert "held" in capsys.readouterr().out


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert order_sentences(50) == order_sentences(50)
    assert order_sentences(50) != order_sentences(50, seed=8)
