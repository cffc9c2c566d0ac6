"""Carrying events out: in the order in which they came for each thing, each in one short transaction.

Nothing here waits for anybody outside: an event says *that* something changed, and the indexer reads what it is now. So
of many events about one thing only the newest is of any weight, and an older one never undoes a newer.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from core.db import transaction
from core.errors import HandrailError, Unavailable
from core.log import get_logger
from core.models import WebhookEvent
from web.webhooks.acts import act

log = get_logger(__name__)

ATTEMPTS = 6
FIRST_WAIT = timedelta(seconds=2)  # each next one four times as long


def carry_out(most: int = 200) -> int:
    """Settle at most `most` waiting events. Returns how many were."""
    for count in range(most):
        if not carry_out_one():
            return count
    return most


def carry_out_one() -> bool:
    """Settle the oldest event that is due and has none before it; False where there is none."""
    with transaction() as session:
        event = session.scalars(_next()).one_or_none()
        if event is None:
            return False
        try:
            with session.begin_nested():
                stale = _stale(session, event)
                note = stale or act(session, event)
        except Unavailable as error:
            _try_later(event, error.detail)
        except HandrailError as error:
            _settle(event, "dead", error.detail)
        except Exception:  # a poison event: the others must flow
            session.refresh(event)
            log.exception("webhook_event_broke", event_id=str(event.id))
            _try_later(event, "An internal error: the log has the cause.")
        else:
            _settle(event, "ignored" if stale else "done", note)
    return True


def waiting(session: Session) -> int:
    """How many events wait."""
    return session.scalar(select(func.count()).where(WebhookEvent.state == "pending")) or 0


def revive(session: Session, which: ColumnElement[bool]) -> int:
    """Have dead events carried out again, from the start. Returns how many."""
    rows = session.scalars(select(WebhookEvent).where(WebhookEvent.state == "dead", which).with_for_update()).all()
    for event in rows:
        event.state, event.reason, event.attempts, event.due_at = "pending", "", 0, func.now()
    return len(rows)


def _next() -> Select[WebhookEvent]:
    earlier = aliased(WebhookEvent)
    first = (
        select(earlier.id)
        .where(
            earlier.state == "pending",
            earlier.site_id == WebhookEvent.site_id,
            earlier.subject == WebhookEvent.subject,
            earlier.position < WebhookEvent.position,
        )
        .exists()
    )
    due = (WebhookEvent.state == "pending") & (WebhookEvent.due_at <= func.now()) & ~first
    return select(WebhookEvent).where(due).order_by(WebhookEvent.position).limit(1).with_for_update(skip_locked=True)


def _stale(session: Session, event: WebhookEvent) -> str:
    """Why `event` needs not be carried out; "" where it must be."""
    other = aliased(WebhookEvent)
    newer = select(other.state).where(
        other.site_id == event.site_id,
        other.source == event.source,
        other.subject == event.subject,
        other.id != event.id,
        other.state.in_(["pending", "done"]),
        (other.occurred_at > event.occurred_at)
        | ((other.occurred_at == event.occurred_at) & (other.position > event.position)),
    )
    return "A newer event about the same thing came." if session.scalar(newer.limit(1)) else ""


def _settle(event: WebhookEvent, state: str, reason: str) -> None:
    event.state, event.reason, event.done_at = state, reason, func.now()
    event.attempts += 1


def _try_later(event: WebhookEvent, reason: str) -> None:
    event.attempts += 1
    event.reason = reason
    if event.attempts >= ATTEMPTS:
        event.state, event.done_at = "dead", func.now()
    else:
        event.due_at = func.now() + FIRST_WAIT * 4 ** (event.attempts - 1)
