"""The contract of a tool: schemas in and out, what it may do, who may use it, and how long it may take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from sqlalchemy.orm import Session

from core.deadline import Deadline
from core.errors import HandrailError
from core.log import get_logger
from core.privacy.found import Kind
from tools.fitted import storable
from tools.schema import strict_schema

log = get_logger(__name__)

ARGUMENTS_MAX_CHARS = 64_000  # the longest legal arguments, fully escaped, are half of it
OUTPUT_MAX_CHARS = 128_000  # a journal and a model's context are no place for more


class ToolFailed(HandrailError):
    """The tool could not do its work; the detail is one plain sentence that the brain may read."""

    def __init__(self, detail: str | None = None, *, again: bool = True) -> None:
        """`again` says whether the same call may succeed in a moment; a refusal stays one."""
        super().__init__(detail)
        self.again = again


class ToolLate(ToolFailed):
    """The tool took too long.

    Worth another try only where it writes: the same key then finds what was written. A turn has no time for more.
    """


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
    """The parent of every tool's output, validated as strictly as its input; texts become storable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: object) -> object:
        return storable(value) if isinstance(value, str) else value


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
    deadline_s: float = 3.0  # seconds that are left for it, from the moment that it begins
    deadline: Deadline | None = None  # set when it begins

    @property
    def until(self) -> Deadline:
        """When it must be over."""
        return self.deadline or Deadline(self.deadline_s)


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
    written: Callable[[Session, str], Output | None] | None = None  # what stands under a key, for a tool that writes
    opens: tuple[str, ...] = ()  # arguments in which a token is opened for it
    # What of its output is the visitor's own, and becomes a token before anybody reads it: "orders.number" → kind.
    personal: Mapping[str, Kind] = field(default_factory=dict, hash=False)

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
        """Run within the caller's time, and check what comes out against `output`. Raises ToolFailed, ToolLate."""
        caller = replace(caller, deadline=caller.until)
        try:
            with caller.until.in_force():
                result = self.run(caller, arguments)
        except ToolFailed as error:
            if caller.until.passed:  # whatever it says: it was cut off
                raise self._late() from error
            raise
        checked = self._checked(result)
        if caller.until.passed:
            raise self._late()
        return checked

    def _late(self) -> ToolLate:
        return ToolLate(f"{self.name} took too long.", again=self.kind == "writes")

    def _checked(self, result: Output) -> Output:
        try:
            output = self.output.model_validate(result.model_dump(warnings=False))
            size = len(output.model_dump_json())
        except (ValueError, AttributeError, RecursionError) as error:  # no Output at all, or one that is no JSON
            log.warning("tool_output_refused", tool=self.name, cause=type(error).__name__)
            raise ToolFailed(f"{self.name} gave an answer that can't be used.", again=False) from error
        if size > OUTPUT_MAX_CHARS:
            raise ToolFailed(f"{self.name} gave an answer that is too large.", again=False)
        return output


def _plainly(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(f"{_where(fault['loc'])}: {fault['msg']}" for fault in faults)


def _where(loc: tuple[int | str, ...]) -> str:
    # An unknown field's name is the model's own text: keep it short and on one line.
    return ".".join(repr(part)[1:41] if isinstance(part, str) else str(part) for part in loc).rstrip("'") or "arguments"
