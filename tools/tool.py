"""The contract of a tool: schemas in and out, what it may do, who may use it, and how long it may take."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from core.errors import HandrailError
from tools.schema import strict_schema

ARGUMENTS_MAX_CHARS = 64_000  # the longest legal arguments, fully escaped, are half of it


class ToolFailed(HandrailError):
    """The tool could not do its work; the detail is one plain sentence that the brain may read."""

    def __init__(self, detail: str | None = None, *, again: bool = True) -> None:
        """`again` says whether the same call may succeed in a moment; a refusal stays one."""
        super().__init__(detail)
        self.again = again


class ArgumentsRefused(HandrailError):
    """The arguments do not fit the tool's schema; the detail says which and why."""


class Arguments(BaseModel):
    """The parent of every tool's input: strict, and closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True, frozen=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        if isinstance(value, str) and "\x00" in value:  # PostgreSQL can't store it
            raise ValueError("must not contain a NUL character")
        return value


class Output(BaseModel):
    """The parent of every tool's output, validated as strictly as its input."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Caller:
    """On whose behalf a tool runs. All of it comes from the session, none from the model."""

    site_id: str
    channel: str
    thread_id: UUID
    visitor_id: UUID
    turn_id: UUID
    key: str  # of this call, "turn:call": the idempotency key for whatever it writes
    verified_email: str | None = None  # proven by an identity token
    contact_email: str | None = None  # merely told
    deadline_s: float = 3.0  # seconds that are left for it


@dataclass(frozen=True)
class Tool:
    """One hand. `run(caller, arguments)` returns an `output` or raises ToolFailed."""

    name: str
    description: str  # read by the model
    input: type[Arguments]
    output: type[Output]
    kind: Literal["reads", "writes"]
    run: Callable[[Caller, Any], Output]
    available: Callable[[Caller], bool] = field(default=lambda _: True)  # else it is not offered

    def parameters(self) -> dict[str, Any]:
        """The input's JSON Schema, as strict function calling wants it."""
        return strict_schema(self.input)

    def parse(self, raw: str) -> Arguments:
        """The validated arguments, from the JSON text that the model wrote. Raises ArgumentsRefused."""
        if len(raw) > ARGUMENTS_MAX_CHARS:
            raise ArgumentsRefused(f"{self.name}: the arguments are too long ({len(raw)} characters).")
        try:
            return self.input.model_validate_json(raw or "{}")
        except ValidationError as error:
            raise ArgumentsRefused(f"{self.name}: {_plainly(error)}") from error
        except ValueError as error:  # text that is no Unicode, which pydantic reports outside its own errors
            raise ArgumentsRefused(f"{self.name}: the arguments are not readable text.") from error

    def perform(self, caller: Caller, arguments: Arguments) -> Output:
        """Run, and check what comes out against `output`. Raises ToolFailed."""
        result = self.run(caller, arguments)
        try:
            return self.output.model_validate(result.model_dump())
        except ValidationError as error:
            raise ToolFailed(f"{self.name} gave an answer that can't be used.") from error


def _plainly(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(f"{_where(fault['loc'])}: {fault['msg']}" for fault in faults)


def _where(loc: tuple[int | str, ...]) -> str:
    # An unknown field's name is the model's own text: keep it short and on one line.
    return ".".join(repr(part)[1:41] if isinstance(part, str) else str(part) for part in loc).rstrip("'") or "arguments"
