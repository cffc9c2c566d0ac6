"""The tool `create_ticket`: a support case that people answer by e-mail."""

from inspect import cleandoc
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Ticket
from tools.address import ToldAddress
from tools.tickets import BODY_MAX, SUBJECT_MAX, open_ticket
from tools.tool import Arguments, Caller, Output, Tool
from tools.within import within


class Case(Arguments):
    """What the ticket says."""

    email: ToldAddress = Field(description="Where to answer: the visitor's address, as they gave it.")
    subject: Annotated[str, Field(min_length=1, max_length=SUBJECT_MAX)] = Field(description="The matter in one line.")
    body: Annotated[str, Field(min_length=1, max_length=BODY_MAX)] = Field(
        description="What the visitor needs and what is known so far, in plain text."
    )
    priority: Literal["low", "normal", "high", "urgent"] = Field(
        "normal", description="normal, unless the visitor's words give a reason."
    )


class OpenedTicket(Output):
    """The ticket, under the number by which visitor and staff call it."""

    ticket_number: int
    status: str
    email: str | None


def run(caller: Caller, case: Case) -> OpenedTicket:
    """Open a support ticket that staff answer by e-mail.

    Use it when the question can't be answered here and the visitor wants to be written to. It needs the visitor's
    e-mail address: ask for it first, and never make one up.
    """
    with within(caller, "The ticket could not be opened just now.") as session:
        ticket = open_ticket(
            session,
            key=caller.key,
            site_id=caller.site_id,
            thread_id=caller.thread_id,
            email=case.email,
            subject=case.subject,
            body=case.body,
            priority=case.priority,
        )
        return _shown(ticket)


def written(session: Session, key: str) -> OpenedTicket | None:
    """The ticket under `key`, if it was opened."""
    ticket = session.scalars(select(Ticket).where(Ticket.key == key)).one_or_none()
    return None if ticket is None else _shown(ticket)


def _shown(ticket: Ticket) -> OpenedTicket:
    return OpenedTicket(ticket_number=ticket.number, status=ticket.status, email=ticket.email)


TOOL = Tool(
    "create_ticket",
    cleandoc(run.__doc__ or ""),
    Case,
    OpenedTicket,
    "writes",
    run,
    written=written,
    opens=("email",),
    personal={"email": "email"},
)
