"""The conversation that the fake models play where nothing is wrong: search once, then answer with a citation."""

from typing import Any

QUESTION = "How long can I return it?"
SEARCH: dict[str, Any] = {"query": "How long can I return it?"}
ANSWER = "You can bring it back within 60 days [c7]. Please keep the receipt [c7]."
PASSAGE: dict[str, object] = {
    "id": "c7",
    "doc_id": "d1",
    "title": "Returns",
    "section": "Window",
    "url": "/returns/",
    "text": "You can bring it back within 60 days. Please keep the receipt. " * 60,
    "score": 0.9,
}
