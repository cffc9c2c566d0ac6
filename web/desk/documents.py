"""`/admin/agent/kb`: what a site knows; states with their reasons, retries, pauses, uploads."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import Response
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.errors import BadRequest, DocumentNotFound, HandrailError, RoleMissing
from core.models import Document, DocumentEvent, Site
from kb.documents import registering, staging, steering
from kb.documents.overview import overview
from kb.loaders import LOADERS
from web.desk import changes, uploads
from web.desk.entry import Visit, acting, id_of, seeing
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import Right

SHOWN = 100
HISTORY = 100
STATES = ("queued", "fetching", "extracting", "embedding", "live", "failed", "removed", "cancelled")

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Seeing = Annotated[Visit, Depends(seeing(Right.SEE_DOCUMENTS))]
Changing = Annotated[Visit, Depends(acting(Right.CHANGE_DOCUMENTS))]
Text = Annotated[str, Form(max_length=2000)]
Act = Callable[[Session, str, UUID | None], int]

# What can be done with one document, or with all of a site's. To add one: its word in the address, and what does it.
ACTS: dict[str, Act] = {
    "retry": steering.retry,
    "reindex": steering.reindex,
    "cancel": steering.cancel,
    "pause": steering.pause,
    "resume": lambda session, site, one: steering.pause(session, site, one, paused=False),
}


class NoSuchDocument(DocumentNotFound):
    """There is no such document, or it is not on one of your sites."""


@router.get("/admin/agent/kb")
def list_documents(visit: Seeing, site: str = "", state: str = "", q: str = "", after: str = "") -> Response:
    """The documents of one site, with what is wrong first in words and then one by one."""
    return _show(visit, site, state=state, q=q, after=after)


@router.get("/admin/agent/kb/documents/{document_id}")
def show_document(visit: Seeing, document_id: str) -> Response:
    """One document and its history."""
    with reading() as session:
        document = _find(session, visit, document_id)
        lines = select(DocumentEvent).where(DocumentEvent.document_id == document.id)
        history = session.scalars(lines.order_by(DocumentEvent.id.desc()).limit(HISTORY)).all()
        change = changes.change_of(session, document.id)
    may_change = visit.may(Right.CHANGE_DOCUMENTS, document.site_id)
    told: dict[str, Any] = {"document": document, "history": history, "change": change, "verdicts": changes.VERDICTS}
    return page(visit, "document.html", may_change=may_change, **told)


@router.post("/admin/agent/kb/upload")
def upload(
    visit: Changing, file: Annotated[UploadFile, File()], site: Text = "", title: Text = "", url: Text = ""
) -> Response:
    """Take a document: it is kept, registered, and read by a worker."""
    try:
        _check(visit, site)
        with transaction() as session:
            source = uploads.keep(visit.settings, site, file.filename or "", file.file, title=title, url=url)
            made = registering.register(session, site_id=site, source=source)
            visit.note(session, "document.uploaded", f"document:{made.id}", site)
    except HandrailError as error:
        return _show(visit, site, error=error)
    return go(f"/admin/agent/kb/documents/{made.id}", done="queued")


@router.post("/admin/agent/kb/{act}")
def act_on_all(visit: Changing, act: str, site: Text = "") -> Response:
    """Do it with all documents of a site."""
    _check(visit, site)
    with transaction() as session:
        count = _named(act)(session, site, None)
        visit.note(session, f"documents.{act}", "", site, count=count)
    return go(f"/admin/agent/kb?site={site}", done="saved")


@router.post("/admin/agent/kb/documents/{document_id}/{act}")
def act_on_one(visit: Changing, document_id: str, act: str) -> Response:
    """Do it with one document."""
    with transaction() as session:
        document = _find(session, visit, document_id)
        if not visit.may(Right.CHANGE_DOCUMENTS, document.site_id):
            raise RoleMissing
        if act == "remove":
            registering.remove(
                session, site_id=document.site_id, locator=document.locator, reason="removed at the desk"
            )
        elif act in changes.ACTS:
            changes.ACTS[act](session, document.id, visit.person)
        else:
            _named(act)(session, document.site_id, document.id)
        visit.note(session, f"document.{act}", f"document:{document.id}", document.site_id)
    return go(f"/admin/agent/kb/documents/{document_id}", done="saved")


def _named(act: str) -> Act:
    if act not in ACTS:
        raise NoSuchDocument("There is no such thing to do with a document: go back and use the buttons.")
    return ACTS[act]


def _check(visit: Visit, site: str) -> None:
    if not visit.may(Right.SEE_DOCUMENTS, site):
        raise BadRequest("Choose one of your sites.")
    if not visit.may(Right.CHANGE_DOCUMENTS, site):
        raise RoleMissing


def _find(session: Session, visit: Visit, document_id: str) -> Document:
    found = session.get(Document, id_of(document_id, NoSuchDocument))
    if found is None or not visit.may(Right.SEE_DOCUMENTS, found.site_id):
        raise NoSuchDocument
    return found


def _show(
    visit: Visit, site: str, *, state: str = "", q: str = "", after: str = "", error: HandrailError | None = None
) -> Response:
    reader = Visit(visit.request, visit.settings, visit.login, Right.SEE_DOCUMENTS)
    chosen = next(iter(reader.chosen_sites(site)), "")
    with reading() as session:
        found = session.get(Site, chosen) if chosen else None
        rows = _rows(session, chosen, state, q, after)
        about = overview(session, found) if found else None
        waiting = staging.waiting(session, chosen)
    return page(
        visit,
        "documents.html",
        status=error.status if error else HTTPStatus.OK,
        problem=error.detail if error else "",
        site=chosen,
        about=about,
        gate=found.gate if found else "off",
        waiting=waiting,
        rows=rows[:SHOWN],
        more=rows[SHOWN - 1].locator if len(rows) > SHOWN else "",
        given={"state": state, "q": q},
        states=STATES,
        sites=reader.sites,
        may_change=visit.may(Right.CHANGE_DOCUMENTS, chosen),
        kinds=sorted({suffix for loader in LOADERS for suffix in loader.suffixes}),
    )


def _rows(session: Session, site: str, state: str, q: str, after: str) -> list[Document]:
    wanted = select(Document).where(Document.site_id == site, Document.locator > after)
    wanted = wanted.where(Document.state == state if state in STATES else Document.state != "removed")
    if words := q.strip().lower().replace("\x00", ""):
        places = (func.lower(Document.title), func.lower(Document.locator), func.lower(Document.url))
        wanted = wanted.where(or_(*(place.contains(words, autoescape=True) for place in places)))
    return list(session.scalars(wanted.order_by(Document.locator).limit(SHOWN + 1)))
