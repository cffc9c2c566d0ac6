"""Who sends what: rows of the outbox are claimed by lease, in database time, and settled by whoever holds the lease.

One destination is sent one thing at a time, the oldest first: a slow one holds one thread, and what it gets is in order
unless an attempt failed. Where people read along (`IN_ORDER`) the rest waits for the one that failed, too. A worker
that dies between the POST and `settle` leaves a lease that ends, and the row is sent again under the same key: things
arrive at least once, and the receiver knows a second time by the key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.models import Outgoing
from core.settings import Settings
from web.outgoing.verdicts import Dead, Later, Sent, Verdict

ONE_AT_A_TIME = 0x0B0C5  # the advisory lock under which rows are claimed; held for a statement or two
MARGIN_S = 5.0  # what a lease lasts longer than an attempt
NOW = func.statement_timestamp()
IN_ORDER = ("slack:",)  # destinations in which nothing passes what was put before it
LOST = "The worker ended during the last attempt: it may have arrived."


@dataclass(frozen=True)
class Claimed:
    """A row that is ours to send until `leased_until`, which is also the token to settle it with."""

    id: int
    key: str
    site_id: str
    destination: str
    kind: str
    body: dict[str, Any]
    attempts: int  # with this one
    leased_until: datetime
    created_at: datetime
    request_id: str = ""  # under which the fact was written

    @property
    def in_order(self) -> bool:
        """True where the rest waits for this one, so that it waits for the other side as long as that is away."""
        return self.destination.startswith(IN_ORDER)


COLUMNS = [getattr(Outgoing, name) for name in Claimed.__dataclass_fields__]


def claim(session: Session, settings: Settings, resting: Iterable[str]) -> Claimed | None:
    """The oldest row that is due, with its attempt counted; none of a destination that rests or is being sent to."""
    session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    oldest = select(Outgoing.id).where(ready(settings, resting)).order_by(Outgoing.due_at, Outgoing.id).limit(1)
    until = NOW + timedelta(seconds=settings.outgoing_seconds + MARGIN_S)
    statement = (
        update(Outgoing)
        .where(Outgoing.id == oldest.with_for_update(skip_locked=True).scalar_subquery())
        .values(attempts=Outgoing.attempts + 1, leased_until=until)
        .returning(*COLUMNS)
    )
    row = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
    return Claimed(*row) if row else None


def ready(settings: Settings, resting: Iterable[str] = ()) -> ColumnElement[bool]:
    """What can be sent now."""
    busy = aliased(Outgoing)
    # NOT IN, not NOT EXISTS: the few that are being sent are looked up once, not for each row that waits.
    in_hand = select(busy.destination).where(busy.state == "pending", busy.leased_until > NOW)
    left = Outgoing.attempts < settings.outgoing_attempts
    awake = Outgoing.destination.not_in(list(resting))
    free = Outgoing.destination.not_in(in_hand)
    return (Outgoing.state == "pending") & (Outgoing.due_at <= NOW) & left & awake & free & _first()


def _first() -> ColumnElement[bool]:
    """Nothing that was put before it waits for the same destination, where that counts."""
    before = aliased(Outgoing)
    same = (before.state == "pending") & (before.destination == Outgoing.destination)
    waits = select(before.id).where(same & (before.id < Outgoing.id)).exists()
    return and_(*(~Outgoing.destination.startswith(name, autoescape=True) for name in IN_ORDER)) | ~waits


def settle(session: Session, claimed: Claimed, verdict: Verdict) -> bool:
    """Write down what came of an attempt; False where the lease has ended and somebody else holds the row."""
    held = (Outgoing.id == claimed.id) & (Outgoing.leased_until == claimed.leased_until)
    match verdict:
        case Sent():
            values: dict[str, Any] = {"state": "sent", "sent_at": NOW, "reason": ""}
        case Later(reason, seconds):
            values = {"due_at": NOW + timedelta(seconds=seconds), "reason": reason}
            if not verdict.counted:  # but it is known that there was one
                values["attempts"] = max(claimed.attempts - 1, 1)
        case Dead(reason):
            values = {"state": "dead", "reason": reason}
    settled = _change(session, held, leased_until=None, **values)
    if isinstance(verdict, Later) and verdict.quiet_s:
        waiting = (Outgoing.destination == claimed.destination) & (Outgoing.state == "pending")
        _change(session, waiting, due_at=func.greatest(Outgoing.due_at, NOW + timedelta(seconds=verdict.quiet_s)))
    return bool(settled)


def bury_the_lost(session: Session, settings: Settings) -> int:
    """Rows whose last attempt nobody settled are dead: something in them may end workers."""
    free = or_(Outgoing.leased_until.is_(None), Outgoing.leased_until < NOW)
    lost = (Outgoing.state == "pending") & (Outgoing.attempts >= settings.outgoing_attempts) & free
    return _change(session, lost, state="dead", reason=LOST)


def revive(session: Session, which: ColumnElement[bool]) -> int:
    """Give dead rows all their attempts again, from now on."""
    fresh = {"state": "pending", "attempts": 0, "due_at": NOW, "leased_until": None}
    return _change(session, (Outgoing.state == "dead") & which, **fresh)


def forget_sent(session: Session, settings: Settings) -> None:
    """Delete what was sent long ago."""
    old = Outgoing.sent_at < NOW - timedelta(days=settings.outgoing_kept_days)
    session.execute(delete(Outgoing).where(Outgoing.state == "sent", old))


def _change(session: Session, which: ColumnElement[bool], **values: Any) -> int:
    statement = update(Outgoing).where(which).values(**values)
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", done).rowcount
