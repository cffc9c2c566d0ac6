"""Golden questions read from YAML; the format is described at the head of `demo_questions.yaml`."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from core.errors import BadRequest

Kind = Literal["answerable", "unanswerable", "order", "person", "off_topic"]


class CasesUnreadable(BadRequest):
    """The file of questions can't be used."""


class Case(BaseModel):
    """One conversation and what a good reply to its last message looks like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: Kind
    say: list[str]
    sources: list[str]
    must: list[str]
    must_not: list[str]
    outcome: list[str]


def load_cases(path: Path) -> list[Case]:
    """The questions in `path`. Raises CasesUnreadable."""
    try:
        return TypeAdapter(list[Case]).validate_python(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise CasesUnreadable(f"{path}: {error}") from error
