"""Callers for the tests: somebody in a thread, signed in or not."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core.models import Thread, Visitor
from tools.tool import Caller


def stranger(site_id: str = "demo-test", *, verified: str | None = None, told: str | None = None) -> Caller:
    """A caller with no rows behind it, for tools that only read."""
    turn = uuid4()
    return Caller(site_id, "widget", uuid4(), uuid4(), turn, f"{turn}:c1", verified, told)


def seated(session: Session, site_id: str) -> Caller:
    """A caller whose visitor and thread are in the database."""
    visitor = Visitor(site_id=site_id)
    session.add(visitor)
    session.flush()
    thread = Thread(site_id=site_id, visitor_id=visitor.id, channel="widget")
    session.add(thread)
    session.flush()
    turn: UUID = uuid4()
    return Caller(site_id, "widget", thread.id, visitor.id, turn, f"{turn}:c1")
