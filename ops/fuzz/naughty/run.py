"""Send the strings through every field, and judge each answer: no error of ours, nothing active in a page, words kept.

A field is tried with all strings, or with every `step`-th of them from another one on, so that together the fields see
them all.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx2
import lxml.html

from ops.fuzz.house import House

LEADING = frozenset({"href", "src", "action", "formaction", "xlink:href"})
STRINGS = Path(__file__).with_name("strings.json")
BOUNDARIES = (
    "\x00",
    "a\x00b",
    "a" * 5_000,
    "﷽" * 100,
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "{{7*7}}",
    "\r\nSet-Cookie: a=b",
)


@dataclass(frozen=True)
class Field:
    """One text field of one door: `send` puts a string into it; `away` is true where 503 is an honest answer."""

    name: str
    send: Callable[[str], httpx2.Response]


@dataclass
class Tried:
    """What came of it."""

    sent: int = 0
    fields: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.sent} strings through {self.fields} fields in {self.seconds:.0f} s"
        yield "Answers: " + ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        yield from (f"! {fault}" for fault in self.faults)
        yield f"{len(self.faults)} faults."


def strings() -> list[str]:
    """The list, and some that it lacks."""
    found: list[str] = json.loads(STRINGS.read_text())
    return [*found, *BOUNDARIES]


def try_fields(house: House, fields: list[Field], step: int = 1) -> Tried:
    """Send them. `house` only says that it must be running."""
    del house
    tried, began, all_strings = Tried(fields=len(fields)), time.monotonic(), strings()
    for n, one in enumerate(fields):
        for text in all_strings[n % step :: step]:
            response = one.send(text)
            tried.sent += 1
            tried.statuses[response.status_code] += 1
            tried.faults += [f"{one.name} {text[:60]!r}: {what}" for what in judged(response)]
    tried.seconds = time.monotonic() - began
    return tried


def judged(response: httpx2.Response) -> Iterator[str]:
    """What is wrong with an answer to whatever was sent."""
    status, kind = response.status_code, response.headers.get("content-type", "")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield f"{status} {response.text[:300]}"
    if kind.startswith("application/json") and status >= HTTPStatus.BAD_REQUEST:
        body = response.json()
        if not (isinstance(body, dict) and body.get("error") and body.get("detail")):
            yield f"{status} without a reason: {response.text[:200]}"
    if kind.startswith("text/html"):
        yield from (f"active in the page: {what}" for what in active(response.text))


def active(html: str) -> Iterator[str]:
    """What in a page could act, and is not our own: scripts, handlers, frames, addresses that run."""
    if not html.strip():
        return
    for element in lxml.html.document_fromstring(html.encode("utf-8", "replace"), ensure_head_body=True).iter("*"):
        name, attributes = str(element.tag).lower(), element.attrib
        ours = name == "script" and attributes.get("src", "").startswith("/desk/static/") and not element.text
        if (name == "script" and not ours) or name in {"iframe", "object", "embed", "base", "img", "svg", "math"}:
            yield f"<{name}>"
        for attribute, value in ((str(one), str(given)) for one, given in attributes.items()):
            runs = attribute in LEADING and value.strip().lower().startswith(("javascript:", "data:text"))
            if attribute.startswith("on") or runs:
                yield f"<{name} {attribute}={value[:60]!r}>"
