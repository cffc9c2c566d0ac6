"""A played visitor: what they want and know, how they speak, when they give up. docs/simulation.md has the form."""

import re
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from core.errors import BadRequest
from ops.evals.golden import NAME, Expected, Facts

OURS = Path(__file__).with_name("visitors.yaml")

Manners = Literal["plain", "polite", "terse", "angry", "sms"]


class VisitorsUnreadable(BadRequest):
    """The file of visitors can't be used."""


class Strict(BaseModel):
    """Frozen; what nobody reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_list(given: object) -> object:
    return [given] if isinstance(given, str) else given


Lines = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_as_list)]


class Answer(Strict):
    """What they say when the agent's words fit `hears` (a regular expression, case does not count), each line once."""

    hears: str
    says: Annotated[Lines, Field(min_length=1)]

    @model_validator(mode="after")
    def _readable(self) -> "Answer":
        try:
            re.compile(self.hears)
        except re.error as error:
            raise ValueError(f"hears is no regular expression: {error}") from error
        return self


class Persona(Strict):
    """One visitor. In what they say, `$order` is the fact `order`. When all of `satisfied` was heard, they go."""

    id: Annotated[str, Field(pattern=NAME, max_length=120)]
    tags: tuple[str, ...] = ()
    language: str = "en"
    goal: str  # in words, for people, and for a model that plays them
    facts: dict[str, str] = Field(default_factory=dict)
    manners: Manners = "plain"
    signed_in: str = ""  # the address that the shop vouches for
    opens: Annotated[Lines, Field(min_length=1)]
    answers: tuple[Answer, ...] = ()
    otherwise: Lines = ()  # where nothing fits, one after the other; then they give up
    satisfied: Facts = ()  # all of them heard: the goal is reached
    patience: int = Field(default=5, ge=1, le=20)  # messages
    gives_up: Literal["leaves", "person"] = "leaves"
    expect: Expected  # of the last turn, and of the state that is left

    @model_validator(mode="after")
    def _known_facts(self) -> "Persona":
        said = (*self.opens, *self.otherwise, *(line for answer in self.answers for line in answer.says))
        unknown = {name for line in said for name in Template(line).get_identifiers()} - set(self.facts)
        if unknown:
            raise ValueError(f"says ${', $'.join(sorted(unknown))}, but has no such fact")
        return self

    def spoken(self, line: str) -> str:
        """`line` with their facts, in their manners."""
        return mannered(Template(line).safe_substitute(self.facts), self.manners)


def load_visitors(path: Path = OURS) -> list[Persona]:
    """The visitors in a YAML list. Raises VisitorsUnreadable."""
    try:
        found = TypeAdapter(list[Persona]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise VisitorsUnreadable(f"{path}: {error}") from error
    twice = sorted({one.id for one in found if [other.id for other in found].count(one.id) > 1})
    if twice or not found:
        raise VisitorsUnreadable(f"{path}: {', '.join(twice) or 'nobody'} stands there{' twice' if twice else ''}.")
    return found


SHORT = {"you": "u", "are": "r", "please": "pls", "what": "wat", "to": "2", "for": "4", "and": "n", "have": "hv"}


def mannered(words: str, manners: Manners) -> str:
    """`words` as somebody with those manners writes them."""
    match manners:
        case "polite":
            return f"{words} Thank you very much in advance."
        case "terse":
            return words.rstrip(".!?").lower() if not re.search(r"\d|@", words) else words
        case "angry":
            return f"{words.rstrip('.')}!! This is ridiculous, I have been waiting far too long."
        case "sms":
            return re.sub(r"[a-z]+", lambda word: SHORT.get(word[0], word[0]), words.rstrip(".?").replace("'", ""))
        case "plain":
            return words
