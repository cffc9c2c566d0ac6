"""How a destination's things leave. To add one: write its file, add it here under what its destinations begin with."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy.orm import Session

from core.settings import Settings
from web.helpdesk.carrier import HELPDESK
from web.mail.carrier import MAIL
from web.outgoing.claims import Claimed
from web.outgoing.notices import NOTICES
from web.outgoing.posting import Answer
from web.slack.carrier import SLACK

Parcel = Callable[[], Answer]  # sends it once, with no transaction open; raises a HandrailError where nothing came back


class Carrier(Protocol):
    """What one kind of destination knows how to do."""

    def pack(self, session: Session, claimed: Claimed, settings: Settings) -> Parcel | None:
        """What sends it, with all that it needs read by now; None where there is nowhere to send it any more.

        Raises a HandrailError where it must not be sent as it is set: that is its end.
        """

    def arrived(self, session: Session, claimed: Claimed, answer: Answer) -> None:
        """Write down what the other side said of it, in the transaction that settles it as sent."""


CARRIERS: dict[str, Carrier] = {"notices": NOTICES, "mail": MAIL, "helpdesk": HELPDESK, "slack": SLACK}


def carrier_of(destination: str) -> Carrier | None:
    """Of "notices:SITE" the one for notices."""
    return CARRIERS.get(destination.partition(":")[0])
