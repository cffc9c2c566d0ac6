"""What a brain reads of a tool's result."""

import pytest

from orchestrator.events import ToolReturned
from orchestrator.history import outcomes_of

RUN = {"type": "RunTool", "n": 1, "call": {"id": "1.1", "tool": "search_kb", "arguments": "{}"}}
PASSAGE = '{"id":"c1","text":"Größe 9.90 €","page":2,"score":0.5'


def read(output: str) -> str:
    [outcome] = outcomes_of([(ToolReturned(0, "{}"), [RUN]), (ToolReturned(1, output), [])])
    return outcome.output


@pytest.mark.parametrize(
    "output",
    [f'{{"snippets": [{PASSAGE}}}], "answerable":0.90}}', '{"snippets":[],"answerable":0}', '{"outcome": "found"}'],
)
def test_a_result_from_before_places_were_kept_stays_as_it_is_to_the_byte(output: str) -> None:
    assert read(output) == output


def test_where_a_passage_stands_is_not_told() -> None:
    output = f'{{"snippets":[{PASSAGE},"start":7,"places":[[0,2,"a"]]}}],"answerable":0.9}}'
    assert read(output) == f'{{"snippets":[{PASSAGE}}}],"answerable":0.9}}'
