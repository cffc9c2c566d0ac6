"""A mail server on a real port: it keeps what it takes, and answers as it is told to."""

import asyncio
import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from core.settings import Settings


@dataclass
class PostOffice:
    """What has come, and what it answers at each step: "" takes it."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    to_recipients: list[str] = field(default_factory=list)  # one answer each, then all are taken
    to_data: list[str] = field(default_factory=list)
    password: str = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Take the recipient, or say why not."""
        if self.to_recipients:
            return self.to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the letter."""
        if self.to_data:
            return self.to_data.pop(0)
        parsed = email.message_from_bytes(cast("bytes", envelope.content), policy=email.policy.default)
        self.letters.append(parsed)
        return "250 OK"

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, given: Any) -> AuthResult:
        """One password is right."""
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password.decode() == self.password, handled=False)

    def settings(self, **more: Any) -> Settings:
        """Settings that send here."""
        given = {"smtp_host": "127.0.0.1", "smtp_port": self.port, "smtp_security": "none", "smtp_seconds": 5.0}
        return Settings.model_validate(given | more)


class Opened(Controller):
    """A controller that knows which port it got."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def post_office(**more: Any) -> Iterator[PostOffice]:
    """A mail server that runs until the end of the block."""
    office = PostOffice()
    controller = Opened(office, hostname="127.0.0.1", port=0, authenticator=office.authenticate, **more)
    controller.start()
    office.port = controller.port
    try:
        yield office
    finally:
        controller.stop()
