"""What takes letters from the outbox to the mail server: destination "mail:SITE", one letter a row."""

from collections.abc import Callable
from uuid import UUID

import redis
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import bus
from core.errors import Unavailable
from core.models import Message, Site, Thread
from core.settings import Settings
from web.mail.letter import Stamp, message
from web.mail.letters import LETTERS, Desk
from web.mail.smtp import hand_over
from web.outgoing.claims import Claimed
from web.outgoing.posting import Answer

LEFT = Answer(204)  # as if it had been sent, though nothing needed to be: the visitor is here, or a later letter has it
TAKEN = Answer(200)


class Mail:
    """Carries what goes to "mail:SITE"."""

    def pack(self, session: Session, claimed: Claimed, settings: Settings) -> Callable[[], Answer] | None:
        """The letter as the rows are now. Raises MailAddressRefused."""
        site = session.get(Site, claimed.destination.partition(":")[2])
        if site is None or not site.mail_from:
            return None
        make = LETTERS.get(claimed.kind)
        if make is None:
            return None
        letter = make(Desk(session, site, settings), claimed.body)
        thread = claimed.body.get("thread")
        if letter is None or (claimed.kind == "reply" and listening(UUID(thread))):
            return lambda: LEFT
        made = message(letter, Stamp(site.mail_from, claimed.key, UUID(thread) if thread else None))

        def send() -> Answer:
            hand_over(made, settings)
            return TAKEN

        return send

    def arrived(self, session: Session, claimed: Claimed, answer: Answer) -> None:
        """Staff's words that have gone by mail are not mailed again."""
        if claimed.kind == "reply" and answer is TAKEN:
            said = select(Message.position).where(Message.id == UUID(claimed.body["message"])).scalar_subquery()
            mailed = func.greatest(Thread.mailed_position, func.coalesce(said, 0))
            which = Thread.id == UUID(claimed.body["thread"])
            session.execute(update(Thread).where(which).values(mailed_position=mailed))


def listening(thread_id: UUID) -> bool:
    """Whether the thread is open in some browser now. Raises Unavailable where nobody can tell."""
    try:
        (_, listeners), *_ = bus.client().pubsub_numsub(bus.stream_key(thread_id))
    except redis.RedisError as error:
        raise Unavailable("Redis does not answer: nobody knows whether the visitor is still here.") from error
    return int(listeners) > 0


MAIL = Mail()
