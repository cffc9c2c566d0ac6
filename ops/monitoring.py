"""Reads the dashboards and alerts of this folder as Prometheus and Grafana would, and says what is wrong with them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ops.promql import NotPromql, read

OPS = Path(__file__).parent
DASHBOARDS = OPS / "grafana"
ALERTS = OPS / "alerts"
RUNBOOK = re.compile(r"docs/operations\.md#([a-z0-9-]+)")
TEMPLATE = re.compile(r"{{\s*\$labels\.(\w+)\s*[|}]")
LEGEND = re.compile(r"{{\s*(\w+)\s*}}")
DURATION = re.compile(r"(?:\d+[smhdw])+")
SEVERITIES = ("page", "ticket")
ALWAYS = frozenset({"instance", "job", "__name__"})  # Prometheus adds them to whatever it reads

Catalogue = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Query:
    """One expression, where it stands, and the labels that are shown of what it gives."""

    place: str
    expression: str
    shown: frozenset[str] = frozenset()


def dashboards(folder: Path = DASHBOARDS) -> Iterator[Query]:
    """Every query of every panel."""
    for path in sorted(folder.glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                shown = frozenset(LEGEND.findall(target.get("legendFormat", "")))
                yield Query(f"{path.name}: {panel['title']}", target["expr"], shown)


def rules(folder: Path = ALERTS) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every alert, with the file that it stands in."""
    for path in sorted(folder.glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path.name, rule


def alerts(folder: Path = ALERTS) -> Iterator[Query]:
    """Every alert's expression."""
    for name, rule in rules(folder):
        shown = frozenset(TEMPLATE.findall(str(rule.get("annotations", ""))))
        yield Query(f"{name}: {rule['alert']}", rule["expr"], shown)


def faults(query: Query, catalogue: Catalogue) -> Iterator[str]:
    """What is wrong with a query: its language, a series that does not exist, a label that its series do not have."""
    try:
        used = read(query.expression)
    except NotPromql as error:
        yield f"{query.place}: {error}"
        return
    known: set[str] = set(used.made)
    for name, labels in used.series:
        if name not in catalogue:
            yield f"{query.place}: there is no series {name!r}"
            continue
        known |= catalogue[name]
        for label in sorted(labels - catalogue[name] - ALWAYS):
            yield f"{query.place}: {name} has no label {label!r}"
    for label in sorted((used.grouped | query.shown) - known - ALWAYS):
        yield f"{query.place}: none of its series has a label {label!r}"


def careless(rule: Mapping[str, Any], anchors: frozenset[str]) -> Iterator[str]:
    """What an alert lacks for the person who is woken up by it."""
    name, notes = rule["alert"], rule.get("annotations", {})
    if rule.get("labels", {}).get("severity") not in SEVERITIES:
        yield f"{name}: its severity is none of {', '.join(SEVERITIES)}"
    if not notes.get("summary"):
        yield f"{name}: it has no summary"
    found = RUNBOOK.fullmatch(notes.get("runbook_url", ""))
    if found is None or found[1] not in anchors:
        yield f"{name}: its runbook is not in docs/operations.md"
    if not DURATION.fullmatch(str(rule.get("for", "0s"))):
        yield f"{name}: {rule['for']!r} is no duration"


def anchors(page: str) -> frozenset[str]:
    """The places of a page of Markdown that a link can lead to."""
    heads = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return frozenset(re.sub(r"[^a-z0-9 -]", "", head.lower()).strip().replace(" ", "-") for head in heads)
