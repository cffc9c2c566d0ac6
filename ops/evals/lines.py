"""YAML that knows on which line each of its values stands, and refuses a key that stands twice."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 10_000_000


@dataclass(frozen=True)
class Lined:
    """What a file holds, and the tree that knows its lines."""

    value: Any
    node: yaml.Node

    def line_of(self, path: Sequence[int | str]) -> int:
        """The line, from 1, of the value under `path`, or of the nearest one above it."""
        node = self.node
        for part in path:
            below = _below(node, part)
            if below is not None:
                node = below
        return int(node.start_mark.line) + 1


class _Once(yaml.SafeLoader):
    """Refuses a key that stands twice: the first of them would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.value != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_lined(path: Path) -> Lined:
    """The YAML file at `path`. Raises ValueError, with file and line, where it can't be read or is no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: save it as that.") from error
    if len(text) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB: split it.")
    return _parsed(text, path)


def _parsed(text: str, path: Path) -> Lined:
    try:
        loader = _Once(text)
        node = loader.get_single_node()
        if node is None:
            raise ValueError(f"{path} is empty.")
        return Lined(loader.construct_document(node), node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ValueError(f"{path}:{mark.line + 1 if mark else 1}: {error.problem or error}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{path} is no YAML that can be read: {error}") from error


def _below(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    return None
