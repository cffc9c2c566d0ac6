"""The visitor's door: session, message, thread, handoff, feedback. Each request is one transaction."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import MessageNotFound
from core.models import Feedback, Message, Thread
from orchestrator import inbox
from orchestrator.tokens import opened_all
from tools.fitted import cleaned
from web import auth, limits, origins, sessions
from web.deps import Bearer, Calling, Chosen, own_thread
from web.schemas import (
    FeedbackGiven,
    FeedbackKept,
    HandoffAsked,
    HandoffMade,
    MessageAccepted,
    MessageSent,
    MessageShown,
    Problem,
    SessionAsked,
    SessionMade,
    ThreadShown,
)

TAG_MAX = 40  # characters
PROBLEMS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "BadRequest: the body can't be read"},
    401: {"model": Problem, "description": "TokenMissing, TokenInvalid, TokenExpired, ApiKeyInvalid, SignatureWrong …"},
    403: {"model": Problem, "description": "OriginRefused: the page is not one of the site's"},
    404: {"model": Problem, "description": "SiteNotFound, ThreadNotFound, MessageNotFound"},
    408: {"model": Problem, "description": "BodyTooSlow"},
    409: {"model": Problem, "description": "Conflict: NoMail, AddressWanted, Replayed …"},
    413: {"model": Problem, "description": "MessageTooLong, BodyTooLarge"},
    415: {"model": Problem, "description": "NotJsonType"},
    422: {"model": Problem, "description": "BadRequest, MessageEmpty, MessageNotText"},
    429: {"model": Problem, "description": "TooManyRequests, with Retry-After"},
    503: {"model": Problem, "description": "Unavailable, with Retry-After"},
}

router = APIRouter(prefix="/api/agent", tags=["visitor"], responses=PROBLEMS)


# `with transaction()` in the body, not `Depends`: a failed commit must be known before the answer is written.


@router.post("/session", openapi_extra={"security": [{}]})  # the token may be missing
def open_session(asked: SessionAsked, request: Request, settings: Chosen, token: Bearer) -> SessionMade:
    """Open a conversation, or renew the token of one."""
    limits.count(request, settings, limits.OPEN)
    origins.check(request, asked.site_id)
    with transaction() as session:
        return sessions.open_session(session, settings, asked, token, now=auth.utc_now())


@router.post("/messages", status_code=HTTPStatus.ACCEPTED)
def send_message(sent: MessageSent, request: Request, visitor: Calling, settings: Chosen) -> MessageAccepted:
    """Accept what the visitor says; the answer comes as events, and into the thread."""
    limits.count(request, settings, limits.TALK, visitor.visitor_id)
    with transaction() as session:
        thread = own_thread(session, visitor, sent.thread_id)
        accepted = inbox.accept(session, thread, sent.user_msg, sent.client_msg_id)
    return MessageAccepted(thread_id=thread.id, message_id=accepted.message_id, turn_id=accepted.turn_id)


@router.get("/thread/{thread_id}")
def show_thread(thread_id: str, request: Request, visitor: Calling, settings: Chosen) -> ThreadShown:
    """The whole conversation, oldest message first."""
    limits.count(request, settings, limits.READ, visitor.visitor_id)
    with transaction() as session:
        thread = own_thread(session, visitor, thread_id)
        return ThreadShown.model_validate(
            {"thread_id": thread.id, "status": thread.status, "messages": _messages(session, thread)}
        )


@router.post("/handoff", status_code=HTTPStatus.ACCEPTED)
def call_person(asked: HandoffAsked, request: Request, visitor: Calling, settings: Chosen) -> HandoffMade:
    """Fetch a person. Works without the brain, and twice is once."""
    limits.count(request, settings, limits.TALK, visitor.visitor_id)
    with transaction() as session:
        thread = own_thread(session, visitor, asked.thread_id)
        handoff_id = inbox.call_person(session, thread, asked.reason or "The visitor asked for a person.")
        session.refresh(thread)
        return HandoffMade.model_validate({"thread_id": thread.id, "handoff_id": handoff_id, "status": thread.status})


@router.post("/feedback")
def give_feedback(given: FeedbackGiven, request: Request, visitor: Calling, settings: Chosen) -> FeedbackKept:
    """Keep a thumb on an answer; a second one replaces the first."""
    limits.count(request, settings, limits.READ, visitor.visitor_id)
    with transaction() as session:
        message = _answer_to(session, visitor, given.message_id)
        tags = [cleaned(tag, TAG_MAX) for tag in given.tags]
        row = {"thumbs": given.thumbs, "tags": tags}
        statement = insert(Feedback).values(message_id=message.id, **row)
        session.execute(statement.on_conflict_do_update(index_elements=[Feedback.message_id], set_=row))
        return FeedbackKept(message_id=message.id, thumbs=given.thumbs, tags=tags)


def _messages(session: Session, thread: Thread) -> list[MessageShown]:
    rows = session.scalars(select(Message).where(Message.thread_id == thread.id).order_by(Message.position)).all()
    said = opened_all(session, [(thread.id, row.content) for row in rows])
    shown = [MessageShown.model_validate(row) for row in rows]
    return [each.model_copy(update={"content": words}) for each, words in zip(shown, said, strict=True)]


def _answer_to(session: Session, visitor: auth.Visitor, message_id: str) -> Message:
    try:
        message = session.get(Message, UUID(message_id))
    except ValueError:
        raise MessageNotFound from None
    if message is None or message.role not in {"agent", "staff"}:
        raise MessageNotFound
    thread = session.get(Thread, message.thread_id)
    if thread is None or (thread.site_id, thread.visitor_id) != (visitor.site_id, visitor.visitor_id):
        raise MessageNotFound
    return message
