"""`/desk/tickets`: cases that are answered by e-mail; what is due, who has it, and what happened to it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.errors import HandrailError, RoleMissing
from core.models import Site, Staff, StaffRole, Ticket, TicketEvent
from core.models.people import EVERY_SITE
from orchestrator import cases
from orchestrator.tokens import drawer
from web.desk.entry import Visit, acting, seeing
from web.desk.pages import DeskRoute, go, page
from web.desk.proof import web_link
from web.desk.rights import RIGHTS, Right
from web.desk.words import PRIORITIES

SHOWN = 100
HISTORY = 200
NUMBER_MAX = 2**62
STATES = {
    "": ("open", "pending"),
    "open": ("open",),
    "pending": ("pending",),
    "solved": ("solved",),
    "closed": ("closed",),
}

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Reading = Annotated[Visit, Depends(seeing(Right.READ))]
Answering = Annotated[Visit, Depends(acting(Right.ANSWER))]
Text = Annotated[str, Form()]


class NoSuchTicket(cases.TicketNotFound):
    """There is no such ticket, or it is not on one of your sites."""


@router.get("/desk/tickets")
def list_tickets(
    visit: Reading, *, site: str = "", state: str = "", who: str = "", priority: str = "", after: str = ""
) -> Response:
    """Tickets of one's sites: what is due first before what is due later."""
    state = state if state in STATES else ""
    with reading() as session:
        wanted = _wanted(visit, site, state, who, priority)
        count = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        skip = int(after) if after.isdecimal() and len(after) < 7 else 0  # noqa: PLR2004 - nobody leafs so far
        order = (Ticket.due_at.nulls_last(), Ticket.number) if state in {"", "open"} else (Ticket.number.desc(),)
        rows = session.scalars(wanted.order_by(*order).offset(skip).limit(SHOWN)).all()
    given = {"site": site, "state": state, "who": who, "priority": priority}
    more = skip + SHOWN if skip + SHOWN < count else None
    return page(
        visit, "tickets.html", rows=rows, count=count, given=given, more=more, states=STATES, priorities=PRIORITIES
    )


@router.get("/desk/tickets/{number}")
def show_ticket(visit: Reading, number: int) -> Response:
    """One ticket with its history."""
    return _show(visit, number)


@router.post("/desk/tickets/{number}/reply")
def reply(visit: Answering, number: int, text: Text = "") -> Response:
    """Answer the visitor."""
    return _act(visit, number, "replied", lambda session: cases.reply(session, number, visit.person, text), text)


@router.post("/desk/tickets/{number}/assign")
def assign(visit: Answering, number: int, to: Text = "", before: Text = "") -> Response:
    """Give it to somebody, if it is still with whom the page showed."""
    return _act(
        visit,
        number,
        "assigned",
        lambda session: cases.assign(session, number, visit.person, to, instead_of=before or None),
    )


@router.post("/desk/tickets/{number}/solve")
def solve(visit: Answering, number: int) -> Response:
    """The matter is settled."""
    return _act(visit, number, "solved", lambda session: cases.solve(session, number, visit.person))


@router.post("/desk/tickets/{number}/reopen")
def reopen(visit: Answering, number: int) -> Response:
    """It is not settled after all."""
    return _act(visit, number, "reopened", lambda session: cases.reopen(session, number, visit.person))


def _wanted(visit: Visit, site: str, state: str, who: str, priority: str) -> Select[Ticket]:
    wanted = select(Ticket).where(
        Ticket.site_id.in_(visit.chosen_sites(site)),
        Ticket.status.in_(STATES[state]),
        Ticket.thread_id.not_in(cases.TRIALS),
    )
    if who == "me":
        wanted = wanted.where(Ticket.assignee == visit.person.actor)
    elif who == "nobody":
        wanted = wanted.where(Ticket.assignee.is_(None))
    if who == "late":
        wanted = wanted.where(Ticket.due_at < func.now(), Ticket.replied_at.is_(None))
    return wanted.where(Ticket.priority == priority) if priority in PRIORITIES else wanted


def _find(session: Session, visit: Visit, number: int) -> Ticket:
    ticket = cases.find(session, number) if 0 < number < NUMBER_MAX else None
    if ticket is None or not visit.may(Right.READ, ticket.site_id):
        raise NoSuchTicket
    return ticket


def _act(visit: Visit, number: int, done: str, act: Callable[[Session], object], text: str = "") -> Response:
    try:
        with transaction() as session:
            ticket = _find(session, visit, number)
            if not visit.may(Right.ANSWER, ticket.site_id):
                raise RoleMissing
            act(session)
            visit.note(session, f"ticket.{done}", f"ticket:{number}", ticket.site_id)
    except HandrailError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise NoSuchTicket from error
        return _show(visit, number, error=error, text=text)
    return go(f"/desk/tickets/{number}", done="sent" if done == "replied" else "saved")


def _show(visit: Visit, number: int, *, error: HandrailError | None = None, text: str = "") -> Response:
    with transaction() as session:
        ticket = _find(session, visit, number)
        visit.note(session, "ticket.read", f"ticket:{number}", ticket.site_id)
        lines = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.id)
        history = session.scalars(lines.limit(HISTORY)).all()
        site = session.get_one(Site, ticket.site_id)
        people = _answering(session, ticket.site_id)
        opened = drawer(session, ticket.thread_id).opened
    return page(
        visit,
        "ticket.html",
        status=error.status if error else HTTPStatus.OK,
        problem=error.detail if error else "",
        ticket=ticket,
        opened=opened,
        site=site,
        history=history,
        people=people,
        external=web_link(ticket.external_url),
        may_answer=visit.may(Right.ANSWER, ticket.site_id),
        text=text,
        longest=visit.settings.message_max_chars,
    )


def _answering(session: Session, site: str) -> list[tuple[str, str]]:
    """Address and name of everybody who may answer on the site."""
    wanted = select(Staff.email, Staff.name).join(StaffRole, StaffRole.staff_id == Staff.id)
    here = (StaffRole.site_id.in_((site, EVERY_SITE)), StaffRole.role.in_(RIGHTS[Right.ANSWER]))
    rows = session.execute(wanted.where(*here, Staff.disabled_at.is_(None)).distinct().order_by(Staff.name))
    return [(row.email, row.name) for row in rows]
