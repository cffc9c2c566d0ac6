"""The visitor's conversation, to take along: as a page, as JSON, or by mail."""

from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.errors import Conflict
from core.models import Message, Site, Thread, Visitor
from orchestrator import tokens
from orchestrator.messages import as_json
from tools import letters
from tools.address import normal
from web import limits
from web.auth import Visitor as Caller
from web.chat import PROBLEMS
from web.deps import Calling, Chosen, own_thread
from web.mail.conversation import page
from web.schemas import TranscriptAsked, TranscriptSent

NAME = "conversation"

router = APIRouter(prefix="/api/agent", tags=["visitor"], responses=PROBLEMS)


class NoMail(Conflict):
    """This site sends no mail: download the conversation instead."""


class AddressWanted(Conflict):
    """No e-mail address is known: give one."""


@router.get("/thread/{thread_id}/transcript", response_class=Response)
def download(
    thread_id: str,
    request: Request,
    visitor: Calling,
    settings: Chosen,
    form: Annotated[Literal["html", "json"], Query(alias="format")] = "html",
) -> Response:
    """The conversation as a file."""
    limits.count(request, settings, limits.READ, visitor.visitor_id)
    with reading() as session:
        thread = own_thread(session, visitor, thread_id)
        answer = HTMLResponse(page(session, thread)) if form == "html" else JSONResponse(_as_json(session, thread))
    answer.headers["Content-Disposition"] = f'attachment; filename="{NAME}.{form}"'
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    return answer


@router.post("/transcript", status_code=HTTPStatus.ACCEPTED)
def send(asked: TranscriptAsked, visitor: Calling, settings: Chosen, request: Request) -> TranscriptSent:
    """Send the conversation by mail: to the address that is given, or to the one that is known."""
    with transaction() as session:
        thread = own_thread(session, visitor, asked.thread_id)
        to = asked.email or _known(session, visitor)
        if not to:
            raise AddressWanted
        # An open door for mail to anybody is shut: few letters to one address, from one visitor, from one place.
        limits.count_hour(request, settings, limits.LETTER, visitor.visitor_id, also=normal(to))
        site = session.get_one(Site, thread.site_id)
        if not (settings.smtp_host and site.mail_from):
            raise NoMail
        letters.transcript(session, thread.site_id, thread.id, to, _key(session, thread, to))
    return TranscriptSent(email=to)


def _key(session: Session, thread: Thread, to: str) -> str:
    """The same conversation goes to the same address once."""
    newest = select(Message.id).where(Message.thread_id == thread.id).order_by(Message.position.desc()).limit(1)
    return f"{session.scalar(newest)}:{sha256(normal(to).encode()).hexdigest()[:16]}"


def _known(session: Session, caller: Caller) -> str | None:
    visitor = session.get_one(Visitor, caller.visitor_id)
    return visitor.verified_email or visitor.contact_email


def _as_json(session: Session, thread: Thread) -> dict[str, Any]:
    rows = session.scalars(select(Message).where(Message.thread_id == thread.id).order_by(Message.position))
    drawer = tokens.drawer(session, thread.id)
    said = [as_json(row) | {"content": drawer.opened(row.content)} for row in rows]
    return {"thread_id": str(thread.id), "site_id": thread.site_id, "messages": said}
