"""What is counted of turns: their phases, models, tools, guards, and who had to take over from whom."""

from collections.abc import Iterable
from typing import Final, assert_never

from core.counting import SHARES, Counter, Histogram
from core.settings import Settings
from orchestrator.effects import Draft, Outside, Plan, RunTool
from orchestrator.events import Spent, Verdict

PHASES = Histogram("handrail_turn_phase_seconds", "Time of a turn's parts", ("phase",))
TURNS = Histogram(
    "handrail_turn_seconds", "Time from a message to the end of its turn, as workers see it", ("outcome",)
)
ENDED = Counter("handrail_turns_ended", "Turns that have ended, whoever ended them", ("outcome",))
TAKEOVERS = Counter("handrail_lease_takeovers", "Turns that a worker took over because another one's lease had ended")
OVERDUE = Counter("handrail_turns_overdue", "Turns that a sweep had to end, because no worker did in time")
GUARDS = Counter("handrail_guard_trips", "Verdicts of guards that did not pass", ("guard",))
MODELS = Histogram(
    "handrail_model_seconds", "Time of a model's answers, by step and result", ("model", "step", "result")
)
TOKENS = Counter("handrail_model_tokens", "Tokens that models read and wrote", ("model", "direction"))
DOLLARS = Counter("handrail_model_dollars", "What models have cost", ("model",))
TOOLS = Histogram("handrail_tool_seconds", "Time of tool calls, by tool and result", ("tool", "result"))
HANDOFF_WAITS = Histogram(
    "handrail_handoff_wait_seconds",
    "Time from a call for a person until somebody took it",
    buckets=(5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400),
)
CONFIDENCE = Histogram("handrail_answer_confidence", "How likely drafts that passed hold an answer", (), SHARES)

FIGURES: Final = (
    *(PHASES, TURNS, ENDED, TAKEOVERS, OVERDUE, GUARDS, MODELS, TOKENS, DOLLARS, TOOLS, HANDOFF_WAITS, CONFIDENCE),
)


def phase_of(effect: Outside) -> str:
    """The phase in which a worker performs this: plan, draft or tool."""
    match effect:
        case Plan():
            return "plan"
        case Draft():
            return "draft"
        case RunTool():
            return "tool"
        case _:
            assert_never(effect)


def model_label(name: str, settings: Settings) -> str:
    """A model's name where the settings name it: labels are a closed set."""
    return name if name in settings.models else "other"


def note_claim(fence: int, age: float, *, taken_over: bool) -> None:
    """A worker took a turn that began `age` seconds ago."""
    if taken_over:
        TAKEOVERS.add()
    if fence == 1:
        PHASES.observe(max(age, 0.0), "waiting")


def note_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Guards have looked."""
    for verdict in verdicts:
        if not verdict.passed:
            GUARDS.add(verdict.guard)


def note_spent(model: str, spent: Spent) -> None:
    """A model has answered, or failed after it was asked. `model`: its label."""
    for direction, tokens in (("in", spent.input_tokens), ("out", spent.output_tokens)):
        if tokens:
            TOKENS.add(model, direction, by=tokens)
    if spent.cost_micro:
        DOLLARS.add(model, by=spent.cost_micro / 1e6)
