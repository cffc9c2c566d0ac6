"""Marks before a model's text are read and never heard."""

import pytest

from brain.client import Intent
from brain.marks import MarkedText, read_mark

TEXTS = [
    ("ABSTAIN: Not in the documents.", Intent.ABSTAIN, "Not in the documents."),
    ("clarify: Which order?", Intent.CLARIFY, "Which order?"),
    ("**SMALLTALK:**\n\nHello!", Intent.SMALLTALK, "Hello!"),
    ("We ship on Mondays [c1].", Intent.ANSWER, "We ship on Mondays [c1]."),
    ("**Free** delivery [c1].", Intent.ANSWER, "**Free** delivery [c1]."),
    ("Abstaining from fees is free.", Intent.ANSWER, "Abstaining from fees is free."),
    ("A", Intent.ANSWER, "A"),
    ("ABSTAIN:", Intent.ABSTAIN, ""),
]


@pytest.mark.parametrize(("text", "intent", "bare"), TEXTS)
def test_a_mark_is_read_from_a_whole_text(text: str, intent: Intent, bare: str) -> None:
    assert read_mark(text) == (intent, bare)


@pytest.mark.parametrize(("text", "intent", "bare"), TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_mark_is_never_heard_however_the_stream_is_cut(text: str, intent: Intent, bare: str, size: int) -> None:
    heard: list[str] = []
    marked = MarkedText(heard.append)
    for at in range(0, len(text), size):
        marked.add(text[at : at + size])
    assert marked.end() == bare
    assert marked.intent is intent
    assert "".join(heard).strip() == bare


def test_text_that_can_be_no_mark_is_passed_on_at_once() -> None:
    heard: list[str] = []
    MarkedText(heard.append).add("We")
    assert heard == ["We"]
