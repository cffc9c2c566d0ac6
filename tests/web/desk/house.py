"""A small house full of things for the tests that look at pages: conversations, a draft, tickets, documents, notes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.models import (
    Document,
    DocumentEvent,
    EvalRun,
    Feedback,
    Handoff,
    Message,
    Note,
    Thread,
    Ticket,
    Turn,
    TurnEvent,
    Visitor,
)
from orchestrator import codec, records
from orchestrator.effects import Say, State
from orchestrator.events import Phase
from orchestrator.open_turns import OpenTurn
from tests.conftest import SITE

MARKUP = "<script>document.title='taken'</script> <img src=x onerror=alert(1)> & \"quotes\""
PAGE = "https://shop.example/returns"
CITATION = {
    "n": 1,
    "doc_id": "d1",
    "title": "Returns and refunds",
    "section": "Within 30 days",
    "quote": "30 days",
    "url": PAGE,
    "link": PAGE,
    "page": None,
    "start": 0,
    "end": 7,
}
REPORT = "<!doctype html><html lang='en'><title>Night</title><h1>Night</h1></html>"
NO_TEXT = "The PDF has no text: scan it with OCR, or upload a version with text."

Json = dict[str, Any]


def add_thread(session: Session, site: str = SITE, *, email: str | None = None, language: str = "en") -> Thread:
    """A conversation of a new visitor."""
    visitor = Visitor(id=uuid4(), site_id=site, verified_email=email)
    session.add(visitor)
    session.flush()
    thread = Thread(id=uuid4(), site_id=site, visitor_id=visitor.id, channel="web", status="bot", language=language)
    session.add(thread)
    session.flush()
    return thread


def say(
    session: Session, thread: Thread, role: str, content: str, turn_id: UUID | None = None, **more: object
) -> Message:
    """Words in it."""
    made = Message(id=uuid4(), thread_id=thread.id, role=role, content=content, turn_id=turn_id)
    session.add(made)
    session.flush()
    return made


def hand_off(session: Session, thread: Thread, *, minutes: float = 3, priority: str = "normal") -> Handoff:
    """It waits for a person, since so many minutes."""
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    made = Handoff(
        id=uuid4(),
        key=f"k{uuid4()}",
        site_id=thread.site_id,
        thread_id=thread.id,
        priority=priority,
        reason="The visitor asked for a person.",
        created_at=since,
        waits_since=since,
    )
    session.add(made)
    thread.status = "waiting"
    session.flush()
    return made


def add_turn(session: Session, thread: Thread, *, phase: str = "done", site: str = SITE) -> Turn:
    """A turn with one search, an answer that cites it, and guards that passed it."""
    now = datetime.now(UTC)
    ended = None if phase == "reviewing" else now
    turn = Turn(
        id=uuid4(),
        thread_id=thread.id,
        site_id=site,
        phase=phase,
        state=codec.dump(State(phase=Phase(phase), n=2, intent="answer")),
        settings_hash="0" * 16,
        seq=5,
        outcome=None if ended is None else "answered",
        deadline_at=now + timedelta(hours=1),
        ended_at=ended,
    )
    session.add(turn)
    session.flush()
    for seq, (event, effects) in enumerate(_lines(holding=phase == "reviewing"), start=1):
        at = now + timedelta(milliseconds=200 * seq)
        session.add(TurnEvent(turn_id=turn.id, seq=seq, version=2, event=event, effects=effects, recorded_at=at))
    session.flush()
    return turn


def keep_evidence(session: Session, turn: Turn, answer: Message) -> None:
    """The record of what an answer rests on."""
    open_turn = OpenTurn(turn.id, turn.thread_id, turn.site_id, turn.seq, State(), None, leased=False)
    said = Say(answer.content, tuple(answer.citations))
    records.keep(session, open_turn, said, records.Answer(answer.id, answer.content, answer.citations))


def _lines(*, holding: bool) -> Iterator[tuple[Json, list[Json]]]:
    call = {"id": "a", "tool": "search_kb", "arguments": '{"query": "return a jacket"}'}
    found = {"snippets": [_passage(n) for n in (1, 2)], "answerable": 0.91, "reason": ""}
    draft = {"text": "You can return it within 30 days. [1]", "citations": [CITATION]}
    spent = {"model": "extractive", "input_tokens": 9, "output_tokens": 3}
    yield {"type": "MessageScreened", "verdicts": [_passed("length")]}, []
    yield (
        {"type": "CallsProposed", "n": 0, "calls": [call], "spent": spent},
        [{"type": "RunTool", "n": 1, "call": call, "wait_ms": 0}],
    )
    yield {"type": "ToolReturned", "n": 1, "output": json.dumps(found)}, []
    yield (
        {"type": "DraftPassedGuards", "verdicts": [_passed("citations"), _passed("numbers")], "confidence": 0.93}
        | draft,
        [{"type": "HoldForReview"} | draft] if holding else [],
    )


def _passed(guard: str) -> Json:
    return {"guard": guard, "passed": True, "reason": ""}


def _passage(n: int) -> Json:
    where = {"title": "Returns and refunds", "section": "Within 30 days" if n == 1 else "Exchange"}
    text = f"You can return it within 30 days. {MARKUP}"
    return where | {"id": f"c{n}", "doc_id": "d1", "text": text, "url": PAGE, "score": 0.9 / n}


def add_ticket(session: Session, thread: Thread, *, minutes: float = 60, priority: str = "high") -> Ticket:
    """A ticket that is due in so many minutes."""
    made = Ticket(
        id=uuid4(),
        key=f"t{uuid4()}",
        site_id=thread.site_id,
        thread_id=thread.id,
        email="ana@example.com",
        subject=f"The parcel never came {MARKUP}",
        body="It should have come on Monday.",
        priority=priority,
        due_at=datetime.now(UTC) + timedelta(minutes=minutes),
    )
    session.add(made)
    session.flush()
    return made


def furnish(session: Session, site: str = SITE) -> Thread:
    """All of it; the conversation that waits, with answers, notes and a ticket."""
    thread = add_thread(session, site, email="ana@example.com")
    say(session, thread, "visitor", "How long do I have to return a jacket?")
    turn = add_turn(session, thread, site=site)
    answer = say(session, thread, "agent", "You can return it within 30 days. [1]", turn.id)
    answer.citations = [CITATION]
    keep_evidence(session, turn, answer)
    session.add(Feedback(message_id=answer.id, thumbs="down", tags=[]))
    say(session, thread, "visitor", f"It is the wrong colour, I want a person. {MARKUP}")
    hand_off(session, thread, minutes=25, priority="high")
    session.add(
        Note(
            id=uuid4(), thread_id=thread.id, author="Ada", content="Colour was wrong in the photo, too.", source="desk"
        )
    )
    add_ticket(session, thread)
    other = add_thread(session, site, language="de")
    say(session, other, "visitor", "Wo ist mein Paket?")
    hand_off(session, other)
    late = add_thread(session, site)
    say(session, late, "visitor", "Do you deliver to Norway?")
    add_ticket(session, late, minutes=-90, priority="urgent")
    review = add_thread(session, site)
    held = add_turn(session, review, phase="reviewing", site=site)
    say(session, review, "visitor", "Can I return it?", held.id)
    _add_documents(session, site)
    _add_nights(session, site)
    session.execute(update(Thread).where(Thread.id == review.id).values(language="en"))
    return thread


def _add_documents(session: Session, site: str) -> None:
    states = (
        ("live", ""),
        ("failed", "The PDF has no text: scan it with OCR, or upload a version with text."),
        ("queued", ""),
    )
    for n, (state, reason) in enumerate(states):
        document = Document(
            id=uuid4(),
            site_id=site,
            source="file",
            locator=f"/docs/{n}.md",
            title=f"Document {n}",
            channels=["*"],
            state=state,
            reason=reason,
            checked_at=datetime.now(UTC) if state != "queued" else None,
        )
        session.add(document)
        session.flush()
        session.add(DocumentEvent(document_id=document.id, state=state, reason=reason))


def _add_nights(session: Session, site: str) -> None:
    """A steady night, one with an alarm, and one that came to nothing."""
    passed = {"value": 0.93, "low": 0.88, "high": 0.97, "n": 150, "better": "higher", "deterministic": True}
    said: tuple[tuple[str, Json], ...] = (
        ("done", {"state": "steady", "alarming": False, "headline": "Nothing is worse.", "why": []}),
        ("done", {"state": "regressed", "alarming": True, "headline": "Worse.", "why": [f"1 case fails: a {MARKUP}"]}),
        ("failed", {"state": "failed", "alarming": True, "headline": "The night came to nothing: disk.", "why": []}),
    )
    for n, (state, verdict) in enumerate(said):
        at = datetime.now(UTC) - timedelta(days=3 - n)
        figures = {"all": {"passed": passed}, "by_tag": {}} if state == "done" else {}
        setup = {"models": ["extractive"]} if state == "done" else {}
        row = EvalRun(id=uuid4(), site_id=site, suite="shop", state=state, setup=setup, figures=figures, started_at=at)
        row.ended_at, row.verdict, row.report = at, verdict, REPORT
        session.add(row)
    session.flush()
