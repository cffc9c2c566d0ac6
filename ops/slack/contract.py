"""The Web API's contract as Slack publishes it: methods with scopes, arguments and rates, and the limits of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MESSAGE_BLOCKS, MODAL_BLOCKS = 50, 100
MESSAGE_CHARS = 13_200  # of all blocks; found by trying, and answered with msg_blocks_too_long
TEXT_MAX = 40_000


class Refused(Exception):
    """Slack answers `{"ok": false, "error": …}`."""

    def __init__(self, error: str, **more: Any) -> None:
        """`more` stands beside the error."""
        super().__init__(error)
        self.error, self.more = error, more


@dataclass(frozen=True)
class Method:
    """One method: any of `scopes` will do; `rate` calls a minute, or one a second in each channel."""

    scopes: frozenset[str]
    required: frozenset[str]
    optional: frozenset[str] = field(default_factory=frozenset)
    rate: int = 100
    per_channel: bool = False


def _method(scopes: str, required: str, optional: str = "", **more: Any) -> Method:
    return Method(frozenset(scopes.split()), frozenset(required.split()), frozenset(optional.split()), **more)


_POST = "text blocks thread_ts reply_broadcast unfurl_links unfurl_media metadata mrkdwn"
_PAGE = "oldest latest limit cursor inclusive include_all_metadata"
_HISTORY = "channels:history groups:history im:history"

METHODS = {
    "auth.test": _method("", ""),
    "chat.postMessage": _method("chat:write", "channel", _POST, rate=60, per_channel=True),
    "chat.update": _method("chat:write", "channel ts", "text blocks metadata", rate=50),
    "chat.delete": _method("chat:write", "channel ts", rate=50),
    "chat.postEphemeral": _method("chat:write", "channel user", "text blocks thread_ts", rate=100),
    "views.open": _method("", "trigger_id view"),
    "users.info": _method("users:read", "user"),
    "conversations.info": _method("channels:read groups:read", "channel", rate=50),
    "conversations.history": _method(_HISTORY, "channel", _PAGE, rate=50),
    "conversations.replies": _method(_HISTORY, "channel ts", _PAGE, rate=50),
    "reactions.add": _method("reactions:write", "channel timestamp name", rate=50),
}


def check_call(name: str, args: dict[str, Any], scopes: frozenset[str]) -> Method:
    """The method, if it exists, is allowed, and has the arguments that it needs and none that it does not know."""
    method = METHODS.get(name)
    if method is None:
        raise Refused("unknown_method")
    if method.scopes and not method.scopes & scopes:
        raise Refused("missing_scope", needed=",".join(sorted(method.scopes)), provided=",".join(sorted(scopes)))
    if missing := sorted(name for name in method.required if not args.get(name)):
        raise Refused("invalid_arguments", response_metadata={"messages": [f"missing: {missing}"]})
    if unknown := set(args) - method.required - method.optional:
        raise Refused("invalid_arg_name", response_metadata={"messages": [f"unknown: {sorted(unknown)}"]})
    return method


def check_message(args: dict[str, Any]) -> None:
    """Text and blocks of a message."""
    blocks = args.get("blocks") or []
    if not blocks and not str(args.get("text") or "").strip():
        raise Refused("no_text")
    if len(str(args.get("text") or "")) > TEXT_MAX:
        raise Refused("msg_too_long")
    _check_blocks(blocks, MESSAGE_BLOCKS)
    if sum(len(text["text"]) for text in texts(blocks)) > MESSAGE_CHARS:
        raise Refused("msg_blocks_too_long")


def check_view(view: dict[str, Any]) -> None:
    """A modal."""
    _need(view.get("type") == "modal", "/view/type")
    for name in ("title", "submit", "close"):
        if name in view or name == "title":
            _text(view.get(name), 24, f"/view/{name}", plain=True)
    _need(len(view.get("private_metadata", "")) <= 3_000, "/view/private_metadata")  # noqa: PLR2004
    _need(len(view.get("callback_id", "")) <= 255, "/view/callback_id")  # noqa: PLR2004
    _check_blocks(view.get("blocks") or [], MODAL_BLOCKS)
    asks = any(block["type"] == "input" for block in view["blocks"])
    _need(not asks or "submit" in view, "/view/submit")


def texts(found: Any) -> Iterator[dict[str, Any]]:
    """Every text object in blocks."""
    if isinstance(found, dict):
        if found.get("type") in {"mrkdwn", "plain_text"}:
            yield found
        else:
            for value in found.values():
                yield from texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from texts(value)


def _check_blocks(blocks: list[dict[str, Any]], most: int) -> None:
    _need(len(blocks) <= most, "/blocks")
    names = [block["block_id"] for block in blocks if "block_id" in block]
    _need(len(names) == len(set(names)), "/blocks/block_id")
    for at, block in enumerate(blocks):
        check = BLOCKS.get(block.get("type", ""))
        _need(check is not None, f"/blocks/{at}/type")
        if check is not None:
            check(block, f"/blocks/{at}")


def _section(block: dict[str, Any], place: str) -> None:
    _need("text" in block or block.get("fields"), place)
    if "text" in block:
        _text(block["text"], 3_000, f"{place}/text")
    fields = block.get("fields", [])
    _need(len(fields) <= 10, f"{place}/fields")  # noqa: PLR2004
    for one in fields:
        _text(one, 2_000, f"{place}/fields")


def _header(block: dict[str, Any], place: str) -> None:
    _text(block.get("text"), 150, f"{place}/text", plain=True)


def _context(block: dict[str, Any], place: str) -> None:
    elements = block.get("elements", [])
    _need(1 <= len(elements) <= 10, f"{place}/elements")  # noqa: PLR2004
    for one in elements:
        _text(one, 3_000, f"{place}/elements")


def _actions(block: dict[str, Any], place: str) -> None:
    elements = block.get("elements", [])
    _need(1 <= len(elements) <= 25, f"{place}/elements")  # noqa: PLR2004
    names = [one.get("action_id") for one in elements]
    _need(len(names) == len(set(names)), f"{place}/elements/action_id")
    for one in elements:
        _need(one.get("type") == "button", f"{place}/elements/type")
        _text(one.get("text"), 75, f"{place}/elements/text", plain=True)
        _need(len(one.get("value", "")) <= 2_000, f"{place}/elements/value")  # noqa: PLR2004
        _need(len(one.get("action_id", "")) <= 255, f"{place}/elements/action_id")  # noqa: PLR2004
        _need(len(one.get("url", "")) <= 3_000, f"{place}/elements/url")  # noqa: PLR2004
        _need(one.get("style", "primary") in {"primary", "danger"}, f"{place}/elements/style")


def _input(block: dict[str, Any], place: str) -> None:
    _text(block.get("label"), 2_000, f"{place}/label", plain=True)
    element = block.get("element", {})
    _need(element.get("type") == "plain_text_input", f"{place}/element/type")
    longest = element.get("max_length", 3_000)
    _need(0 < longest <= 3_000, f"{place}/element/max_length")  # noqa: PLR2004
    _need(len(element.get("initial_value", "")) <= longest, f"{place}/element/initial_value")


def _divider(_: dict[str, Any], __: str) -> None:
    """It has nothing."""


BLOCKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "divider": _divider,
}


def _text(found: Any, most: int, place: str, *, plain: bool = False) -> None:
    _need(isinstance(found, dict) and found.get("type") in {"plain_text", "mrkdwn"}, place)
    kind, text = found["type"], found.get("text")
    _need(not plain or kind == "plain_text", f"{place}/type")
    _need(isinstance(text, str) and 1 <= len(text) <= most, f"{place}/text")
    known = {"type", "text", "emoji"} if kind == "plain_text" else {"type", "text", "verbatim"}
    _need(set(found) <= known, place)


def _need(fulfilled: object, place: str) -> None:
    if not fulfilled:
        raise Refused("invalid_blocks", response_metadata={"messages": [f"[ERROR] [json-pointer:{place}]"]})
