"""`/desk/drafts`: what the agent would say, until somebody approves, edits or refuses it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import DraftNotFound, HandrailError, RoleMissing
from orchestrator import review, tokens
from orchestrator.review import Held
from orchestrator.tokens import Drawer
from web.desk.entry import Visit, acting, seeing
from web.desk.looks import note_look
from web.desk.pages import DeskRoute, go, page
from web.desk.proof import proofs
from web.desk.rights import Right

SHOWN = 50
NOTHING = Drawer()

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Text = Annotated[str, Form()]
Answering = Annotated[Visit, Depends(acting(Right.ANSWER))]


class NoSuchDraft(DraftNotFound):
    """This draft does not wait any more: somebody decided on it, or the visitor wrote again."""


@router.get("/desk/drafts")
def list_drafts(visit: Annotated[Visit, Depends(seeing(Right.READ))], site: str = "") -> Response:
    """The drafts of one's sites, the longest waiting first."""
    return _show(visit, site)


@router.post("/desk/drafts/{name}/approve")
def approve(visit: Answering, name: str, text: Text = "", as_it_is: Text = "") -> Response:
    """Send it, as it is or edited."""
    try:
        with transaction() as session:
            held = _find(session, visit, name)
            words = text.replace("\r\n", "\n").strip()
            shown = tokens.opened(session, held.thread_id, held.text).strip()
            edited = None if as_it_is or words in {held.text.strip(), shown} else words
            review.approve(session, name, visit.person, edited)
            visit.note(session, "draft.approved", f"thread:{held.thread_id}", held.site_id, edited=edited is not None)
    except HandrailError as error:
        return _show(visit, "", error=error, name=name, text=text)
    return go("/desk/drafts", done="approved")


@router.post("/desk/drafts/{name}/refuse")
def refuse(visit: Answering, name: str, reason: Text = "") -> Response:
    """Do not send it; the conversation waits for a person."""
    try:
        with transaction() as session:
            held = _find(session, visit, name)
            review.refuse(session, name, visit.person, reason.strip() or "Refused at the desk.")
            visit.note(session, "draft.refused", f"thread:{held.thread_id}", held.site_id)
    except HandrailError as error:
        return _show(visit, "", error=error)
    return go("/desk/drafts", done="refused")


def _find(session: Session, visit: Visit, name: str) -> Held:
    held = next((one for one in review.drafts(session) if one.name == name), None)
    if held is None or not visit.may(Right.READ, held.site_id):
        raise NoSuchDraft
    if not visit.may(Right.ANSWER, held.site_id):
        raise RoleMissing
    return held


def _show(visit: Visit, site: str, *, error: HandrailError | None = None, name: str = "", text: str = "") -> Response:
    reader = Visit(visit.request, visit.settings, visit.login, Right.READ)
    with transaction() as session:
        sites = reader.chosen_sites(site)
        found = [held for one in sites for held in review.drafts(session, one)]
        found = sorted(found, key=lambda held: held.since)[:SHOWN]
        for held in found:
            note_look(session, reader, "draft.read", held)
        there = tokens.drawers(session, {held.thread_id for held in found})
        proven = proofs(session, [held.turn_id for held in found], {held.turn_id: held.citations for held in found})
    return page(
        visit,
        "drafts.html",
        status=error.status if error else HTTPStatus.OK,
        problem=error.detail if error else "",
        drafts=found,
        proofs=proven,
        site=site,
        opened=lambda held, words: there.get(held.thread_id, NOTHING).opened(words),
        edited={name: text} if error and text else {},
    )
