"""Half a number that Slack has shown already: once the other half comes, every post that quotes it is put right."""

from sqlalchemy import select

from core.db import transaction
from core.models import Message
from orchestrator import inbox
from tests.web.slack import ADA, CHANNEL, Rig, rig

__all__ = ["rig"]
FIRST, REST = "My card is 4111 1111", "1111 1111"


def shown(rig: Rig) -> str:
    """All that stands in Slack."""
    return "\n".join(one.shown + one.text for one in rig.there.messages)


def test_it_goes_from_every_post_that_quotes_it(rig: Rig) -> None:
    head = rig.waiting("Hello there")
    rig.says(rig.row(head).id, FIRST)
    rig.settle()
    assert shown(rig).count("4111 1111") >= 2, "in the message's post and in the head's last words"
    posts = len(rig.there.messages)
    rig.says(rig.row(head).id, REST)
    rig.settle()
    assert "4111" not in shown(rig)
    assert "[part of a number removed]" in shown(rig)
    assert len(rig.there.messages) > posts
    assert {state for _, state, _ in rig.outbox()} == {"sent"}


def test_what_was_said_before_staff_came_is_put_right_too(rig: Rig) -> None:
    """The first post below the head shows the conversation so far."""
    head = rig.waiting(FIRST)
    rig.people.presses(ADA, head, "claim")
    rig.settle()
    first = rig.there.below(head)[0]
    assert "4111 1111" in first.shown
    rig.says(rig.row(head).id, REST)
    rig.settle()
    assert "4111" not in shown(rig)
    assert first.edited > 0
    assert "The conversation so far" in first.shown


def test_one_that_is_on_its_way_meanwhile_is_put_right_when_it_has_arrived(rig: Rig) -> None:
    head = rig.waiting("Hello there")
    handoff = rig.row(head).id
    rig.says(handoff, FIRST)
    rig.fake.fault = "lost"  # Slack has it, and we do not know yet
    rig.settle()
    assert "4111 1111" in shown(rig)
    rig.says(handoff, REST)
    rig.later()
    assert "4111" not in shown(rig)


def test_without_slack_nothing_is_put_into_the_outbox(rig: Rig) -> None:
    with transaction() as session:
        thread = inbox.open_thread(session, rig.row(rig.waiting()).site_id, "web")
        for n, words in enumerate((FIRST, REST)):
            inbox.accept(session, thread, words, f"m{n}")
    rig.settle()
    corrected = [kind for kind, _, _ in rig.outbox() if kind == "corrected"]
    assert len(corrected) == 1, "for the message, which Slack may be getting at this moment"
    assert rig.there.channels[CHANNEL]
    assert "4111" not in " ".join(rig.session.scalars(select(Message.content)))
