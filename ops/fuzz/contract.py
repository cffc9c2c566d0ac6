"""The contract as schemathesis is given it: the same, with the ids that exist here beside those that could."""

from typing import Any

from ops.fuzz.house import SITE

Json = dict[str, Any]


def narrowed(contract: Json, ids: dict[str, list[str]]) -> Json:
    """`contract` with the site in place of any site, and `ids` (by the field's name) beside whatever else is possible.

    Made-up ids name nothing: without these nearly every call would end in a 404.
    """
    found: Any = _walk(contract, ids | {"site_id": []})
    return dict(found)


def _walk(part: Any, ids: dict[str, list[str]]) -> Any:
    if isinstance(part, list):
        return [_walk(each, ids) for each in part]
    if not isinstance(part, dict):
        return part
    walked = {name: _walk(each, ids) for name, each in part.items()}
    if part.get("in") == "path" and part.get("name") in ids:
        walked["schema"] = _known(part["name"], part["schema"], ids)
    if isinstance(part.get("properties"), dict):
        known = {name: _known(name, each, ids) for name, each in part["properties"].items() if name in ids}
        walked["properties"] = walked["properties"] | known
    return walked


def _known(name: str, schema: Json, ids: dict[str, list[str]]) -> Json:
    if name == "site_id":
        return {"type": "string", "enum": [SITE]}
    return {"anyOf": [{"type": "string", "enum": ids[name]}, schema]}
