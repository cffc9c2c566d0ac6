"""Who of the staff somebody in Slack is: found by the e-mail address that Slack vouches for, then kept."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Note, Staff
from core.settings import Settings
from orchestrator.people import Person
from web.slack.api import SlackApi

LOOK_SECONDS = 1.0  # of the three that Slack waits for an answer


@dataclass(frozen=True)
class Profile:
    """Somebody as Slack knows them; `email` only where Slack has checked it."""

    user: str
    name: str
    email: str

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Profile":
        """From what users.info answers."""
        user = answer.get("user") or {}
        profile = user.get("profile") or {}
        stranger = user.get("deleted") or user.get("is_bot") or user.get("is_stranger")
        sure = not stranger and user.get("is_email_confirmed", True)
        name = profile.get("real_name") or user.get("real_name") or user.get("name") or ""
        return cls(str(user.get("id") or ""), str(name)[:200], str(profile.get("email") or "").lower() if sure else "")


def known(session: Session, user: str) -> Person | None:
    """The member of staff that `user` was found to be, while the account is open. Roles are looked at by each act."""
    query = select(Staff.id, Staff.name).where(Staff.slack_user == user, Staff.disabled_at.is_(None))
    row = session.execute(query).one_or_none()
    return Person(row.id, row.name, f"slack:{user}") if row else None


def meet(session: Session, profile: Profile) -> Person | None:
    """The member of staff whose e-mail address `profile` has, tied to it from now on; None where there is none.

    Whoever is tied already stays so, also to an account that is closed: an address that moves takes no name with it.
    """
    tied = session.scalar(select(Staff.id).where(Staff.slack_user == profile.user))
    if profile.email and profile.user and tied is None:
        free = (func.lower(Staff.email) == profile.email) & Staff.slack_user.is_(None) & Staff.disabled_at.is_(None)
        session.execute(update(Staff).where(free).values(slack_user=profile.user))
    return known(session, profile.user)


def name_author(session: Session, profile: Profile, note: Any) -> None:
    """Put a name to a note that somebody unknown wrote in Slack."""
    person = meet(session, profile)
    if name := person.name if person else profile.name:
        session.execute(update(Note).where(Note.id == note).values(author=name))


def find(settings: Settings, user: str) -> Person | None:
    """Who `user` is, asking Slack where they are new. Raises NoAnswer, SlackFault, SlackRefused, SlackNotSet."""
    with transaction() as session:
        if person := known(session, user):
            return person
    profile = Profile.read(SlackApi(settings, LOOK_SECONDS).ask("users.info", user=user))
    with transaction() as session:
        return meet(session, profile) if profile.user == user else None


def unnamed(user: str) -> Person:
    """Somebody in Slack of whom nothing is known but that they may write in the channel."""
    return Person(None, f"Slack user {user}", f"slack:{user}")
