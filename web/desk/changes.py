"""What waits behind a site's gate, as the desk shows it: which answers would change, and where they were given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Message, StagedDocument
from kb.documents import staging
from orchestrator.people import Person

VERDICTS = {
    "lost": "Answered no more",
    "untrue": "What visitors were told would not be true any more",
    "fails": "A golden case would fail",
    "no worse": "A golden case fails, as it does today",
    "better": "A golden case would pass that fails today",
    "reworded": "Said in other words",
    "same": "The same answer",
}
WORST_FIRST = tuple(VERDICTS)


@dataclass(frozen=True)
class Question:
    """One question of a trial. `where` is the conversation in which a visitor asked it, "" for a golden case."""

    verdict: str
    why: str
    case: str
    where: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """What waits of one document."""

    state: str
    fault: str
    questions: tuple[Question, ...]


def change_of(session: Session, document_id: UUID) -> Change | None:
    """What waits of a document, with the questions that would be answered otherwise first. None where nothing waits."""
    staged = session.get(StagedDocument, document_id)
    if staged is None or staged.draft is None:
        return None
    told = staged.report.get("questions", ())
    threads = _threads(session, [UUID(one["message"]) for one in told if "message" in one])
    questions = sorted((_question(one, threads) for one in told), key=lambda one: WORST_FIRST.index(one.verdict))
    return Change(staged.state, staged.report.get("fault", ""), tuple(questions))


def _threads(session: Session, messages: list[UUID]) -> dict[str, UUID]:
    rows = session.execute(select(Message.id, Message.thread_id).where(Message.id.in_(messages)))
    return {str(row.id): row.thread_id for row in rows}


def _question(told: Mapping[str, Any], threads: Mapping[str, UUID]) -> Question:
    thread = threads.get(told.get("message", ""))
    where = f"/desk/threads/{thread}#m-{told['message']}" if thread else ""
    return Question(told["verdict"], told["why"], told.get("case", ""), where, told["old"], told["new"])


# What can be done with a change that waits. To add one: its word in the address, and what does it.
ACTS: dict[str, Callable[[Session, UUID, Person], None]] = {
    "let-live": lambda session, one, who: staging.let_live(session, one, f"{who.name} let the change live"),
    "throw-away": lambda session, one, who: staging.throw_away(session, one, f"{who.name} threw the change away"),
}
