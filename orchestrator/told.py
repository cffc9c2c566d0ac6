"""Ringing for staff: every change of a thread that they see goes through `tell_staff`."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.direct import Statement
from tools import staff_news

# Asked for every message, so it is plain, and one question.
LISTENERS = Statement("""
    SELECT threads.site_id, sites.slack_channel <> '' AS slack,
           threads.channel = 'slack'
               OR EXISTS (SELECT FROM handoffs WHERE thread_id = threads.id AND closed_at IS NULL) AS awaited
    FROM threads JOIN sites ON sites.id = threads.site_id
    WHERE threads.id = :thread_id AND NOT threads.trial
""")


def tell_staff(session: Session, thread_id: UUID, what: str, *, once: str = "", **ids: object) -> None:
    """Tell the live desk of the thread's site, and its Slack channel if it has one, once `session` has committed.

    `what`, and the ids that go with it:

        handoff   handoff           a thread waits, or somebody took it unasked (the queue's own: `tools.handoffs`)
        message   message           somebody said something; Slack hears of it only while a handoff is open, or if
                                        it was Slack where somebody asked
        state     handoff           it was claimed, taken over, returned, resolved, or found overdue
        reminder  handoff           nobody came, or answered: told once for each time that a visitor waits
        note      note              staff wrote to each other, or changed what they wrote
        draft     turn, n           a draft waits for approval, or no longer does
        ticket    ticket            a ticket was opened or changed (`tools.tickets`)
    """
    row = LISTENERS.row(session, thread_id=thread_id)
    if row is not None:  # else it has been deleted, and nobody needs to hear of it any more
        heard = row.slack and (what != "message" or row.awaited)
        staff_news.ring_for(session, row.site_id, thread_id, what, slack=heard, once=once, **ids)
