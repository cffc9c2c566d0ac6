"""A message left for the team: a ticket with the visitor's own words, when nobody could take them at once."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Thread, Ticket
from orchestrator import tokens
from orchestrator.case import lock_thread
from orchestrator.inbox import checked
from orchestrator.messages import say
from tools.tickets import SUBJECT_MAX, open_ticket

TAKEN = "Your message is with our team as ticket {number}. A person answers by e-mail to {email}."


def leave_message(session: Session, thread: Thread, *, name: str, email: str, question: str, client_msg_id: str) -> int:
    """Keep the words in `thread` and open a ticket for them, once per `client_msg_id`; the ticket's number.

    No turn begins: a person answers. Raises MessageEmpty, MessageTooLong, MessageNotText.
    """
    words, key = checked(question), f"left:{thread.id}:{client_msg_id}"
    lock_thread(session, thread.id)
    words = tokens.put_away(session, thread.id, words)
    address = tokens.tokens_for(session, thread.id, [("email", email)])["email", email]
    if say(session, thread.id, "visitor", words, client_msg_id=client_msg_id) is None:
        return session.scalars(select(Ticket.number).where(Ticket.key == key)).one()
    ticket = open_ticket(
        session,
        key=key,
        site_id=thread.site_id,
        thread_id=thread.id,
        email=email,
        subject=words.split("\n", 1)[0][:SUBJECT_MAX],
        body=f"{name} <{address}> left a message:\n\n{words}",
        priority="normal",
    )
    say(session, thread.id, "system", TAKEN.format(number=ticket.number, email=address))
    return ticket.number
