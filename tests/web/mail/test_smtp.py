"""Handing letters to a real mail server: what it refuses for good, what may go better later, and one that hangs."""

import socket
import time
from email.message import EmailMessage

import pytest

from core.settings import Settings
from tests.web.mail.conftest import Certificate
from tests.web.mail.post_office import post_office
from web.mail.letter import Letter, Stamp, message
from web.mail.smtp import MailRefused, NoMailServer, hand_over
from web.outgoing.posting import NoAnswer

LATE = 10.0  # machines are busy; a server that never answers is waited for 0.5 s


def letter() -> EmailMessage:
    return message(Letter("ada@example.com", "Grüße", ("Schöne Grüße.",)), Stamp("shop@shop.example", "k"))


def test_a_letter_arrives_as_it_was_written() -> None:
    with post_office() as office:
        hand_over(letter(), office.settings())
    (got,) = office.letters
    assert got["Subject"] == "Grüße"
    text, html = got.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert "Schöne Grüße." in html.get_content()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 No such mailbox", MailRefused),
        ("450 Greylisted, come back", NoAnswer),
        ("552 Full", MailRefused),
    ],
)
def test_a_recipient_who_is_refused(answer: str, error: type[Exception]) -> None:
    with post_office() as office:
        office.to_recipients = [answer]
        with pytest.raises(error, match=answer[:3]):
            hand_over(letter(), office.settings())
    assert office.letters == []


@pytest.mark.parametrize(("answer", "error"), [("554 Spam", MailRefused), ("451 Later", NoAnswer)])
def test_a_letter_that_is_refused(answer: str, error: type[Exception]) -> None:
    with post_office() as office:
        office.to_data = [answer]
        with pytest.raises(error, match=answer[4:]):
            hand_over(letter(), office.settings())


def test_a_server_that_wants_tls_and_a_password(certificate: Certificate, trusted: None) -> None:
    known = {"smtp_security": "starttls", "smtp_user": "shop"}
    with post_office(tls_context=certificate.context, require_starttls=True, auth_required=True) as office:
        office.password = "right"
        hand_over(letter(), office.settings(**known, smtp_password="right"))
        with pytest.raises(NoAnswer, match="HANDRAIL_SMTP"):
            hand_over(letter(), office.settings(**known, smtp_password="wrong"))
    assert office.logins[0] == ("shop", "right")
    assert len(office.letters) == 1


def test_nothing_is_said_in_the_clear_where_tls_is_wanted() -> None:
    with post_office() as office, pytest.raises(NoAnswer):
        hand_over(letter(), office.settings(smtp_security="starttls", smtp_user="shop", smtp_password="right"))
    assert office.logins == []
    assert office.letters == []


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Certificate) -> None:
    with (
        post_office(tls_context=certificate.context) as office,
        pytest.raises(NoAnswer, match="SSLCertVerificationError"),
    ):
        hand_over(letter(), office.settings(smtp_security="starttls"))
    assert office.letters == []


def test_a_server_that_never_answers_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings.model_validate(
            {"smtp_host": "127.0.0.1", "smtp_port": silent.getsockname()[1], "smtp_seconds": 0.5}
        )
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"broke off|did not answer"):
            hand_over(letter(), settings)
        assert time.monotonic() - began < LATE


def test_a_server_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    settings = Settings.model_validate({"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_seconds": 0.5})
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        hand_over(letter(), settings)


def test_without_a_server_it_says_what_to_set() -> None:
    with pytest.raises(NoMailServer, match="HANDRAIL_SMTP_HOST"):
        hand_over(letter(), Settings(smtp_host=""))
