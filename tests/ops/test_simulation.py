"""Played visitors: their form, what they say next, and one of each kind at a whole Handrail."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brain.client import Ask, BrainTimeout, Reply
from ops.simulation.minds import Played, Scripted, reached
from ops.simulation.persona import Persona, VisitorsUnreadable, load_visitors, mannered

ROOT = Path(__file__).resolve().parents[2]
ASKS_FOR_NUMBER = "What is your order number?"


def persona(**more: object) -> Persona:
    given = {
        "id": "kim",
        "goal": "find the parcel",
        "facts": {"order": "10231"},
        "opens": ["Where is my parcel?"],
        "answers": [{"hears": "order number", "says": "It is $order."}],
        "otherwise": ["Hello?"],
        "satisfied": ["NP1"],
        "expect": {},
    }
    return Persona.model_validate(given | more)


def test_a_script_answers_what_it_hears_and_says_each_line_once() -> None:
    mind = Scripted(persona())
    assert mind.opening() == "Where is my parcel?"
    replies = [ASKS_FOR_NUMBER]
    assert mind.next(replies) == "It is 10231."
    replies.append(ASKS_FOR_NUMBER)
    assert mind.next(replies) == "Hello?"
    replies.append(ASKS_FOR_NUMBER)
    assert mind.next(replies) is None


def test_who_heard_what_they_came_for_goes() -> None:
    mind = Scripted(persona())
    mind.opening()
    assert mind.next(["It travels as NP1."]) is None
    assert reached(persona(), ["It travels as NP1."])
    assert not reached(persona(), ["It travels as NP12."])
    assert not reached(persona(satisfied=[]), ["anything"])


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        ("plain", "What are you doing to help, please."),
        ("polite", "What are you doing to help, please. Thank you very much in advance."),
        ("terse", "what are you doing to help, please"),
        ("sms", "What r u doing 2 help, pls"),
    ],
)
def test_manners_change_the_words(manners: str, said: str) -> None:
    assert mannered("What are you doing to help, please.", manners) == said  # type: ignore[arg-type]
    assert mannered("Ask kim@x.example to call 2", "sms") == "Ask kim@x.example 2 call 2"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- {id: a, goal: g, opens: hi, expect: {}, color: red}", "color"),
        ("- {id: a, goal: g, opens: 'it is $order', expect: {}}", "no such fact"),
        ("- {id: a, goal: g, opens: hi, answers: [{hears: '(', says: x}], expect: {}}", "no regular expression"),
        (
            "- {id: a, goal: g, opens: hi, expect: {}}\n- {id: a, goal: g, opens: hi, expect: {}}",
            "a stands there twice",
        ),
        ("[]", "nobody"),
        ("- {id: a, goal: g, opens: [], expect: {}}", "opens"),
        ("{", "while parsing"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "visitors.yaml"
    path.write_text(text)
    with pytest.raises(VisitorsUnreadable, match=fault):
        load_visitors(path)


class Playing:
    """A brain that says what it was given, and keeps what it was asked."""

    name = "fake"

    def __init__(self, *texts: str) -> None:
        self.texts, self.asked = list(texts), list[Ask]()

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        self.asked.append(ask)
        if not self.texts:
            raise BrainTimeout
        return Reply(self.texts.pop(0))


def test_a_model_plays_the_visitor_from_its_part() -> None:
    brain = Playing("It's 10231!", "LEAVES")
    mind = Played(persona(), brain)
    assert mind.opening() == "Where is my parcel?"
    assert mind.next([ASKS_FOR_NUMBER]) == "It's 10231!"
    assert mind.next([ASKS_FOR_NUMBER, "Not found."]) is None
    said = [(line.role, line.text) for line in brain.asked[1].memory]
    assert said == [
        ("agent", "Where is my parcel?"),
        ("visitor", ASKS_FOR_NUMBER),
        ("agent", "It's 10231!"),
        ("visitor", "Not found."),
    ]
    assert json.loads(brain.asked[0].outcomes[0].output)["facts"] == {"order": "10231"}
    assert Played(persona(), Playing()).next(["?"]) is None  # nobody to ask: the visitor goes


@pytest.mark.slow
def test_visitors_reach_a_whole_handrail_by_its_own_doors(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "ops.cli", "simulate", "--only", "short", "--json", str(found)]
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    env = kept | {"HANDRAIL_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=240)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    told = {one["visitor"]: one for one in json.loads(found.read_text())}
    assert told["where-is-my-parcel"]["ended"] == "satisfied"
    assert told["gives-up-on-jobs"]["ended"] == "person"
