"""What else the channel is shown: evidence, reminders, tickets, the desk's notes; and the commands that set it up."""

import json

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from brain.scripted import Scripted
from core.db import transaction
from core.models import Handoff, Site, Staff, Thread
from core.settings import get_settings
from ops.cli import app
from orchestrator import inbox, notes
from orchestrator.people import Person
from orchestrator.told import tell_staff
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE
from tests.orchestrator.test_turn import ANSWER, SEARCH, Hand
from tests.web.slack import CHANNEL, Rig, rig
from tools.tickets import open_ticket

__all__ = ["rig"]


def run(*line: str) -> str:
    result = CliRunner().invoke(app, list(line))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_evidence_is_what_the_journal_says(rig: Rig) -> None:
    with transaction() as session:
        thread = inbox.open_thread(session, SITE, "web")
        inbox.accept(session, thread, "How long can I return it?", "m1")
    patient = get_settings().model_copy(update={"turn_seconds": 60.0})
    take_turn(thread.id, World(patient, (Scripted([SEARCH, ANSWER]),), (Hand().tool(),)))
    with transaction() as session:
        handoff = inbox.call_person(session, session.get_one(Thread, thread.id), "They want a person.")
    rig.settle()
    shown = rig.head(handoff).shown
    query = json.loads(SEARCH.calls[0].arguments)["query"]
    assert f"*Searched:* “{query}”" in shown
    assert "*Cited:* " in shown
    assert "*Tried:* search_kb: 1 passage" in shown
    below = rig.there.below(rig.head(handoff))[0].shown
    assert below.index("How long can I return it?") < below.index("60 days")


def test_the_channel_is_reminded_below_the_head_and_in_the_channel(rig: Rig) -> None:
    head = rig.waiting()
    with transaction() as session:
        tell_staff(session, rig.row(head).thread_id, "reminder", handoff=rig.row(head).id)
    rig.settle()
    reminder = rig.there.below(head)[-1]
    assert reminder.broadcast
    assert "Nobody has taken" in reminder.shown


def test_a_ticket_is_one_post_that_changes(rig: Rig) -> None:
    head = rig.waiting()
    with transaction() as session:
        thread_id = rig.row(head).thread_id
        ticket = open_ticket(
            session,
            key="t",
            site_id=SITE,
            thread_id=thread_id,
            email=None,
            subject="Torn <!here>",
            body="",
            priority="high",
        )
        tell_staff(session, thread_id, "ticket", ticket=ticket.id)
        number = ticket.number
    rig.settle()
    posts = [one for one in rig.there.below(head) if f"Ticket *{number}*" in one.shown]
    assert len(posts) == 1
    assert posts[0].pings == []
    with transaction() as session:
        tell_staff(session, thread_id, "ticket", ticket=ticket.id, once="again")
    rig.settle()
    assert posts[0].edited > 0


def test_a_note_of_the_desks_is_shown_changed_and_taken_away(rig: Rig) -> None:
    head = rig.waiting()
    ada = rig.session.scalars(select(Staff).where(Staff.name == "Ada")).one()
    with transaction() as session:
        author = Person(ada.id, "Ada", ada.email)
        notes.note(session, rig.row(head).thread_id, author, "Call *him*", source_id="desk:1")
    rig.settle()
    shown = rig.there.below(head)[-1]
    assert "Note by *Ada*" in shown.shown
    assert "internal" in shown.shown
    with transaction() as session:
        notes.change(session, "desk:1", "Call her")
    rig.settle()
    assert "Call her" in shown.shown
    with transaction() as session:
        notes.withdraw(session, "desk:1")
    rig.settle()
    assert shown not in rig.there.messages


@pytest.mark.parametrize("channel", ["C404", "CPRIVATE"])
def test_a_channel_that_the_app_is_not_in_is_refused(rig: Rig, channel: str) -> None:
    rig.there.add_channel("CPRIVATE")
    rig.there.channels["CPRIVATE"]["members"].clear()
    result = CliRunner().invoke(app, ["site", "slack", SITE, channel])
    assert result.exit_code != 0
    assert rig.session.scalars(select(Site.slack_channel)).one() == CHANNEL


def test_a_site_shows_its_fault_until_it_is_set_again(rig: Rig) -> None:
    assert f"Slack {CHANNEL}" in run("site", "list")
    rig.session.execute(update(Site).values(slack_fault="The channel is gone."))
    rig.session.commit()
    assert "The channel is gone." in run("site", "list")
    assert rig.client.get("/readyz").json()["degraded"] == {f"slack:{SITE}": "The channel is gone."}
    handoff = rig.waits("Still there?")
    rig.settle()
    assert rig.there.messages == []
    assert "had not arrived" in run("site", "slack", SITE, CHANNEL)
    rig.settle()
    assert "Still there?" in rig.head(handoff).shown
    assert rig.client.get("/readyz").json()["degraded"] == {}


def test_without_a_channel_nothing_leaves_for_slack(rig: Rig) -> None:
    assert "not shown" in run("site", "slack", SITE, "")
    rig.waits()
    rig.settle()
    assert rig.outbox() == []
    assert rig.session.scalars(select(Handoff)).one().status == "waiting"


def test_the_manifest_is_printed_for_an_address() -> None:
    assert "https://help.shop.example/slack/events" in run("slack", "manifest", "https://help.shop.example")
