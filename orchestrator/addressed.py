"""Where a ticket's answers go: to an address that the visitor gave or has proven, never to one that a model names."""

import json

from sqlalchemy import select

from core.db import reading
from core.log import EMAIL
from core.models import Message
from orchestrator import tokens
from orchestrator.case import Case
from orchestrator.events import Call
from orchestrator.machine import TICKET_TOOL

NOT_THEIRS = "The visitor has not given this address: ask them for theirs, and use it as they write it."
LOOKED_AT = 50  # messages


def addressed_rightly(call: Call, case: Case) -> bool:
    """False for a ticket with an address that is neither proven, nor known, nor written by the visitor in this thread.

    What a page or a file says may steer a model, so its word for an address counts for nothing.
    """
    wanted = str(json.loads(call.arguments).get("email") or "").casefold() if call.tool == TICKET_TOOL else ""
    if not wanted or wanted in {str(known or "").casefold() for known in (case.verified_email, case.contact_email)}:
        return True
    with reading() as session:
        if tokens.is_known(session, case.thread_id, "email", wanted):
            return True
        # Said before addresses were put away.
        said = select(Message.content).where(Message.thread_id == case.thread_id, Message.role == "visitor")
        rows = session.scalars(said.order_by(Message.position.desc()).limit(LOOKED_AT)).all()
    return any(wanted == found.group().casefold() for words in rows for found in EMAIL.finditer(words))
