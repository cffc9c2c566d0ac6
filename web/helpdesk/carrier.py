"""What takes tickets from the outbox to the site's helpdesk: destination "helpdesk:SITE"."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import HandrailError, Unavailable
from core.models import Message, Site, Ticket
from core.privacy.tokens import closed, tokens_in
from core.settings import Settings
from web.helpdesk.case import Access, Case, Helpdesk, Known, Request
from web.helpdesk.freshdesk import Freshdesk
from web.helpdesk.zendesk import Zendesk
from web.mail.letter import Letter, Said, Stamp, message
from web.mail.smtp import hand_over
from web.outgoing.claims import Claimed
from web.outgoing.destinations import checked
from web.outgoing.posting import Answer, Call, call

READ_BYTES = 256 * 1024
MAILBOX = "mail"
DONE = Answer(200)
GONE = frozenset({404, 410})
KNOWN = "known"
ELSEWHERE = "\n\nWhat stands in [brackets] the visitor wrote; it is kept at {where}."
HELPDESKS: dict[str, Helpdesk] = {"zendesk": Zendesk(), "freshdesk": Freshdesk()}
"""To add one: write its file, add it here."""


class NotThereYet(Unavailable):
    """The ticket is not in the helpdesk yet: this follows it."""


class HelpdeskStrange(HandrailError):
    """The helpdesk took the ticket and did not say under which number: look there whether it is the right address."""


@dataclass(frozen=True)
class Line:
    """One way to one helpdesk."""

    helpdesk: Helpdesk
    access: Access
    settings: Settings

    def ask(self, request: Request, key: str = "") -> Answer:
        """One call. Raises AddressRefused, HostUnknown, NoAnswer."""
        private = self.settings.outgoing_private_hosts
        url = checked(f"{self.access.url}{request.path}", private)
        body = b"" if request.body is None else json.dumps(request.body, ensure_ascii=False).encode()
        headers = {"Authorization": self.helpdesk.authorization(self.access), "Accept": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        made = Call(request.method, url, body, headers, READ_BYTES)
        return call(made, seconds=self.settings.outgoing_seconds, private_hosts=private)


class Helpdesks:
    """Carries what goes to "helpdesk:SITE"."""

    def pack(self, session: Session, claimed: Claimed, settings: Settings) -> Callable[[], Answer] | None:
        """The ticket as it is now. Raises NotThereYet, MailAddressRefused."""
        site = session.get(Site, claimed.destination.partition(":")[2])
        gone = claimed.kind == "gone"
        ticket = None if gone else session.get(Ticket, UUID(claimed.body["ticket"]))
        if site is None or not site.helpdesk or (ticket is None and not gone):
            return None
        if ticket is None:
            return _removal(site, claimed, settings)
        case = _case(ticket, site.helpdesk.get("user", ""), settings.public_url.rstrip("/"))
        if site.helpdesk["kind"] == MAILBOX:
            return _letter(site, case, claimed, settings)
        line = _line_to(site, settings)
        if claimed.kind == "opened":
            return lambda: _open(line, case, claimed)
        if not ticket.external_id:
            raise NotThereYet
        said = session.get(Message, UUID(claimed.body["message"])) if "message" in claimed.body else None
        id_, helpdesk = ticket.external_id, line.helpdesk
        if claimed.kind == "replied":
            words = closed(said.content) if said else ""
            return (lambda: line.ask(helpdesk.reply(id_, words), claimed.key)) if said else None
        return lambda: line.ask(helpdesk.change(id_, case), claimed.key)

    def arrived(self, session: Session, claimed: Claimed, answer: Answer) -> None:
        """Keep under which number the helpdesk has it."""
        known = answer.said.get(KNOWN)
        if claimed.kind == "gone":
            return
        ticket = session.get(Ticket, UUID(claimed.body["ticket"]))
        if isinstance(known, Known) and ticket is not None:
            ticket.external_id, ticket.external_url = known.id, known.url


def _line_to(site: Site, settings: Settings) -> Line:
    access = Access(site.helpdesk["url"], site.helpdesk.get("user", ""), site.helpdesk_token)
    return Line(HELPDESKS[site.helpdesk["kind"]], access, settings)


def _removal(site: Site, claimed: Claimed, settings: Settings) -> Callable[[], Answer] | None:
    """What deletes a case there, whose ticket is no more here."""
    if site.helpdesk["kind"] == MAILBOX:
        return None
    line, stand_in = _line_to(site, settings), site.helpdesk.get("user", "")
    case = Case(f"handrail-{claimed.body['number']}", "", "", "", "", "", stand_in)
    return lambda: _remove(line, case, claimed)


def _remove(line: Line, case: Case, claimed: Claimed) -> Answer:
    """Delete it under the number that the helpdesk gave it, which nobody may have heard yet. Gone already is gone."""
    id_ = claimed.body["external"]
    if not id_:
        answer = line.ask(line.helpdesk.look_up(case))
        if answer.status != DONE.status:
            return answer
        known = line.helpdesk.found(answer.said, case, line.access)
        if known is None:
            return DONE
        id_ = known.id
    answer = line.ask(line.helpdesk.remove(id_), claimed.key)
    return DONE if answer.status in GONE else answer


def _open(line: Line, case: Case, claimed: Claimed) -> Answer:
    """Make it, unless an earlier attempt did and nobody heard the answer."""
    if claimed.attempts > 1:
        answer = line.ask(line.helpdesk.look_up(case))
        if answer.status != DONE.status:
            return answer
        if known := line.helpdesk.found(answer.said, case, line.access):
            return replace(answer, said={KNOWN: known})
    answer = line.ask(line.helpdesk.create(case), claimed.key)
    if not DONE.status <= answer.status < 300:  # noqa: PLR2004 - every 2xx
        return answer
    made = line.helpdesk.created(answer.said, line.access)
    if made is None:
        raise HelpdeskStrange
    return replace(answer, said={KNOWN: made})


def _case(ticket: Ticket, stand_in: str, desk_url: str) -> Case:
    """Without what the visitor wrote of themselves beyond where to answer: that is at the desk."""
    key, where = f"handrail-{ticket.number}", f"{desk_url}/desk/tickets/{ticket.number}"
    more = ELSEWHERE.format(where=where if desk_url else "the desk") if tokens_in(ticket.body) else ""
    subject, body = closed(ticket.subject), closed(ticket.body) + more
    return Case(key, subject, body, ticket.priority, ticket.status, ticket.email or "", stand_in)


def _letter(site: Site, case: Case, claimed: Claimed, settings: Settings) -> Callable[[], Answer] | None:
    """For a helpdesk that reads mail. It answers the visitor itself, so only new tickets go there."""
    if claimed.kind != "opened":
        return lambda: DONE
    if not site.mail_from:
        return None
    facts = f"{case.key}, priority {case.priority}, from {case.email or 'nobody whose address is known'}"
    letter = Letter(site.helpdesk["url"], f"[{site.name}] {case.subject}", (facts, Said(case.body)))
    made = message(letter, Stamp(site.mail_from, claimed.key, None))
    if case.email:
        made["Reply-To"] = case.email

    def send() -> Answer:
        hand_over(made, settings)
        return DONE

    return send


HELPDESK = Helpdesks()
