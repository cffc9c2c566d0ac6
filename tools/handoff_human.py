"""The tool `handoff_human`: a person takes over the conversation."""

from inspect import cleandoc
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Handoff
from tools.handoffs import EXCERPT_MAX, REASON_MAX, queue_handoff
from tools.tool import Arguments, Caller, Output, Tool
from tools.within import within


class Request(Arguments):
    """Why a person is needed."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX)] = Field(
        description="Why a person is needed, in one sentence for the staff."
    )
    transcript_excerpt: Annotated[str, Field(max_length=EXCERPT_MAX)] = Field(
        "", description="The lines of the conversation that matter, word for word."
    )


class Queued(Output):
    """The thread's place in the queue for people."""

    handoff_number: int
    status: str


def run(caller: Caller, request: Request) -> Queued:
    """Fetch a person, who takes over this conversation.

    Use it when the visitor asks for a person, is upset, or has a matter that only staff may decide.
    """
    with within(caller, "The conversation could not be put in the queue just now.") as session:
        handoff = queue_handoff(
            session,
            key=caller.key,
            site_id=caller.site_id,
            thread_id=caller.thread_id,
            reason=request.reason,
            excerpt=request.transcript_excerpt,
        )
        return Queued(handoff_number=handoff.number, status=handoff.status)


def written(session: Session, key: str) -> Queued | None:
    """The handoff under `key`, if it was queued."""
    handoff = session.scalars(select(Handoff).where(Handoff.key == key)).one_or_none()
    return None if handoff is None else Queued(handoff_number=handoff.number, status=handoff.status)


TOOL = Tool("handoff_human", cleandoc(run.__doc__ or ""), Request, Queued, "writes", run, written=written)
