"""What a visitor may do beside talking: see what the site offers, leave a message, have everything deleted."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from core.db import reading, transaction
from orchestrator.erasing import erase
from orchestrator.leaving import leave_message
from tools.hours import is_open, opens_at
from web import auth, limits
from web.chat import PROBLEMS
from web.deps import Calling, Chosen, find_site, own_thread
from web.schemas import DataErased, MessageLeft, MessageTaken, People, SiteId, SiteOffer

OFFER_SECONDS = 60  # for which browsers and caches keep it

router = APIRouter(prefix="/api/agent", tags=["visitor"], responses=PROBLEMS)


@router.get("/about/{site_id}")
def offer(site_id: SiteId, request: Request, response: Response, settings: Chosen) -> SiteOffer:
    """What the chat offers at this hour: asked once, when it is opened. Without a token, and the same for everybody."""
    limits.count(request, settings, limits.READ)
    with reading() as session:
        site = find_site(session, site_id)
        hours, sends_mail = site.hours, bool(settings.smtp_host and site.mail_from)
    now = auth.utc_now()
    response.headers["Cache-Control"] = f"public, max-age={OFFER_SECONDS}"
    people = People(open=is_open(hours, now), opens_at=opens_at(hours, now)) if hours else None
    return SiteOffer(people=people, transcript_by_email=sends_mail)


@router.post("/contact", status_code=HTTPStatus.ACCEPTED)
def leave(left: MessageLeft, request: Request, visitor: Calling, settings: Chosen) -> MessageTaken:
    """Leave a message for the team, to be answered by e-mail. Works without the brain."""
    limits.count(request, settings, limits.TALK, visitor.visitor_id)
    with transaction() as session:
        thread = own_thread(session, visitor, left.thread_id)
        number = leave_message(
            session, thread, name=left.name, email=left.email, question=left.question, client_msg_id=left.client_msg_id
        )
    return MessageTaken(ticket_number=number)


@router.delete("/data")
def delete_data(request: Request, visitor: Calling, settings: Chosen) -> DataErased:
    """Delete all that the visitor has said here, and what came of it, for good; also while an answer is on its way."""
    limits.count(request, settings, limits.READ, visitor.visitor_id)
    with transaction() as session:
        receipt, _ = erase(session, visitor.site_id, visitor.visitor_id)
    return DataErased(receipt=receipt)
