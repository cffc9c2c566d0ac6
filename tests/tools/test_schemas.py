"""What models are told about the tools, and what they may send."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools import create_ticket, get_order, handoff_human
from tools.catalog import TOOLS, named, offered
from tools.tool import ArgumentsRefused, Output, Tool, ToolFailed

from .callers import stranger

SNAPSHOT = Path(__file__).parent / "schemas.json"


def described(tool: Tool) -> dict[str, Any]:
    return {"kind": tool.kind, "description": tool.description, "parameters": tool.parameters()}


def test_the_schemas_are_those_that_were_read_and_agreed() -> None:
    """After a wanted change, write the new ones: python -m tests.tools.test_schemas."""
    assert {tool.name: described(tool) for tool in TOOLS} == json.loads(SNAPSHOT.read_text())


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_schema_is_strict(tool: Tool) -> None:
    schema = tool.parameters()
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])
    assert "$ref" not in json.dumps(schema)
    assert all("default" not in part and part["description"] for part in schema["properties"].values())


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_an_unknown_field_is_refused_by_name(tool: Tool) -> None:
    with pytest.raises(ArgumentsRefused, match="site_id: Extra inputs are not permitted"):
        tool.parse(json.dumps(GOOD[tool.name] | {"site_id": "another"}))


GOOD: dict[str, dict[str, Any]] = {
    "search_kb": {"query": "returns", "top_k": 3},
    "get_order": {"email": "ada@example.com", "order_id": "1042"},
    "create_ticket": {"email": "ada@example.com", "subject": "s", "body": "b", "priority": "low"},
    "handoff_human": {"reason": "r", "transcript_excerpt": ""},
}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("search_kb", {"query": ""}),
        ("search_kb", {"query": "   "}),
        ("search_kb", {"query": "x" * 501}),
        ("search_kb", {"query": 7}),
        ("search_kb", {"query": "nul \x00"}),
        ("search_kb", {"top_k": 0}),
        ("search_kb", {"top_k": 9}),
        ("search_kb", {"top_k": "3"}),
        ("search_kb", {"top_k": True}),
        ("get_order", {"order_id": ""}),
        ("get_order", {"order_id": "1" * 41}),
        ("get_order", {"order_id": "1042\n1043"}),
        ("get_order", {"order_id": "1' OR '1'='1"}),
        ("get_order", {"order_id": 1042}),
        ("get_order", {"email": "not an address"}),
        ("get_order", {"email": "a@b"}),
        ("get_order", {"email": "a@x.example\nBcc: b@x.example"}),
        ("get_order", {"email": "a" * 250 + "@x.example"}),
        ("create_ticket", {"subject": "s" * 201}),
        ("create_ticket", {"subject": ""}),
        ("create_ticket", {"body": "b" * 4001}),
        ("create_ticket", {"priority": "at once"}),
        ("create_ticket", {"email": None}),
        ("handoff_human", {"reason": ""}),
        ("handoff_human", {"reason": "r" * 501}),
        ("handoff_human", {"transcript_excerpt": "t" * 2001}),
    ],
)
def test_what_is_out_of_bounds_is_refused(name: str, changed: dict[str, Any]) -> None:
    tool = named(name)
    assert tool
    tool.parse(json.dumps(GOOD[name]))
    with pytest.raises(ArgumentsRefused, match=f"^{name}: {next(iter(changed))}"):
        tool.parse(json.dumps(GOOD[name] | changed))


@pytest.mark.parametrize(
    "raw",
    ["{", "[]", "null", "7", "[" * 10_000, '{"a":' * 10_000, '{"reason": "\\ud800"}', '{"reason": "\ud800"}'],
    ids=["cut off", "list", "null", "number", "deep list", "deep object", "half a character", "raw half"],
)
def test_garbage_is_refused_in_one_short_sentence(raw: str) -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        handoff_human.TOOL.parse(raw)
    assert len(refused.value.detail) < 300


def test_a_megabyte_is_refused_before_it_is_read() -> None:
    with pytest.raises(ArgumentsRefused, match="too long"):
        handoff_human.TOOL.parse(json.dumps({"reason": "x" * 1_000_000}))


def test_an_unknown_field_can_not_fill_the_refusal() -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        handoff_human.TOOL.parse(json.dumps({"reason": "r", "evil\n" * 5000: 1}))
    assert len(refused.value.detail) < 200
    assert "\n" not in refused.value.detail


def test_the_longest_legal_arguments_are_accepted_in_any_script() -> None:
    case = GOOD["create_ticket"] | {"subject": "日" * 200, "body": "😀" * 4000}
    parsed = create_ticket.TOOL.parse(json.dumps(case))
    assert isinstance(parsed, create_ticket.Case)
    assert len(parsed.body) == 4000


def test_what_may_be_null_may_be_left_out() -> None:
    parsed = get_order.TOOL.parse('{"order_id": "#1042"}')
    assert parsed == get_order.Wanted(email=None, order_id="1042")


def test_an_output_of_the_wrong_shape_is_a_failure() -> None:
    class Other(Output):
        secret: str = "x"

    broken = Tool("broken", "", get_order.Wanted, get_order.OrderAnswer, "reads", lambda *_: Other())
    with pytest.raises(ToolFailed, match="can't be used"):
        broken.perform(stranger(), get_order.Wanted())


def test_only_tools_that_are_switched_on_and_work_are_offered() -> None:
    enabled = ["handoff_human", "get_order", "create_ticket", "no_such_tool"]
    tools = offered(stranger(), enabled, open_circuits={"get_order"})
    assert [tool.name for tool in tools] == ["create_ticket", "handoff_human"]


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps({tool.name: described(tool) for tool in TOOLS}, indent=2) + "\n")
