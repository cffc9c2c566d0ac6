"""When people are there, as a site's owner sets it and as visitors are told; and the terminal's desk."""

from datetime import datetime

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from core import db
from core.errors import BadRequest, HandoffNotFound
from core.models import Message, Note, Site, Thread
from orchestrator import inbox
from tests.orchestrator.test_turn import play_with, shop
from tests.web.client import Guest
from tools.hours import HoursRefused
from web.cli import make_cli

__all__ = ["shop"]  # a fixture

SITE = "demo-test"


def handrail(*arguments: str) -> Result:
    return CliRunner().invoke(make_cli(), list(arguments))


def hours_of(site_id: str = SITE) -> dict[str, object]:
    with db.transaction() as session:
        return session.get_one(Site, site_id).hours


@pytest.mark.usefixtures("shop")
def test_hours_are_set_shown_and_taken_away() -> None:
    assert handrail("site", "hours", SITE).output == "Somebody is always there.\n"
    spans = ("--open", "mon-fri 09:00-17:00", "--open", "sat 10:00-12:00", "--open", "2026-12-24 09:00-11:00")
    shown = handrail("site", "hours", SITE, "--zone", "Europe/Berlin", *spans, "--closed", "2026-12-25").output
    assert shown.startswith("Europe/Berlin\nmon  09:00-17:00\n")
    assert "2026-12-25  closed" in shown
    assert hours_of()["dates"] == {"2026-12-24": [["09:00", "11:00"]], "2026-12-25": []}
    assert [line[:3] for line in shown.splitlines()[1:7]] == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert handrail("site", "hours", SITE, "--always").output == "Somebody is always there.\n"
    assert hours_of() == {}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (("--zone", "Mars"), HoursRefused),
        (("--open", "mon 09:00-17:00"), HoursRefused),
        (("--zone", "UTC", "--open", "mon-someday 09:00-17:00"), BadRequest),
        (("--zone", "UTC", "--open", "monday 09:00-17:00"), HoursRefused),
        (("--zone", "UTC", "--open", "mon"), HoursRefused),
        (("--zone", "UTC", "--open", "mon 9-17"), HoursRefused),
        (("--zone", "UTC", "--closed", "Christmas"), HoursRefused),
    ],
)
def test_hours_that_are_none_change_nothing(given: tuple[str, ...], refused: type[Exception]) -> None:
    assert isinstance(handrail("site", "hours", SITE, *given).exception, refused)
    assert hours_of() == {}


@pytest.mark.usefixtures("shop")
def test_a_site_waits_as_long_as_it_says() -> None:
    assert "2.5 minutes" in handrail("site", "wait", SITE, "2.5").output
    assert "10 minutes" in handrail("site", "wait", SITE).output
    assert handrail("site", "wait", SITE, "0").exit_code == 2


@pytest.mark.usefixtures("shop")
def test_the_terminal_takes_notes_and_takes_over() -> None:
    play = play_with(())
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, play.thread), "button")
    for words in (("claim", "1"), ("note", "1", "Looks angry."), ("take-over", "1")):
        handrail("desk", *words, "--as", "Ben" if words[0] == "take-over" else "Ana")
    with db.transaction() as session:
        assert session.scalars(select(Note.author)).one() == "Ana"
        joined = session.scalars(select(Message.content).where(Message.role == "system").order_by(Message.position))
        assert list(joined) == ["Ana has joined the conversation.", "Ben has joined the conversation."]
    shown = handrail("desk", "show", "1").output
    assert "(note) Ana: Looks angry." in shown
    assert "with Ben" in shown
    assert isinstance(handrail("desk", "note", "7", "Hm").exception, HandoffNotFound)


def test_a_visitor_is_told_whether_people_are_there(guest: Guest) -> None:
    asked = {"site_id": SITE}
    made = guest.client.post("/api/agent/session", json=asked).json()
    assert made["people"] == {"open": True, "opens_at": None}
    with db.transaction() as session:
        never = {"zone": "UTC", "days": {}, "dates": {}}
        session.execute(update(Site).where(Site.id == SITE).values(hours=never))
    assert guest.client.post("/api/agent/session", json=asked).json()["people"] == {"open": False, "opens_at": None}
    with db.transaction() as session:
        once = never | {"dates": {f"{datetime.now().year + 1}-01-01": [["09:00", "10:00"]]}}  # noqa: DTZ005
        session.execute(update(Site).where(Site.id == SITE).values(hours=once))
    people = guest.client.post("/api/agent/session", json=asked).json()["people"]
    assert people["open"] is False
    assert datetime.fromisoformat(people["opens_at"]).utcoffset() is not None
