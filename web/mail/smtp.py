"""Handing a message to the mail server. What it refuses for good is told from what may go better later."""

import smtplib
import ssl
from email.message import EmailMessage
from functools import lru_cache

from core.errors import HandrailError, SettingsRefused
from core.settings import Settings
from web.outgoing.posting import NoAnswer

FOR_GOOD = 500


class MailRefused(HandrailError):
    """The mail server does not take this message."""


class NoMailServer(SettingsRefused):
    """No mail leaves: HANDRAIL_SMTP_HOST is not set."""


def hand_over(made: EmailMessage, settings: Settings) -> None:
    """Give `made` to the mail server. Raises NoMailServer, MailRefused, and NoAnswer for what may go better later."""
    if not settings.smtp_host:
        raise NoMailServer
    try:
        with _connected(settings) as server:
            _log_in(server, settings)
            server.send_message(made)
    except smtplib.SMTPException as error:
        raise _told(error) from error
    except OSError as error:
        raise NoAnswer(f"The mail server {settings.smtp_host} did not answer ({type(error).__name__}).") from error


def _connected(settings: Settings) -> smtplib.SMTP:
    context = trusted()
    where = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(*where, timeout=settings.smtp_seconds, context=context)
    server = smtplib.SMTP(*where, timeout=settings.smtp_seconds)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Checks the mail server's certificate."""
    return ssl.create_default_context()  # the system's authorities: a mail server is often one's own


def _log_in(server: smtplib.SMTP, settings: Settings) -> None:
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password.get_secret_value())


def _told(error: smtplib.SMTPException) -> HandrailError:
    """What the server's answer means for this message. A wrong password is mended by people: the message waits."""
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError):
        return NoAnswer(f"The mail server does not let us in: check HANDRAIL_SMTP_*. It says: {_words(error)}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _by_code(code, said)
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, error.smtp_error)
    return NoAnswer(f"The mail server broke off: {type(error).__name__}.")


def _by_code(code: int, said: bytes | str) -> HandrailError:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    words = "".join(filter(str.isprintable, words))[:200]
    return (MailRefused if code >= FOR_GOOD else NoAnswer)(f"The mail server answered {code}: {words}")


def _words(error: smtplib.SMTPException) -> str:
    said = getattr(error, "smtp_error", b"") or str(error)
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return "".join(filter(str.isprintable, words))[:200]
