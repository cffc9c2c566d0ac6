"""Questions to a brain: put together from the journal, written down before they are asked, and read back as events."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache

from sqlalchemy.orm import Session

from brain.client import Ask, Reply, ToolCall, ToolSpec
from core.direct import Statement
from core.sealing import places
from core.settings import Settings
from orchestrator import codec, open_turns
from orchestrator.codec import Json
from orchestrator.effects import Draft, Plan
from orchestrator.events import BrainFailed, Call, CallsProposed, CallsRefused, DraftWritten, Event, Result, Spent
from orchestrator.history import outcomes_of
from orchestrator.journal import Lease
from orchestrator.memory import Memory, recall
from tools.tool import ArgumentsRefused, Tool

KEEP = Statement("""
    INSERT INTO model_calls (turn_id, n, fence, site_id, model, request, held_micro)
    VALUES (:turn_id, :n, :fence, :site_id, :model, CAST(:request AS jsonb), :held_micro)
    RETURNING set_config('synchronous_commit', 'off', true)  -- the answer's own commit takes it along
""")


@dataclass(frozen=True)
class Request:
    """What a question is made of, kept instead of its words: with the journal it gives the same words again."""

    seq: int  # of the last event that it knows
    upto: int  # position of the last message that it knows
    span: tuple[int, int]  # see memory.Memory
    tools: tuple[str, ...]  # offered
    temperature: float
    tools_hash: str
    sha256: str  # of the question as it was asked


@dataclass(frozen=True)
class Question:
    """One step that a brain is about to think."""

    ask: Ask
    request: Request


def compose(
    session: Session, lease: Lease, effect: Plan | Draft, offered: tuple[Tool, ...], settings: Settings
) -> Question:
    """The question that `effect` wants asked, from what is known now."""
    memory = recall(session, lease.thread_id, settings)
    lease.turn.heard.update(memory.heard.get(lease.turn_id, {}))
    history = open_turns.history(session, lease.turn)
    temperature = settings.plan_temperature if isinstance(effect, Plan) else settings.draft_temperature
    ask = question(effect, lease.case.site_name, memory, history, specs(offered), temperature)
    names = tuple(tool.name for tool in offered)
    request = Request(lease.turn.seq, memory.upto, memory.span, names, temperature, tools_hash(ask.tools), digest(ask))
    return Question(ask, request)


def question(  # noqa: PLR0917 - each is one fact of the question
    effect: Plan | Draft,
    site_name: str,
    memory: Memory,
    history: Iterable[tuple[Event, list[Json]]],
    tools: tuple[ToolSpec, ...],
    temperature: float,
) -> Ask:
    """The same facts give the same question, to the byte. Its time limit is not part of it."""
    return Ask(
        step="plan" if isinstance(effect, Plan) else "draft",
        site_name=site_name,
        memory=memory.said,
        summary=memory.summary,
        outcomes=outcomes_of(history),
        tools=tools,
        feedback=effect.feedback,
        temperature=temperature,
    )


def keep(session: Session, lease: Lease, question: Question, *, n: int, model: str, held_micro: int) -> None:
    """Write the question down before it is asked."""
    KEEP.run(
        session,
        turn_id=lease.turn_id,
        n=n,
        fence=lease.fence,
        site_id=lease.case.site_id,
        model=model,
        request=places.REQUEST.text(lease.turn_id, asdict(question.request)),
        held_micro=held_micro,
    )


def digest(ask: Ask) -> str:
    """SHA-256 of a question's own words; tools by name."""
    said = [[said.role, said.text] for said in ask.memory]
    made = [[made.call.id, made.call.name, made.call.arguments, made.output, made.failed] for made in ask.outcomes]
    names = [tool.name for tool in ask.tools]
    whole = [ask.step, ask.site_name, ask.summary, said, made, names, ask.feedback, ask.temperature]
    return hashlib.sha256(codec.canonical(whole)).hexdigest()


@lru_cache(maxsize=64)
def specs(offered: tuple[Tool, ...]) -> tuple[ToolSpec, ...]:
    """Tools as a model sees them."""
    return tuple(ToolSpec(tool.name, tool.description, tool.parameters()) for tool in offered)


def tools_hash(offered: tuple[ToolSpec, ...]) -> str:
    """Short hash of what a model was told about its tools."""
    return _tools_hash(tuple((spec.name, spec.description, json.dumps(spec.parameters)) for spec in offered))


@lru_cache(maxsize=64)
def _tools_hash(offered: tuple[tuple[str, str, str], ...]) -> str:
    return hashlib.sha256(codec.canonical(offered)).hexdigest()[:16]


def understood(effect: Plan | Draft, reply: Reply, offered: tuple[Tool, ...], cost_micro: int = 0) -> Result:
    """A brain's reply as an event: calls only where each is offered and its arguments fit."""
    usage = reply.usage
    spent = Spent(reply.model, usage.input_tokens, usage.output_tokens, usage.estimated, cost_micro)
    if not reply.calls:
        if not reply.text.strip():
            return BrainFailed(effect.n, "The model answered nothing.", spent)
        return DraftWritten(effect.n, reply.text, reply.intent, spent)
    try:
        calls = tuple(_checked(call, offered, f"{effect.n}.{i}") for i, call in enumerate(reply.calls, start=1))
    except ArgumentsRefused as error:
        return CallsRefused(effect.n, error.detail, spent)
    return CallsProposed(effect.n, calls, spent)


def _checked(call: ToolCall, offered: tuple[Tool, ...], call_id: str) -> Call:
    """`call` under an id of ours: a model's own may repeat itself."""
    tool = next((tool for tool in offered if tool.name == call.name), None)
    if tool is None:
        names = ", ".join(each.name for each in offered) or "none"
        raise ArgumentsRefused(f"There is no tool {call.name[:64]!r}. Tools that may be called now: {names}.")
    return Call(call_id, tool.name, tool.parse(call.arguments).model_dump_json())


def read_request(stored: Json) -> Request:
    """The request that `keep` wrote."""
    made = {**stored, "span": tuple(stored["span"]), "tools": tuple(stored["tools"])}
    return Request(**made)
