"""Reads back from the database what came of a turn: its journal, its words, and the state that it left."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.models import Document, Handoff, Message, ModelCall, Thread, Ticket, Turn, TurnEvent
from kb.search.hybrid import search
from ops.evals.observed import Observed, SeenHandoff, SeenTicket, State
from ops.evals.retrieval_scores import DEPTH
from ops.evals.run_form import GuardSaid, ToolUse
from orchestrator.events import (
    CallsProposed,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftWritten,
    Event,
    MessageScreened,
    ToolFailed,
    ToolReturned,
)
from orchestrator.evidence import gather
from orchestrator.guards.draft import DraftText
from orchestrator.open_turns import read_history
from orchestrator.replay import replay
from orchestrator.tokens import Drawer, drawer

TIMES = text("SELECT recorded_at FROM turn_events WHERE turn_id = :turn_id ORDER BY seq")
SILENT = "silent"
# What the time before an event was spent on; events that are recorded together take none.
PHASES: dict[type[Event], str] = {
    CallsProposed: "plan",
    ToolReturned: "tools",
    ToolFailed: "tools",
    DraftWritten: "draft",
}


def observe(session: Session, thread_id: UUID, turn_id: UUID | None, asked: str, seconds: float) -> Observed:
    """What came of the message `asked`; without a turn, that the agent kept silent."""
    state = state_of(session, thread_id)
    if turn_id is None:
        return Observed("", SILENT, state, seconds)
    history = [event for event, _ in read_history(session, turn_id)]
    reply, kept = _reply(session, turn_id), drawer(session, thread_id)
    tools = tuple(_uses(history, kept))
    return Observed(
        reply=kept.opened(reply.content) if reply else "",
        outcome=_outcome(session, turn_id),
        state=state,
        seconds=seconds,
        cited=names_of(session, [UUID(each["doc_id"]) for each in reply.citations] if reply else []),
        retrieved=_retrieved(session, thread_id, tools, asked),
        tools=tools,
        guards=tuple(_verdicts(history)),
        draft=_said(history),
        evidence=gather(history, asked),
        phases=_phases(session, turn_id, history),
        **_spent(session, turn_id),
        turn_id=turn_id,
        replays=replay(session, turn_id) is None,
    )


def state_of(session: Session, thread_id: UUID) -> State:
    """The conversation as the database has it now."""
    thread = session.get_one(Thread, thread_id)
    session.refresh(thread)
    kept = drawer(session, thread_id)  # what a ticket says is judged as staff read it
    tickets = session.scalars(select(Ticket).where(Ticket.thread_id == thread_id).order_by(Ticket.number)).all()
    handoffs = session.scalars(select(Handoff).where(Handoff.thread_id == thread_id).order_by(Handoff.number)).all()
    return State(
        status=thread.status,
        language=thread.language,
        tickets=tuple(
            SeenTicket(row.email, row.priority, row.status, kept.opened(f"{row.subject}\n{row.body}"))
            for row in tickets
        ),
        handoffs=tuple(SeenHandoff(row.status, row.priority, kept.opened(row.reason)) for row in handoffs),
        kept="\n".join(_stored(session, thread_id, tickets, handoffs)),
    )


def _stored(session: Session, thread_id: UUID, tickets: Sequence[Ticket], handoffs: Sequence[Handoff]) -> Iterator[str]:
    """What was said and noted, in the words that the database has."""
    yield from (f"{row.subject}\n{row.body}" for row in tickets)
    yield from (f"{row.reason}\n{row.excerpt}" for row in handoffs)
    yield from session.scalars(select(Message.content).where(Message.thread_id == thread_id))
    noted = select(TurnEvent.event, TurnEvent.effects).join(Turn, Turn.id == TurnEvent.turn_id)
    for row in session.execute(noted.where(Turn.thread_id == thread_id)):
        yield json.dumps([row.event, row.effects], ensure_ascii=False)


def names_of(session: Session, doc_ids: Sequence[UUID]) -> tuple[str, ...]:
    """What golden sets call these documents, in order and once each: the last part of their locator."""
    found = session.execute(select(Document.id, Document.locator).where(Document.id.in_(doc_ids)))
    named = {row.id: PurePosixPath(row.locator.split("?")[0]).name for row in found}
    return tuple(dict.fromkeys(named[doc_id] for doc_id in doc_ids if doc_id in named))


def _retrieved(session: Session, thread_id: UUID, tools: Sequence[ToolUse], asked: str) -> tuple[str, ...]:
    """The documents that the search ranks first for what the agent looked for, or, if it did not, for the message."""
    thread = session.get_one(Thread, thread_id)
    query = next((str(use.arguments.get("query")) for use in reversed(tools) if use.name == "search_kb"), asked)
    found = search(session, site_id=thread.site_id, channel=thread.channel, query=query[:500], top_k=DEPTH)
    return names_of(session, [UUID(snippet.doc_id) for snippet in found.snippets])


def _reply(session: Session, turn_id: UUID) -> Message | None:
    query = select(Message).where(Message.turn_id == turn_id, Message.role == "agent")
    return session.scalars(query.order_by(Message.position.desc())).first()


def _outcome(session: Session, turn_id: UUID) -> str:
    found = session.execute(text("SELECT outcome FROM turns WHERE id = :id"), {"id": turn_id}).scalar_one()
    return found or "failed"  # it never ended


def _uses(history: Sequence[Event], kept: Drawer) -> Iterator[ToolUse]:
    """Each call with what came of it: the results come in the order of the calls, a retry before the next one."""
    waiting: list[Any] = []
    for event in history:
        match event:
            case CallsProposed(calls=calls):
                waiting = [(call.tool, _opened(call.arguments, kept)) for call in calls]
            case ToolReturned(output=output) if waiting:
                name, arguments = waiting.pop(0)
                yield ToolUse(name=name, arguments=arguments, ok=_did(name, output))
            case ToolFailed(again=again) if waiting and not again:
                name, arguments = waiting.pop(0)
                yield ToolUse(name=name, arguments=arguments, ok=False)
    yield from (ToolUse(name=name, arguments=arguments, ok=False) for name, arguments in waiting)


def _opened(arguments: str, kept: Drawer) -> Any:
    """As the tool had them: a case names the address that its visitor wrote, not the token that stands for it."""
    return {name: kept.opened(one) if isinstance(one, str) else one for name, one in json.loads(arguments).items()}


def _did(name: str, output: str) -> bool:
    """An order that was not shown is an answer of the tool, but not what it was called for."""
    return name != "get_order" or json.loads(output).get("outcome") == "found"


def _verdicts(history: Sequence[Event]) -> Iterator[GuardSaid]:
    for event in history:
        if isinstance(event, MessageScreened | DraftPassedGuards | DraftFailedGuard):
            for said in event.verdicts:
                yield GuardSaid(guard=said.guard, passed=said.passed, reason=said.reason)


def _said(history: Sequence[Event]) -> DraftText | None:
    """The draft that became the answer, with the marks that name its passages."""
    draft = None
    for event in history:
        if isinstance(event, DraftWritten):
            draft = DraftText(event.text, event.intent)
        elif isinstance(event, DraftPassedGuards):
            return draft
    return None


def _phases(session: Session, turn_id: UUID, history: Sequence[Event]) -> dict[str, float]:
    times = list(session.scalars(TIMES, {"turn_id": turn_id}))
    spent: dict[str, float] = defaultdict(float)
    for event, (before, after) in zip(history[1:], pairwise(times), strict=True):
        spent[PHASES.get(type(event), "other")] += max(0.0, (after - before).total_seconds())
    return {name: seconds for name, seconds in spent.items() if seconds}


def _spent(session: Session, turn_id: UUID) -> dict[str, Any]:
    rows = session.scalars(select(ModelCall).where(ModelCall.turn_id == turn_id)).all()
    tokens = (sum(row.input_tokens for row in rows), sum(row.output_tokens for row in rows))
    return {"tokens": tokens, "cost_micro": sum(row.cost_micro for row in rows)}
