"""A golden set: conversations, and what must come of each. docs/evals.md describes the format."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadRequest
from ops.evals.golden_names import checked_guard, checked_tool
from ops.evals.lines import Lined, read_lined

# `silent`: a person has the conversation, or is awaited, and the agent says nothing.
# `refused`: the message was not taken, and its visitor told why.
Outcome = Literal["answered", "abstained", "handed_off", "ticketed", "failed", "silent", "refused"]
Status = Literal["bot", "waiting", "person", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]

NAME = r"^[a-z0-9][a-z0-9._-]*$"
LIST = "should be a list: put it between [ and ]"
Tag = Annotated[str, Field(pattern=NAME, max_length=40)]
Words = Annotated[str, Field(min_length=1)]
ToolName = Annotated[str, AfterValidator(checked_tool)]
GuardName = Annotated[str, AfterValidator(checked_guard)]


class GoldenUnreadable(BadRequest):
    """The golden set can't be used."""


class Strict(BaseModel):
    """Frozen, and an unknown field is a mistake that must be heard of."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_list(given: object) -> object:
    return [given] if isinstance(_text(given), str) else given


def _text(given: object) -> object:
    """As it is. Raises ValueError for what YAML made of words that stand without quotes: 43, no, 2026-11-01."""
    if isinstance(given, bool | int | float | date):
        raise ValueError(f"put it in quotes: YAML reads it as {given!r}")  # noqa: TRY004 (pydantic wants a ValueError)
    return given


# A fact in the one spelling, or in any one of several.
Fact = Annotated[tuple[Words, ...], Field(min_length=1), BeforeValidator(_as_list)]
Facts = Annotated[tuple[Fact, ...], BeforeValidator(_as_list)]
Names = Annotated[tuple[Words, ...], BeforeValidator(_as_list)]


class Identity(Strict):
    """Who the visitor is: proven by the site (`signed_in`), or merely told before (`contact`); else a stranger."""

    signed_in: Words | None = None
    contact: Words | None = None


class ToolExpected(Strict):
    """A call that must happen; `arguments` are those that must be so, others do not count."""

    name: ToolName
    arguments: dict[str, Any] = Field(default_factory=dict)
    ok: bool | None = None  # whether the tool did its work; None: either


class TicketExpected(Strict):
    """A ticket that must stand in the database; what is left out does not count."""

    email: str | None = None
    priority: Priority | None = None
    status: str | None = None
    says: Names = ()  # in its subject or body


class HandoffExpected(Strict):
    """A handoff that must stand in the database."""

    status: str | None = None
    priority: Priority | None = None
    says: Names = ()  # in its reason


class StateExpected(Strict):
    """The database when the conversation is over. A list of tickets or handoffs is all of them: `[]` means none."""

    status: Status | None = None  # who has the thread
    tickets: tuple[TicketExpected, ...] | None = None
    handoffs: tuple[HandoffExpected, ...] | None = None
    language: str | None = None  # that staff see


class GuardsExpected(Strict):
    """Which guards must object at least once in the conversation, and which must never (`all`: none may)."""

    trips: tuple[GuardName, ...] = ()
    quiet: tuple[GuardName, ...] | Literal["all"] = ()

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        both = self.trips if self.quiet == "all" else set(self.trips) & set(self.quiet)
        if both:
            raise ValueError(f"{', '.join(sorted(both))}: can't both object and be quiet")
        return self


class Expected(Strict):
    """What must come of what was said.

    Whatever is left out is not judged, but for the outcome `failed`: no case may end so unless it says so.
    """

    outcome: Annotated[tuple[Outcome, ...], BeforeValidator(_as_list)] = (
        "answered",
        "abstained",
        "handed_off",
        "ticketed",
    )
    sources: Names = ()  # documents: one of them must be cited; each of them counts as found by the search
    all_sources: Names = ()  # documents: each of them must be cited
    sources_not: Names = ()  # documents that must be neither cited nor found
    must: Facts = ()
    must_not: Facts = ()
    kept_not: Names = ()  # what of the visitor's own words must stand nowhere in what is kept
    tools: tuple[ToolExpected, ...] | None = None
    tools_not: tuple[ToolName, ...] = ()
    state: StateExpected | None = None
    guards: GuardsExpected | None = None
    language: str | None = None  # of the reply: "de"

    @property
    def abstains(self) -> bool | None:
        """True where a good reply is not an answer, False where it is one, None where either is good."""
        if "answered" not in self.outcome:
            return True
        return False if self.outcome == ("answered",) else None

    @property
    def relevant(self) -> tuple[str, ...]:
        """The documents that the search should find."""
        return tuple(dict.fromkeys((*self.sources, *self.all_sources)))


class Said(Strict):
    """One message of the visitor, and what must come of it already now."""

    words: Words
    expect: Expected | None = None


def _as_said(given: object) -> object:
    return {"words": given} if isinstance(_text(given), str) else given


class Case(Strict):
    """One conversation; `expect` is held against its last reply, and against the state that it leaves."""

    id: Annotated[str, Field(pattern=NAME, max_length=120)]
    tags: tuple[Tag, ...] = ()
    note: str = ""  # for people: why it is there
    channel: Literal["web", "email", "slack"] = "web"
    identity: Identity = Identity()
    say: Annotated[
        tuple[Annotated[Said, BeforeValidator(_as_said)], ...],
        Field(min_length=1, max_length=20),
        BeforeValidator(_as_list),
    ]
    expect: Expected


class GoldenSet(Strict):
    """A suite: its name, the site whose knowledge it asks about, and its cases."""

    suite: Annotated[str, Field(pattern=NAME, max_length=80)]
    site: Annotated[str, Field(pattern=NAME, max_length=64)] = "demo"
    tags: tuple[Tag, ...] = ()  # of each of its cases
    targets: dict[str, float] = Field(default_factory=dict)  # by figure: worse than that, and the run is no good
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


def load_set(path: Path) -> GoldenSet:
    """The set in a YAML file, or in all of a folder, which must then be of one suite and site.

    Raises GoldenUnreadable, which names file and line of everything that is wrong.
    """
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise GoldenUnreadable(f"{path} holds no *.yaml file.")
    return _joined([(file, _load(file)) for file in files])


def read_case(stored: Mapping[str, Any]) -> Case:
    """A case from plain JSON types, as `stored` wrote it. Raises GoldenUnreadable."""
    try:
        return Case.model_validate(stored)
    except ValidationError as error:
        raise GoldenUnreadable("; ".join(_faults(error))) from error


def stored(case: Case) -> dict[str, Any]:
    """`case` as plain JSON types, without what is left out."""
    return case.model_dump(mode="json", exclude_defaults=True)


def _load(path: Path) -> GoldenSet:
    try:
        lined = read_lined(path)
    except ValueError as error:
        raise GoldenUnreadable(str(error)) from error
    try:
        return _tagged(GoldenSet.model_validate(lined.value))
    except ValidationError as error:
        raise GoldenUnreadable("\n".join(_faults(error, lined, str(path)))) from error


def _tagged(found: GoldenSet) -> GoldenSet:
    cases = tuple(
        case.model_copy(update={"tags": tuple(dict.fromkeys((*found.tags, *case.tags)))}) for case in found.cases
    )
    return found.model_copy(update={"cases": cases})


def _joined(found: list[tuple[Path, GoldenSet]]) -> GoldenSet:
    first = found[0][1]
    where: dict[str, Path] = {}
    for file, one in found:
        if (one.suite, one.site) != (first.suite, first.site):
            raise GoldenUnreadable(
                f"{file}: suite {one.suite} of site {one.site}, but {found[0][0]} is suite {first.suite} of site "
                f"{first.site}. A folder holds one suite: move this file to a folder of its own."
            )
        for case in one.cases:
            if case.id in where:
                raise GoldenUnreadable(
                    f"{file}: the case {case.id} stands in {where[case.id]}, too. Give it another id."
                )
            where[case.id] = file
    targets = {name: value for _, one in found for name, value in one.targets.items()}
    return first.model_copy(
        update={"tags": (), "targets": targets, "cases": tuple(case for _, one in found for case in one.cases)}
    )


def _faults(error: ValidationError, lined: Lined | None = None, name: str = "") -> list[str]:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    told = []
    for fault in faults:
        if fault["type"] == "too_short" and any(len(other["loc"]) > len(fault["loc"]) for other in faults):
            continue  # it only lacks what is itself at fault
        where = ".".join(str(part) for part in fault["loc"] if not str(part).startswith("function-"))
        line = f"{name}:{lined.line_of(fault['loc'])}: " if lined else ""
        words = LIST if fault["type"] == "tuple_type" else fault["msg"].removeprefix("Value error, ")
        told.append(f"{line}{where or 'the whole'}: {words}")
    return told
