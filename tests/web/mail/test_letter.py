"""A letter as a message: what visitors write can't break out of its place, and machines know that a machine wrote."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from web.mail.letter import Letter, MailAddressRefused, Said, Stamp, html, message, plain
from web.mail.phrases import LANGUAGES, phrases

SHOP = "Nordlicht <support@shop.example>"
THREAD = UUID(int=7)
LETTER = Letter("ada@example.com", "Hello", ("First.", Said("one\ntwo", who="Ada", when="now")), footer="Why.")


def made(letter: Letter = LETTER, stamp: Stamp | None = None) -> dict[str, str]:
    found = message(letter, stamp or Stamp(SHOP, "key:1", THREAD), now=datetime(2026, 11, 22, tzinfo=UTC))
    return {name: str(value) for name, value in found.items()}


def test_the_head_of_a_letter() -> None:
    heads = made()
    assert heads["From"] == "Nordlicht <support@shop.example>"
    assert heads["To"] == "ada@example.com"
    assert heads["Auto-Submitted"] == "auto-generated"
    assert heads["Date"] == "Sun, 22 Nov 2026 00:00:00 +0000"
    assert heads["References"] == heads["In-Reply-To"] == f"<thread.{THREAD.hex}@shop.example>"
    assert heads["Message-ID"].endswith("@shop.example>")


def test_the_same_row_is_the_same_letter_again_and_another_is_another() -> None:
    assert made()["Message-ID"] == made()["Message-ID"]
    assert made()["Message-ID"] != made(stamp=Stamp(SHOP, "key:2", THREAD))["Message-ID"]


def test_what_a_person_wrote_is_not_marked_as_a_machines() -> None:
    assert "Auto-Submitted" not in made(Letter("ada@example.com", "Hello", (), automatic=False))


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com\nBcc: eve@example.com",
        "ada@example.com, eve@example.com",
        "a" * 400 + "@example.com",
        "no address",
        "",
        "ada@",
        "ada@exa mple.com",
        "<script>@example.com",
    ],
)
def test_what_is_no_one_address_is_refused(to: str) -> None:
    with pytest.raises(MailAddressRefused):
        message(Letter(to, "Hello", ()), Stamp(SHOP, "key:1"))


def test_a_domain_of_other_letters_is_written_in_ascii() -> None:
    assert made(Letter("ada@bücher.example", "Hello", ()))["To"] == "ada@xn--bcher-kva.example"


def test_a_subject_is_one_line_whatever_a_visitor_wrote() -> None:
    heads = made(Letter("ada@example.com", "Hello\r\nBcc: eve@example.com\n\n<b>", ()))
    assert heads["Subject"] == "Hello Bcc: eve@example.com <b>"
    assert "Bcc" not in heads


def test_the_text() -> None:
    assert plain(LETTER) == "First.\n\nAda (now):\n> one\n> two\n\n-- \nWhy.\n"


def test_html_is_words_alone() -> None:
    shown = html(Letter("a@b.example", "<i>", ("<script>alert(1)</script>", Said("<img src=x>", who="<b>")), "ar"))
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "&lt;img src=x&gt;" in shown
    assert 'dir="rtl"' in shown


def test_every_language_fills_in_what_english_fills_in() -> None:
    for name, say in LANGUAGES.items():
        for field, words in vars(say).items():
            wanted = vars(LANGUAGES["en"])[field]
            assert [part in words for part in ("{site}", "{ticket}", "{url}")] == [
                part in wanted for part in ("{site}", "{ticket}", "{url}")
            ], (name, field)
    assert phrases("de-AT")[0] == "de"
    assert phrases("ja")[0] == "en"
