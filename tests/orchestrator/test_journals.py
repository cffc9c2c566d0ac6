"""Journals of every form that was ever stored: each replays to the byte, and what was unfinished can go on."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from orchestrator import codec
from orchestrator.effects import State
from orchestrator.events import BrainFailed, DeadlinePassed, Phase, Spent, TicketOpened
from orchestrator.machine import step
from orchestrator.replay import compare

Journal = dict[str, Any]


def stored() -> list[Journal]:
    """Every kept journal: `{name, version, events: [[event, effects], …], state}`."""
    files = sorted(Path(__file__).with_name("journals").glob("v*.json"))
    return [journal for file in files for journal in json.loads(file.read_text())]


def named(name: str) -> Journal:
    return next(journal for journal in stored() if journal["name"] == name and journal["version"] == 1)


def history_of(journal: Journal) -> Any:
    version = journal["version"]
    return tuple(
        (codec.load_event(event, version), [codec.upcast(effect, version) for effect in effects])
        for event, effects in journal["events"]
    )


@pytest.mark.parametrize("journal", stored(), ids=lambda journal: f"v{journal['version']}: {journal['name']}")
def test_a_journal_of_any_form_replays_to_the_byte(journal: Journal) -> None:
    final = codec.upcast(journal["state"], journal["version"])
    assert compare(uuid4(), history_of(journal), final) is None


def test_every_form_has_its_journals() -> None:
    assert {journal["version"] for journal in stored()} == set(range(1, codec.VERSION + 1))


def test_a_changed_byte_is_a_difference() -> None:
    journal = named("search and a cited answer")
    journal["events"][3][1][0]["n"] = 7
    difference = compare(uuid4(), history_of(journal), codec.upcast(journal["state"], 1))
    assert difference is not None
    assert (difference.seq, difference.what) == (4, "CallsProposed")


def test_a_turn_that_an_older_form_left_unfinished_goes_on() -> None:
    state = codec.load_state(named("not finished: using a tool")["state"], 1)
    assert state.phase is Phase.USING_TOOL
    state, _ = step(state, DeadlinePassed())
    state, _ = step(state, TicketOpened(1, address_known=True))
    assert state.outcome == "ticketed"


def test_form_1_meant_live_no_money_and_certain() -> None:
    opened, *_, drafted, passed = (event for event, _ in history_of(named("greeting")))
    assert opened.limits.mode == "live"
    assert (opened.settings, opened.prompts) == ("", ())
    assert drafted.spent.cost_micro == 0
    assert passed.confidence == 1.0
    failed = next(event for event, _ in history_of(named("brain down")) if isinstance(event, BrainFailed))
    assert failed.spent == Spent()


def test_form_2_meant_that_people_are_always_there() -> None:
    limits = [event.limits for j in stored() if j["version"] == 2 for event, _ in history_of(j)[:1]]
    assert limits
    assert not any(each.closed for each in limits)


def test_a_form_of_the_future_is_refused_by_name() -> None:
    with pytest.raises(codec.FormUnknown, match="newer than 4"):
        codec.load_event({"type": "DeadlinePassed"}, version=codec.VERSION + 1)
    with pytest.raises(KeyError):
        codec.load_event({"type": "MoonRose"})


def test_today_s_form_comes_back_as_it_is() -> None:
    untouched = codec.dump(State())
    assert codec.upcast(untouched, codec.VERSION) is untouched
