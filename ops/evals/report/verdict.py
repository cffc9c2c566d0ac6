"""What is said of a night: steady, or what has become worse beyond noise."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from ops.evals.report.sheets import Better
from ops.evals.report.written import amount, spoken

State = Literal["steady", "regressed", "first", "incomparable"]

NAMED = 5  # cases in one line


@dataclass(frozen=True)
class Fallen:
    """A measure that is worse than usual; `p`: the chance of that with nothing changed, corrected for all measures."""

    name: str
    better: Better
    usual: float
    now: float
    p: float
    cases: tuple[str, ...]  # which moved, most first

    @property
    def words(self) -> str:
        """It in a line, without its cases."""
        return f"{spoken(self.name)} {amount(self.name, self.now)}, usually {amount(self.name, self.usual)}"


@dataclass(frozen=True)
class Broken:
    """A case that used to pass and does not any more."""

    case: str
    passed_before: int
    tried_before: int
    failed: int
    tried: int
    p: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Lost:
    """A case that lost what it had each night, whether it passes or not: its document, a fact, a call of a tool."""

    case: str
    measures: tuple[str, ...]
    p: float

    @property
    def words(self) -> str:
        """It with its measures."""
        return f"{self.case} ({', '.join(map(spoken, self.measures))})"


@dataclass(frozen=True)
class Verdict:
    """What the night was like. Only what stands in `fallen`, `broken`, `lost` or `slower` is an alarm."""

    state: State
    nights: int  # that it was held against
    fallen: tuple[Fallen, ...] = ()
    broken: tuple[Broken, ...] = ()
    lost: tuple[Lost, ...] = ()  # beside the broken ones
    slower: tuple[float, float] | None = None  # median seconds of a turn: usually at most, tonight
    improved: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()  # cases to run once more before anybody is woken
    passing_again: tuple[str, ...] = ()  # failed once tonight, and not when they were run again
    changes: tuple[str, ...] = ()
    confirmed: bool = False  # what is worse was run again, and is worse again
    cases: int = 0
    compared: int = 0
    accepted_by: str = ""

    @property
    def alarming(self) -> bool:
        """Whether somebody should look at it."""
        return self.state == "regressed" and not self.accepted_by

    @property
    def why(self) -> list[str]:
        """Each reason for the alarm, a line each: which cases broke first, for whoever reads no further."""
        lines = []
        if self.broken:
            shown = _named([each.case for each in self.broken])
            lines.append(f"{len(self.broken)} of {self.compared} cases that used to pass fail: {shown}")
        if self.lost:
            shown = _named([each.words for each in self.lost])
            lines.append(f"{len(self.lost)} of {self.compared} cases lost what they had each night: {shown}")
        lines += [each.words for each in self.fallen]
        if self.slower:
            lines.append(
                f"half of the turns take {self.slower[1]:.1f} s or more, usually at most {self.slower[0]:.1f} s"
            )
        return lines

    @property
    def headline(self) -> str:
        """It in one sentence."""
        against = f"the {self.nights} nights before" if self.nights > 1 else "the night before"
        match self.state:
            case "first":
                return "There is no night before to hold this against."
            case "incomparable":
                return (
                    f"Only {self.compared} of {self.cases} cases stand in {against} as they are now: nothing is said."
                )
            case "steady":
                return f"Nothing is worse than in {against} beyond noise."
        sure = "and was again when it was run again" if self.confirmed else "at a first look"
        return f"Worse than in {against} beyond noise, {sure}."

    def stored(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self) | {"alarming": self.alarming, "headline": self.headline, "why": self.why}


def _named(cases: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(cases) - NAMED} more" if len(cases) > NAMED else ""
    return ", ".join(cases[:NAMED]) + more


def read_verdict(stored: Mapping[str, Any]) -> Verdict:
    """A verdict as `stored` wrote it."""
    said = {name: value for name, value in stored.items() if name in Verdict.__dataclass_fields__}
    return TypeAdapter(Verdict).validate_python(said)
