"""The form of one run of golden cases, as its JSON report and the database keep it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadRequest

FORM: Literal[1] = 1

# NaN passes every comparison that it should fail, so no number of a run may be one: it is refused where it is made.
Number = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RunUnreadable(BadRequest):
    """The file is no run of golden cases."""


class Part(BaseModel):
    """A frozen part of a run; an unknown field is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(Part):
    """One measure over `n` cases or turns, with its 95 % interval; `deterministic`: the same run gives it again."""

    value: Number
    low: Number
    high: Number
    n: int = Field(ge=1)
    better: Literal["higher", "lower"]
    deterministic: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"its interval ends ({self.high}) before it begins ({self.low})")
        return self


class ToolUse(Part):
    """One call of a tool; `arguments` as the tool validated them."""

    name: str
    arguments: dict[str, Any]
    ok: bool


class GuardSaid(Part):
    """What one guard said of a message or a draft."""

    guard: str
    passed: bool
    reason: str = ""


class Setup(Part):
    """What a run was made with; `prompts` and `settings` are hashes, `version` is Handrail's."""

    brain: str
    models: tuple[str, ...]
    prompts: dict[str, str]
    settings: str
    kb_version: int
    version: str
    repeats: int = Field(default=1, ge=1)


class Result(Part):
    """One case in one repeat, whole: what was said, what came of it, and each fault in words.

    `measures` holds a number only where it means something for the case; `phases` are seconds of its last turn,
    `tokens` (in, out) and `cost_usd` those of all its turns. `cited` and `retrieved` (best first) name documents.
    """

    case: str
    repeat: int = Field(default=0, ge=0)
    tags: tuple[str, ...] = ()
    passed: bool
    faults: tuple[str, ...] = ()
    say: tuple[str, ...]
    reply: str
    outcome: str
    cited: tuple[str, ...] = ()
    retrieved: tuple[str, ...] = ()
    expected: dict[str, Any] = Field(default_factory=dict)
    tools: tuple[ToolUse, ...] = ()
    guards: tuple[GuardSaid, ...] = ()
    measures: dict[str, Number] = Field(default_factory=dict)
    phases: dict[str, Seconds] = Field(default_factory=dict)
    tokens: tuple[int, int] = (0, 0)
    cost_usd: Number = 0.0
    turn_id: UUID | None = None
    replay: Literal["same", "differs", "none"] = "none"

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.passed and self.faults:
            raise ValueError("a result with faults has not passed")
        return self


class Run(Part):
    """One run of a suite."""

    form: Literal[1] = FORM
    id: UUID
    suite: str
    site: str
    started_at: AwareDatetime
    seconds: Seconds
    setup: Setup
    figures: dict[str, Figure]
    by_tag: dict[str, dict[str, Figure]] = Field(default_factory=dict)
    results: tuple[Result, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen = [(one.case, one.repeat) for one in self.results]
        if len(seen) != len(set(seen)):
            raise ValueError("a case stands twice in one repeat")
        return self


def read_run(stored: Mapping[str, Any]) -> Run:
    """A run from plain JSON types. Raises RunUnreadable."""
    try:
        return Run.model_validate(stored)
    except ValidationError as error:
        raise RunUnreadable(_plainly(error)) from error


def load_run(path: Path) -> Run:
    """The run in a JSON file. Raises RunUnreadable."""
    try:
        return Run.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunUnreadable(f"{path} can't be read: {error.strerror}.") from error
    except ValidationError as error:
        raise RunUnreadable(f"{path} is no run of golden cases. {_plainly(error)}") from error


def save_run(run: Run, path: Path) -> None:
    """Write `run` as JSON, whole or not at all. Raises BadRequest where that can't be."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(run.model_dump_json(indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BadRequest(f"{path} can't be written: {error.strerror}.") from error


def _plainly(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    return f"{where}: {first['msg']}"
