"""The conversation that the fake models play where nothing is wrong: search once, then answer with a citation."""

from typing import Any

from tools.search_kb import Passage, Passages

QUESTION = "How long can I return it?"
SEARCH: dict[str, Any] = {"query": "How long can I return it?"}
ANSWER = "You can bring it back within 60 days [c7]. Please keep the receipt [c7]."
PASSAGE = Passage(
    id="c7",
    doc_id="d1",
    title="Returns",
    section="Window",
    url="/returns/",
    text="You can bring it back within 60 days. Please keep the receipt. " * 60,
    page=None,
    score=0.9,
    updated_at=None,
)
FOUND = Passages(snippets=(PASSAGE,), answerable=0.9)
