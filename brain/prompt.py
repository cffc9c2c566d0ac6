"""Builds what a hosted model reads: the prompt files, the talk so far, and tool outputs fenced as data."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Literal

from brain.client import Ask, Said, ToolCall
from brain.untrusted import harmless

FOLDER = Path(__file__).parent / "prompts"
FILES = ("system.md", "plan.md", "draft.md", "feedback.md")
STAFF = "(A person from the team wrote:) "


@dataclass(frozen=True)
class Line:
    """One line of talk, as every chat API knows it."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True)
class Made:
    """A call that was made, with its output as a fenced block."""

    call: ToolCall
    block: str


@dataclass(frozen=True)
class Prompt:
    """A whole prompt in no API's own form: system text, talk, calls of this turn, and a closing remark or ""."""

    system: str
    talk: tuple[Line, ...]
    made: tuple[Made, ...]
    remark: str

    @property
    def chars(self) -> int:
        """Its length, for an estimate of tokens."""
        return sum(map(len, self._parts()))

    @property
    def bytes(self) -> int:
        """Its length on the wire, for the most that it can cost."""
        return sum(len(part.encode("utf-8", "replace")) for part in self._parts())

    def _parts(self) -> list[str]:
        parts = [self.system, self.remark, *(line.text for line in self.talk)]
        return parts + [made.call.arguments + made.block for made in self.made]


def build_prompt(ask: Ask) -> Prompt:
    """The prompt for `ask`. The same ask gives the same prompt, to the byte."""
    key = fence_key(ask)
    system = _system(ask)
    talk = [Line("user", "Earlier in this conversation:\n" + fenced(ask.summary, key))] if ask.summary else []
    talk += map(_line, ask.memory)
    if talk and talk[0].role == "assistant":  # every API wants the visitor to begin
        talk.insert(0, Line("user", "(The conversation so far:)"))
    remark = Template(_file("feedback.md")).safe_substitute(feedback=ask.feedback) if ask.feedback else ""
    made = tuple(Made(outcome.call, fenced(outcome.output, key)) for outcome in ask.outcomes)
    return Prompt(system, tuple(talk), made, remark)


def _system(ask: Ask) -> str:
    """Who the model is and what it is to do now. One that judges, or plays a visitor, is no agent of the site."""
    if ask.step in {"judge", "visit"}:
        return _file(f"{ask.step}.md")
    return Template(_file("system.md")).safe_substitute(site_name=ask.site_name) + "\n" + _file(f"{ask.step}.md")


def fence_key(ask: Ask) -> str:
    """The key of this prompt's fences: a hash over all that it holds, so no text inside can know or contain it."""
    held = [ask.step, ask.site_name, ask.summary, ask.feedback]
    held += [said.text for said in ask.memory]
    held += [outcome.output for outcome in ask.outcomes]
    whole = json.dumps(held)
    key = hashlib.sha256(whole.encode()).hexdigest()[:16]
    while key in whole:
        key = hashlib.sha256(key.encode()).hexdigest()[:16]
    return key


def fenced(text: str, key: str) -> str:
    """`text` between the two lines that mark it as data; without what is hidden in it, or looks like such a line."""
    return f"<<data {key}>>\n{harmless(text)}\n<<end {key}>>"


def prompt_hashes() -> dict[str, str]:
    """Short hash of each prompt file, for the journal."""
    return {name: hashlib.sha256(_file(name).encode()).hexdigest()[:16] for name in FILES}


def _line(said: Said) -> Line:
    if said.role == "visitor":
        return Line("user", said.text)
    return Line("assistant", (STAFF if said.role == "staff" else "") + said.text)


@cache
def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
