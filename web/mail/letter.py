"""A letter, and how it becomes a message in text and HTML. What a visitor wrote never reaches a header unchecked."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from jinja2 import Environment, PackageLoader

from core.addresses import PROGRAM
from core.errors import BadRequest
from tools.address import well_formed

SUBJECT_CHARS = 160
NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<bare>[^<>]*)>")
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa"})


class MailAddressRefused(BadRequest):
    """This is no address that mail can be sent to: check its spelling."""


@dataclass(frozen=True)
class Said:
    """Somebody's words, as they stand in a letter: `who` said them, `when`, if that is known."""

    text: str
    who: str = ""
    when: str = ""


@dataclass(frozen=True)
class Letter:
    """What leaves: plain paragraphs, and in their midst what somebody said."""

    to: str
    subject: str
    parts: tuple[str | Said, ...]
    language: str = "en"
    automatic: bool = True  # nobody wrote it just now: no machine should answer it (RFC 3834)
    footer: str = ""


@dataclass(frozen=True)
class Stamp:
    """Who sends it, and by which names other letters call it. The same `key` gives the same Message-ID again."""

    sender: str  # "Shop <support@shop.example>"
    key: str
    thread_id: UUID | None = None

    @property
    def message_id(self) -> str:
        """A name of its own for the receiver, who may get a letter twice."""
        return f"<{sha256(self.key.encode()).hexdigest()[:32]}@{self._domain}>"

    @property
    def thread(self) -> str:
        """What all letters about one conversation refer to; "" where it is about none."""
        return f"<thread.{self.thread_id.hex}@{self._domain}>" if self.thread_id else ""

    @property
    def _domain(self) -> str:
        return address(self.sender).domain


def message(letter: Letter, stamp: Stamp, *, now: datetime | None = None) -> EmailMessage:
    """The message, with a text and an HTML part. Raises MailAddressRefused."""
    made = EmailMessage(policy=SMTP)
    made["From"] = address(stamp.sender)
    made["To"] = address(letter.to)
    made["Subject"] = " ".join(letter.subject.split())[:SUBJECT_CHARS]
    made["Date"] = format_datetime(now or datetime.now(UTC))
    made["Message-ID"] = stamp.message_id
    if stamp.thread:
        made["In-Reply-To"] = made["References"] = stamp.thread
    made["Content-Language"] = letter.language
    made["X-Mailer"] = PROGRAM
    if letter.automatic:
        made["Auto-Submitted"] = "auto-generated"
    made.set_content(plain(letter))
    made.add_alternative(html(letter), subtype="html")
    return made


def address(given: str) -> Address:
    """`given`, with or without a name, as a header may hold it; the domain in ASCII. Raises MailAddressRefused."""
    named = NAMED.fullmatch(given)
    name, bare = (named["name"].strip('" '), named["bare"]) if named else ("", given)
    if not well_formed(bare) or not given.isprintable():
        raise MailAddressRefused
    local = bare.rpartition("@")[0]
    try:
        return Address(display_name=name, username=local, domain=_ascii_domain(bare))
    except ValueError as error:  # the library is stricter here and there
        raise MailAddressRefused from error


def _ascii_domain(bare: str) -> str:
    try:
        return bare.rpartition("@")[2].encode("idna").decode().lower()
    except UnicodeError as error:
        raise MailAddressRefused from error


def plain(letter: Letter) -> str:
    """The letter as text."""
    parts = [part if isinstance(part, str) else _quoted(part) for part in letter.parts]
    return "\n\n".join([*parts, *(["-- \n" + letter.footer] if letter.footer else [])]) + "\n"


def _quoted(said: Said) -> str:
    head = " ".join(filter(None, (said.who, f"({said.when})" if said.when else "")))
    lines = [f"> {line}".rstrip() for line in said.text.splitlines()]
    return "\n".join([f"{head}:", *lines] if head else lines)


def html(letter: Letter) -> str:
    """The letter as HTML: words only, every one of them escaped, nothing fetched from anywhere."""
    direction = "rtl" if letter.language in RIGHT_TO_LEFT else "ltr"
    parts = [{"text": part} if isinstance(part, str) else vars(part) | {"said": True} for part in letter.parts]
    shown = {"parts": parts, "footer": letter.footer, "language": letter.language, "direction": direction}
    return _layout().get_template("letter.html").render(subject=letter.subject, **shown)


@lru_cache(maxsize=1)
def _layout() -> Environment:
    return Environment(loader=PackageLoader("web.mail", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True)
