"""Who may do what: rights by role, and the sites on which one person has each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.models.people import EVERY_SITE

ROLES = ("agent", "supervisor", "auditor", "admin")

EVERYONE = frozenset(ROLES)
ANSWERING = frozenset({"agent", "supervisor", "admin"})
LEADING = frozenset({"supervisor", "admin"})
WATCHING = frozenset({"supervisor", "auditor", "admin"})
ADMINS = frozenset({"admin"})


class Right(StrEnum):
    """One thing that somebody may do on a site."""

    READ = "read"  # queue, conversations, drafts, tickets, search
    ANSWER = "answer"  # claim, reply, note, return, resolve, decide drafts, work on tickets
    TAKE = "take"  # a conversation that nobody waits in, or that somebody else has
    ERASE = "erase"  # a conversation, or all that is known of its visitor
    SEE_DOCUMENTS = "see documents"
    CHANGE_DOCUMENTS = "change documents"
    SEE_FIGURES = "see figures"  # tools, breakers, the day's figures, the judge's nights
    ACCEPT = "accept"  # a night of the judge's as the new usual
    AUDIT = "audit"  # who saw and did what
    SEE_STAFF = "see staff"
    CHANGE_STAFF = "change staff"


# An auditor sees everything and acts on nothing.
RIGHTS: Mapping[Right, frozenset[str]] = {
    Right.READ: EVERYONE,
    Right.ANSWER: ANSWERING,
    Right.TAKE: LEADING,
    Right.ERASE: LEADING,
    Right.SEE_DOCUMENTS: EVERYONE,
    Right.CHANGE_DOCUMENTS: LEADING,
    Right.SEE_FIGURES: WATCHING,
    Right.ACCEPT: LEADING,
    Right.AUDIT: frozenset({"auditor", "admin"}),
    Right.SEE_STAFF: frozenset({"auditor", "admin"}),
    Right.CHANGE_STAFF: ADMINS,
}


@dataclass(frozen=True)
class Roles:
    """One person's roles by site id ("*": on every site), and all sites that there are, with their names."""

    by_site: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)

    def sites(self, right: Right) -> tuple[str, ...]:
        """The sites on which the person has `right`."""
        return tuple(site for site in self.names if self.may(right, site))

    def may(self, right: Right, site: str) -> bool:
        """Whether the person has `right` on `site`; of a role on all sites and one on this, both count."""
        return any(role in RIGHTS[right] for role in (self.by_site.get(site), self.by_site.get(EVERY_SITE)))

    def anywhere(self, right: Right) -> bool:
        """Whether the person has `right` on some site, or on all there will ever be."""
        return any(role in RIGHTS[right] for role in self.by_site.values())

    def rules(self, right: Right, others: Iterable[str]) -> bool:
        """Whether the person has `right` wherever somebody else with a role on `others` has one."""
        return all(self.may(right, site) for site in others)
