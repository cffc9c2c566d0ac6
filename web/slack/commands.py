"""The slash command `/handrail`: the queue, and what the buttons do, typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import BadRequest, HandoffNotFound, HandrailError
from core.models import Handoff
from core.privacy.tokens import closed
from core.settings import Settings
from orchestrator import audit, desk
from orchestrator.people import LOOKING, Person, roles_on
from web.outgoing.posting import NoAnswer
from web.slack import people, phrases
from web.slack.api import SlackFault, SlackRefused
from web.slack.words import escaped, short, unescaped

HELP = """`/handrail` lists who waits.
`/handrail claim 12` takes a conversation; `/handrail take 12` takes it from somebody else (supervisors).
`/handrail reply 12 Your words` sends your words to the visitor; it must be yours.
`/handrail note 12 Your words` keeps a note among staff.
`/handrail return 12` gives it back to the assistant; `/handrail resolve 12` closes it.
To ask the assistant, mention it in a channel or write to it directly."""
SHOWN = 20


class NumberMissing(BadRequest):
    """Say which conversation: its number stands in its message, as in `/handrail claim 12`."""


@dataclass(frozen=True)
class Typed:
    """What somebody typed after `/handrail`; `trigger` is of this one time."""

    user: str
    trigger: str
    verb: str
    rest: str

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "Typed":
        """From Slack's form. Raises KeyError where it is none."""
        verb, _, rest = unescaped(form["text"]).strip().partition(" ")
        return cls(form["user_id"], form["trigger_id"], verb.lower() or "list", rest.strip())


def act(typed: Typed, settings: Settings) -> str:
    """Do it; what the one who typed it reads."""
    if typed.verb not in VERBS:
        return HELP
    try:
        person = people.find(settings, typed.user)
        if person is None:
            return phrases.NOT_STAFF
        with transaction() as session:
            return VERBS[typed.verb](session, person, typed.rest, f"slack:{typed.trigger}")
    except (NoAnswer, SlackFault, SlackRefused):
        return phrases.AWAY
    except HandrailError as error:
        return escaped(error.detail.replace("handrail desk", "/handrail"))


def _queue(session: Session, person: Person, _: str, __: str) -> str:
    roles: dict[str, bool] = {}
    for site in {found.site_id for found in desk.waiting(session)}:
        roles[site] = bool(roles_on(session, person, site) & LOOKING)
    rows = [found for found in desk.waiting(session) if roles[found.site_id]]
    lines = [_line(found) for found in rows[:SHOWN]]
    more = f"\n… and {len(rows) - SHOWN} more." if len(rows) > SHOWN else ""
    return "\n".join(lines) + more if lines else "Nobody waits. `/handrail help` lists what I can do."


def _line(found: Handoff) -> str:
    who = f"with {found.claimed_by}" if found.claimed_by else found.status
    return f"*{found.number}* · {escaped(found.site_id)} · {escaped(who)} · {escaped(short(closed(found.reason), 120))}"


def _claim(session: Session, person: Person, rest: str, _: str) -> str:
    number, _words = _number(rest)
    _note(session, person, "handoff.claimed", desk.claim(session, number, person))
    return f"{number} is yours: the assistant is silent there now."


def _take(session: Session, person: Person, rest: str, _: str) -> str:
    number, _words = _number(rest)
    _note(session, person, "handoff.taken_over", desk.take_over(session, number, person))
    return f"{number} is yours now."


def _reply(session: Session, person: Person, rest: str, once: str) -> str:
    number, words = _number(rest)
    sent = desk.reply(session, number, person, words, once=once)
    if sent is None:
        return "That went out before."
    _note(session, person, "message.sent", _found(session, number))
    return f"Sent to the visitor of {number}, as {escaped(person.name)}:\n&gt; {escaped(short(words, 2_000))}"


def _give_back(session: Session, person: Person, rest: str, _: str) -> str:
    number, _words = _number(rest)
    desk.give_back(session, number, person)
    _note(session, person, "handoff.returned", _found(session, number))
    return f"The assistant has {number} again."


def _resolve(session: Session, person: Person, rest: str, _: str) -> str:
    number, _words = _number(rest)
    desk.resolve(session, number, person)
    _note(session, person, "handoff.resolved", _found(session, number))
    return f"{number} is resolved."


def _keep_note(session: Session, person: Person, rest: str, once: str) -> str:
    number, words = _number(rest)
    found = _found(session, number)
    if not roles_on(session, person, found.site_id):
        raise HandoffNotFound
    note = desk.note(session, found.thread_id, person, words, source_id=once[:120])
    _note(session, person, "note.kept", found, note=note)
    return f"Kept with {number}, among staff."


VERBS: dict[str, Callable[[Session, Person, str, str], str]] = {
    "list": _queue,
    "claim": _claim,
    "take": _take,
    "reply": _reply,
    "note": _keep_note,
    "return": _give_back,
    "resolve": _resolve,
}


def _number(rest: str) -> tuple[int, str]:
    first, _, words = rest.partition(" ")
    digits = first.lstrip("#")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15:  # noqa: PLR2004 - a bigint has more
        raise NumberMissing
    return int(digits), words.strip()


def _found(session: Session, number: int) -> Handoff:
    found = session.scalars(select(Handoff).where(Handoff.number == number)).one_or_none()
    if found is None:
        raise HandoffNotFound
    return found


def _note(session: Session, person: Person, action: str, found: Handoff, note: UUID | None = None) -> None:
    details = {"handoff": str(found.id)} | ({"note": str(note)} if note else {})
    audit.note(session, person, action, f"thread:{found.thread_id}", found.site_id, details=details)
