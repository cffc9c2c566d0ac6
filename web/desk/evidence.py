"""`/desk/threads/{id}/evidence/{message}`: what an answer rests on, looked at again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from core.db import transaction
from core.errors import MessageNotFound
from orchestrator import records
from orchestrator.tokens import drawer
from orchestrator.verifying import verify
from web import proofs
from web.desk.entry import Visit, id_of, seeing
from web.desk.pages import DeskRoute, page
from web.desk.proof import web_link
from web.desk.rights import Right

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Reading = Annotated[Visit, Depends(seeing(Right.READ))]


class AnswerNotFound(MessageNotFound):
    """There is no such answer in this conversation: go back to it and follow the link below the answer."""


@router.get("/desk/threads/{thread_id}/evidence/{message_id}")
def show_evidence(visit: Reading, thread_id: str, message_id: str) -> Response:
    """Verify the answer, and say what has changed since."""
    wanted = id_of(message_id, AnswerNotFound)
    with transaction() as session:
        thread = visit.thread(session, thread_id)
        if records.find(session, wanted).message.thread_id != thread.id:
            raise AnswerNotFound
        found, opened = verify(session, wanted, visit.settings), drawer(session, thread.id).opened
        visit.note(session, "evidence.read", f"message:{found.kept.message.id}", thread.site_id)
    told: dict[str, Any] = {"found": found, "opened": opened, "proofs": proofs, "web_link": web_link}
    return page(visit, "evidence.html", thread_id=thread.id, **told)
