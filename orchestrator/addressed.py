"""Where a ticket's answers go: to an address that the visitor gave or has proven, never to one that a model names."""

import json

from sqlalchemy import text

from core.db import transaction
from core.log import EMAIL
from core.sealing import places
from orchestrator.case import Case
from orchestrator.events import Call
from orchestrator.machine import TICKET_TOOL

NOT_THEIRS = "The visitor has not given this address: ask them for theirs, and use it as they write it."
SAID = text(
    "SELECT content FROM messages WHERE thread_id = :thread_id AND role = 'visitor' ORDER BY position DESC LIMIT 50"
)


def addressed_rightly(call: Call, case: Case) -> bool:
    """False for a ticket with an address that is neither proven, nor known, nor written by the visitor in this thread.

    What a page or a file says may steer a model, so its word for an address counts for nothing.
    """
    wanted = str(json.loads(call.arguments).get("email") or "").casefold() if call.tool == TICKET_TOOL else ""
    if not wanted or wanted in {str(known or "").casefold() for known in (case.verified_email, case.contact_email)}:
        return True
    with transaction() as session:
        rows = session.scalars(SAID, {"thread_id": case.thread_id})
        said = [places.MESSAGE.open(case.thread_id, words) for words in rows]
    return any(wanted == found.group().casefold() for words in said for found in EMAIL.finditer(words))
