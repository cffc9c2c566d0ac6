"""What a helpdesk is told of a ticket, and what each of them is asked: pure, so that a contract is a test's lines."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Access:
    """Where a helpdesk is, and who we are there."""

    url: str  # https://shop.zendesk.com
    user: str
    token: str


@dataclass(frozen=True)
class Case:
    """A ticket as it is now."""

    key: str  # what the helpdesk knows it by, beside its own id: "handrail-1042"
    subject: str
    body: str
    priority: str  # low, normal, high, urgent
    status: str  # open, pending, solved, closed
    email: str  # "" where none is known
    stand_in: str = ""  # our own address there, for a ticket of nobody whose address is known


@dataclass(frozen=True)
class Request:
    """One call: `path` begins with a slash, `body` is JSON."""

    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Known:
    """The ticket in the helpdesk: its id there, and where people see it."""

    id: str
    url: str


class Helpdesk(Protocol):
    """One helpdesk's published API."""

    def authorization(self, access: Access) -> str:
        """The header of this name."""

    def look_up(self, case: Case) -> Request:
        """Is it there already? Asked before it is made a second time: the answer to the first may have been lost."""

    def found(self, said: dict[str, Any], case: Case, access: Access) -> Known | None:
        """What the answer to `look_up` knows."""

    def create(self, case: Case) -> Request:
        """Make it."""

    def created(self, said: dict[str, Any], access: Access) -> Known | None:
        """What the answer to `create` says; None where it says something else."""

    def reply(self, id_: str, words: str) -> Request:
        """Add what staff have told the visitor."""

    def change(self, id_: str, case: Case) -> Request:
        """Have its state, and the visitor's address, be as they are."""

    def remove(self, id_: str) -> Request:
        """Delete it: its visitor's data are deleted."""
