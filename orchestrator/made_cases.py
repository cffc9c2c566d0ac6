"""A conversation becomes a golden case: what was said up to one answer, and what should come of it the next time.

It is kept without what is personal, in the form that golden sets have, and goes when its conversation goes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import BadRequest, Conflict, MessageNotFound
from core.models import Document, EvalCase, Feedback, Message, Thread, Turn
from core.models.sealed import owned
from core.privacy.cleaning import clean, find
from core.privacy.needed import CONTACTS
from core.privacy.tokens import parts, replaced, with_tokens
from orchestrator.people import Person

MOST_SAID = 20  # messages of one case
# In the place of what is personal; nobody has these, and a reader sees that.
STAND_INS = {"email": "visitor{n}@example.org", "phone": "+44 20 7946 0{n:03}", "order": "HR-{n:04}"}
STAND_IN = re.compile(r"visitor\d+@example\.org|\+44 20 7946 0\d{3}|HR-\d{4}")
WRITTEN_OUT = 500  # numbers of what was not put away as a token
OUTCOMES = ("answered", "abstained", "handed_off", "ticketed")


class CaseEmpty(BadRequest):
    """A visitor disliked this answer, so it is no model: say what should stand in it, cite, or come of it."""


class CaseWrong(BadRequest):
    """This can't be judged: an outcome is answered, abstained, handed_off or ticketed."""


class CaseKnown(Conflict):
    """There is a case of this answer already."""


@dataclass(frozen=True)
class Wanted:
    """What a good answer has; what is empty is taken from the answer that was given."""

    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # names of documents
    outcome: str = ""
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is said of the answer."""
        return not (self.must or self.must_not or self.sources or self.outcome)


def make_case(session: Session, message_id: UUID, person: Person, wanted: Wanted | None = None) -> EvalCase:
    """Keep the conversation up to this answer as a case of its site.

    Raises MessageNotFound, CaseEmpty, CaseWrong, CaseKnown.
    """
    answer, wanted = session.get(Message, message_id), wanted or Wanted()
    if answer is None or answer.role != "agent" or answer.turn_id is None:
        raise MessageNotFound("There is no such answer of the assistant: copy its id from the conversation.")
    if wanted.outcome and wanted.outcome not in OUTCOMES:
        raise CaseWrong
    feedback = session.get(Feedback, message_id)
    if feedback is not None and feedback.thumbs == "down" and wanted.empty:
        raise CaseEmpty
    thread = session.get_one(Thread, answer.thread_id)
    row = {
        "site_id": thread.site_id,
        "thread_id": thread.id,
        "message_id": message_id,
        "case": owned(thread.id, _case(session, thread, answer, wanted)),
        "made_by": person.actor,
    }
    made = insert(EvalCase).values(**row).on_conflict_do_nothing().returning(EvalCase.id)
    case_id = session.scalars(made).one_or_none()
    if case_id is None:
        raise CaseKnown
    return session.get_one(EvalCase, case_id)


def cases_of(session: Session, site_id: str) -> Sequence[EvalCase]:
    """The cases that were made of a site's conversations, the oldest first."""
    return session.scalars(select(EvalCase).where(EvalCase.site_id == site_id).order_by(EvalCase.created_at)).all()


def redacted(words: str) -> str:
    """`words` with stand-ins for addresses, telephone and order numbers, and marks for what nobody may keep."""
    words = replaced(clean(words).text, lambda stands: _stand_in(*parts(stands)))
    kept = [found.span() for found in STAND_IN.finditer(words)]
    others = [
        one for one in find(words, CONTACTS) if not any(one.start < end and start < one.end for start, end in kept)
    ]
    spans = ((one.start, one.end, _stand_in(one.kind, WRITTEN_OUT + n)) for n, one in enumerate(others))
    return with_tokens(words, spans)


def _stand_in(kind: str, n: int) -> str:
    return STAND_INS[kind].format(n=n)


def _case(session: Session, thread: Thread, answer: Message, wanted: Wanted) -> dict[str, Any]:
    case: dict[str, Any] = {
        "id": f"made-{answer.id.hex[:12]}",
        "tags": ["made"],
        "note": redacted(wanted.note),
        "say": [{"words": words} for words in _said(session, answer)],
        "expect": _expect(session, answer, wanted),
    }
    if thread.channel in {"email", "slack"}:
        case["channel"] = thread.channel
    return case


def _said(session: Session, answer: Message) -> list[str]:
    spoken = select(Message.content).where(
        Message.thread_id == answer.thread_id, Message.role == "visitor", Message.position < answer.position
    )
    said = session.scalars(spoken.order_by(Message.position.desc()).limit(MOST_SAID)).all()
    if not said:
        raise MessageNotFound("Nothing was asked before this message: choose one that answers something.")
    return [redacted(words) for words in reversed(said)]


def _expect(session: Session, answer: Message, wanted: Wanted) -> dict[str, Any]:
    turn = session.get_one(Turn, answer.turn_id)
    outcome = wanted.outcome or (turn.outcome if wanted.empty and turn.outcome in OUTCOMES else "")
    sources = wanted.sources or (_cited(session, answer) if wanted.empty else ())
    expect: dict[str, Any] = {}
    if outcome:
        expect["outcome"] = [outcome]
    for name, given in (("sources", sources), ("must", wanted.must), ("must_not", wanted.must_not)):
        if given:
            expect[name] = list(given) if name == "sources" else [[redacted(one)] for one in given]
    return expect


def _cited(session: Session, answer: Message) -> tuple[str, ...]:
    ids = {UUID(each["doc_id"]) for each in answer.citations}
    locators = session.scalars(select(Document.locator).where(Document.id.in_(ids)))
    return tuple(sorted({PurePosixPath(locator).name for locator in locators}))
