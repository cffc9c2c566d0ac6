"""`/desk/threads/{id}`: one conversation, and what staff do with it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandoffClosed, HandrailError
from core.models import Handoff, Thread
from orchestrator import desk, notes
from orchestrator.tokens import drawer
from web.desk.conversation import conversation
from web.desk.entry import Visit, acting, seeing
from web.desk.looks import note_look
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import Right

LEAVING = frozenset({"returned", "resolved"})  # after which one goes back to the queue

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Reading = Annotated[Visit, Depends(seeing(Right.READ))]
Answering = Annotated[Visit, Depends(acting(Right.ANSWER))]
Taking = Annotated[Visit, Depends(acting(Right.TAKE))]
Text = Annotated[str, Form()]


@router.get("/desk/threads/{thread_id}")
def show_thread(visit: Reading, thread_id: str, before: int | None = None) -> Response:
    """The conversation, live."""
    return _show(visit, thread_id, before=before)


@router.post("/desk/threads/{thread_id}/claim")
def claim(visit: Answering, thread_id: str) -> Response:
    """Take the conversation that waits."""
    return _act(visit, thread_id, "claimed", lambda session, handoff: desk.claim(session, handoff, visit.person))


@router.post("/desk/threads/{thread_id}/take")
def take(visit: Taking, thread_id: str) -> Response:
    """Step in: into a conversation that the assistant has, or that a colleague has."""
    try:
        with transaction() as session:
            thread = visit.thread(session, thread_id)
            handoff = _standing(session, thread)
            before = thread.owner or ""
            if handoff is None:
                desk.take(session, thread.id, visit.person)
            else:
                desk.take_over(session, handoff.id, visit.person)
            visit.note(session, "handoff.taken", f"thread:{thread.id}", thread.site_id, before=before)
    except HandrailError as error:
        return _refused(visit, thread_id, error)
    return go(f"/desk/threads/{thread_id}", done="claimed")


@router.post("/desk/threads/{thread_id}/reply")
def reply(visit: Answering, thread_id: str, text: Text = "", once: Text = "") -> Response:
    """Send words to the visitor; a form that is sent twice says them once."""
    return _act(
        visit,
        thread_id,
        "sent",
        lambda session, handoff: desk.reply(session, handoff, visit.person, text, once=once),
        text=text,
    )


@router.post("/desk/threads/{thread_id}/note")
def note(visit: Answering, thread_id: str, note: Text = "") -> Response:
    """Keep a note for colleagues."""
    try:
        with transaction() as session:
            thread = visit.thread(session, thread_id)
            notes.note(session, thread.id, visit.person, note)
            visit.note(session, "note.written", f"thread:{thread.id}", thread.site_id)
    except HandrailError as error:
        return _refused(visit, thread_id, error, noted=note)
    return go(f"/desk/threads/{thread_id}", done="noted")


@router.post("/desk/threads/{thread_id}/return")
def give_back(visit: Answering, thread_id: str) -> Response:
    """Have the assistant answer again."""
    return _act(visit, thread_id, "returned", lambda session, handoff: desk.give_back(session, handoff, visit.person))


@router.post("/desk/threads/{thread_id}/resolve")
def resolve(visit: Answering, thread_id: str) -> Response:
    """The question is settled."""
    return _act(visit, thread_id, "resolved", lambda session, handoff: desk.resolve(session, handoff, visit.person))


def _act(
    visit: Visit, thread_id: str, done: str, act: Callable[[Session, UUID], object], *, text: str = ""
) -> Response:
    """Do it with the thread's open handoff; what goes wrong is said on the page, with what was typed still there."""
    try:
        with transaction() as session:
            thread = visit.thread(session, thread_id)
            handoff = _standing(session, thread)
            if handoff is None:
                raise HandoffClosed
            act(session, handoff.id)
            visit.note(session, f"handoff.{done}", f"thread:{thread.id}", thread.site_id, handoff=handoff.number)
    except HandrailError as error:
        return _refused(visit, thread_id, error, text=text)
    return go("/desk" if done in LEAVING else f"/desk/threads/{thread_id}", done=done)


def _standing(session: Session, thread: Thread) -> Handoff | None:
    wanted = select(Handoff).where(Handoff.thread_id == thread.id, Handoff.closed_at.is_(None))
    return session.scalars(wanted).one_or_none()


def _refused(visit: Visit, thread_id: str, error: HandrailError, *, text: str = "", noted: str = "") -> Response:
    if error.status == HTTPStatus.NOT_FOUND:
        raise error
    return _show(visit, thread_id, error=error, text=text, noted=noted)


def _show(
    visit: Visit,
    thread_id: str,
    *,
    before: int | None = None,
    error: HandrailError | None = None,
    text: str = "",
    noted: str = "",
) -> Response:
    with transaction() as session:
        reader = Visit(visit.request, visit.settings, visit.login, Right.READ)
        thread = reader.thread(session, thread_id)
        note_look(session, reader, "thread.read", thread)
        opened = drawer(session, thread.id).opened
        found = conversation(session, thread, before)
    return page(
        visit,
        "thread.html",
        status=error.status if error else HTTPStatus.OK,
        problem=error.detail if error else "",
        found=found,
        opened=opened,
        mine=thread.owner == visit.person.key,
        may_answer=visit.may(Right.ANSWER, thread.site_id),
        may_take=visit.may(Right.TAKE, thread.site_id),
        may_erase=visit.may(Right.ERASE, thread.site_id),
        text=text,
        noted=noted,
        once=uuid4().hex,
        longest=visit.settings.message_max_chars,
        before=before,
    )
