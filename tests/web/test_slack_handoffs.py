"""Handoffs in Slack: one message each, taken, answered, returned and resolved there; inside by default."""

import pytest
from sqlalchemy import func, select, update

from core.models import AuditEntry, Note, Staff, Visitor
from ops.slack.workspace import BOT
from tests.web.slack import ADA, BOB, CHANNEL, EVE, Rig, hire, rig
from web.slack import phrases

__all__ = ["rig"]


def test_a_handoff_is_one_message_with_all_that_a_person_needs(rig: Rig) -> None:
    handoff = rig.waits("Where is my parcel?", reason="The visitor asks for a person.")
    rig.settle()
    tops = [one for one in rig.there.messages if not one.thread_ts]
    assert len(tops) == 1
    head = tops[0]
    assert head.channel == CHANNEL
    assert set(head.buttons()) == {"claim", "reply", "return", "resolve", "open"}
    for words in ("Where is my parcel?", "asks for a person", "none verified", "normal", "Searched"):
        assert words in head.shown
    open_button = [one for block in head.blocks if block["type"] == "actions" for one in block["elements"]][-1]
    assert open_button["url"] == f"https://help.shop.example/desk/threads/{rig.row(head).thread_id}"
    assert rig.head(handoff) is head
    below = rig.there.below(head)
    assert len(below) == 1
    assert below[0].shown.startswith("*The conversation so far*")
    assert below[0].shown.index("Where is my parcel?") < below[0].shown.index("a person of our team")


def test_who_is_verified_and_what_they_merely_say_are_told_apart(rig: Rig) -> None:
    handoff = rig.waits()
    visitor = rig.session.scalars(select(Visitor)).one()
    visitor.verified_email, visitor.contact_email = "vi@example.com", "other@example.com"
    rig.session.commit()
    rig.settle()
    assert "verified; the address is at the desk" in rig.head(handoff).shown
    assert "@example.com" not in rig.head(handoff).shown


def test_claim_reply_with_a_preview_and_resolve(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    rig.settle()
    assert (rig.row(head).claimed_by, rig.row(head).status) == ("Ada", "claimed")
    assert "With *Ada*" in head.shown
    assert "claim" not in head.buttons()
    window = rig.people.presses(ADA, head, "reply")
    shown = rig.people.submits(ADA, window, "It comes <today> & *not* tomorrow.")
    assert shown["response_action"] == "update"
    texts = [block["text"] for block in shown["view"]["blocks"] if block["type"] == "section"]
    assert [each["text"] for each in texts] == ["Ada", "It comes <today> & *not* tomorrow."]
    assert {each["type"] for each in texts} == {"plain_text"}
    assert rig.said() == []
    assert rig.people.submits(ADA, window, "It comes <today> & *not* tomorrow.") == {"response_action": "clear"}
    assert rig.said() == ["It comes <today> & *not* tomorrow."]
    rig.settle()
    assert "*Ada* → visitor" in rig.there.below(head)[-1].shown
    rig.people.presses(ADA, head, "resolve")
    rig.settle()
    assert "Resolved by Ada" in head.shown
    assert head.buttons() == {}
    actions = [row.action for row in rig.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert actions == ["handoff.claimed", "message.sent", "handoff.resolved"]


def test_words_that_changed_after_the_preview_are_previewed_again(rig: Rig) -> None:
    head = rig.waiting()
    window = rig.people.presses(ADA, head, "reply")
    rig.people.submits(ADA, window, "One")
    assert rig.people.submits(ADA, window, "Two")["response_action"] == "update"
    assert rig.said() == []
    rig.people.submits(ADA, window, "Two")
    assert rig.said() == ["Two"]
    assert rig.row(head).claimed_by == "Ada", "sending takes what nobody has"


def test_of_two_who_claim_one_is_told(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    rig.people.presses(BOB, head, "claim")
    assert rig.row(head).claimed_by == "Ada"
    assert rig.whispers() == ["Ada has this conversation already."]
    assert rig.there.ephemeral[0]["user"] == BOB


def test_return_is_explicit_and_needs_a_claim(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "return")
    assert rig.whispers() == [phrases.NOT_TAKEN]
    rig.people.presses(ADA, head, "claim")
    rig.people.presses(BOB, head, "reply")
    assert "Ada has this conversation" in rig.whispers()[-1]
    rig.people.presses(ADA, head, "return")
    rig.settle()
    assert "Returned to the assistant by Ada" in head.shown


def test_what_is_written_in_the_thread_stays_inside(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    made = rig.people.writes(ADA, CHANNEL, "He is <@U2BOB>'s neighbour &amp; angry", below=head.ts)
    rig.settle()
    note = rig.session.scalars(select(Note)).one()
    assert (note.author, note.content, note.source) == ("Ada", "He is @U2BOB's neighbour & angry", "slack")
    assert rig.said() == []
    assert made.reactions == ["lock"], "it is seen to be kept, and inside"
    rig.people.edits(made, "He is calm")
    rig.settle()
    assert [row.content for row in rig.session.scalars(select(Note))] == ["He is calm"]
    rig.people.takes_back(made)
    rig.settle()
    rig.session.expire_all()
    assert rig.session.scalars(select(Note)).one().deleted_at is not None
    assert rig.said() == []


def test_a_file_is_noted_by_its_name_and_never_fetched(rig: Rig) -> None:
    head = rig.waiting()
    files = [{"id": "F1", "name": "invoice.pdf", "url_private": "https://files.slack.invalid/x"}]
    rig.people.writes(ADA, CHANNEL, "See this", below=head.ts, subtype="file_share", files=files)
    rig.settle()
    assert rig.session.scalars(select(Note)).one().content == "See this\n[file in Slack: invoice.pdf]"
    assert rig.said() == []


def test_a_stranger_in_the_channel_is_named_once_slack_has_said_who_they_are(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.writes(EVE, CHANNEL, "I know him", below=head.ts)
    rig.settle()
    assert rig.session.scalars(select(Note)).one().author == "Eve E."
    assert rig.session.scalars(select(Staff.slack_user).where(Staff.slack_user == EVE)).first() is None


def test_the_thread_mirrors_both_sides_in_their_order(rig: Rig) -> None:
    head = rig.waiting("One")
    handoff = rig.row(head).id
    rig.people.presses(ADA, head, "claim")
    for words in ("Two", "Three"):
        rig.says(handoff, words)
    rig.people.types(ADA, f"reply {rig.row(head).number} Four")
    rig.says(handoff, "Five")
    rig.settle()
    shown = [one.shown for one in rig.there.below(head)]
    at = [
        next(i for i, each in enumerate(shown) if word in each)
        for word in ("One", "joined", "Two", "Three", "Four", "Five")
    ]
    assert at == sorted(at)


def test_the_bot_is_no_visitor_of_its_own(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.happens(
        {
            "type": "message",
            "channel": CHANNEL,
            "channel_type": "group",
            "user": BOT,
            "bot_id": "B1",
            "text": "hello",
            "ts": rig.there.stamp(),
            "thread_ts": head.ts,
        }
    )
    rig.settle()
    assert rig.session.scalars(select(Note)).all() == []


def test_somebody_without_an_account_is_told_what_to_do(rig: Rig) -> None:
    head = rig.waiting()
    for action in ("claim", "reply"):
        rig.people.presses(EVE, head, action)
    assert rig.row(head).claimed_by is None
    assert rig.whispers() == [phrases.NOT_STAFF] * 2
    assert rig.people.types(EVE, "list") == phrases.NOT_STAFF


def test_a_role_that_is_gone_counts_at_the_next_press(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    window = rig.people.presses(ADA, head, "reply")
    rig.people.submits(ADA, window, "Hello")
    ada = rig.session.scalars(select(Staff).where(Staff.slack_user == ADA)).one()
    for role in rig.session.scalars(select(Staff).where(Staff.id == ada.id)):
        rig.session.delete(role)
    rig.session.commit()
    assert "errors" in rig.people.submits(ADA, window, "Hello")
    rig.people.presses(ADA, head, "resolve")
    assert rig.said() == []
    assert rig.row(head).closed_at is None


def test_an_address_that_moves_takes_no_name_with_it(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    rig.there.users[EVE]["profile"]["email"] = "ada@shop.example"
    rig.people.presses(EVE, head, "resolve")
    assert rig.whispers() == [phrases.NOT_STAFF]
    rig.there.users[ADA]["profile"]["email"] = "bob@shop.example"
    rig.session.execute(update(Staff).where(Staff.slack_user == ADA).values(disabled_at=func.now()))
    rig.session.commit()
    rig.people.presses(ADA, head, "resolve")
    assert rig.whispers()[1:] == [phrases.NOT_STAFF], "a closed account is not left for another's"
    assert rig.row(head).closed_at is None


@pytest.mark.parametrize(
    "unsure", [{"is_email_confirmed": False}, {"is_bot": True}, {"deleted": True}, {"is_stranger": True}]
)
def test_an_address_that_slack_does_not_vouch_for_is_nobodys(rig: Rig, unsure: dict[str, bool]) -> None:
    head = rig.waiting()
    rig.there.users[ADA] |= unsure
    rig.people.presses(ADA, head, "claim")
    assert rig.row(head).claimed_by is None


def test_numbers_of_other_sites_are_unknown(rig: Rig) -> None:
    head = rig.waiting()
    number = rig.row(head).number
    hire(rig.session, "cy@other.example", "Cy", "admin", site="another-shop")
    rig.there.add_user("U9CY", "cy@other.example", "Cy")
    rig.there.channels[CHANNEL]["members"].add("U9CY")
    rig.session.commit()
    unknown = rig.people.types("U9CY", "claim 999999")
    for line in (f"claim {number}", f"reply {number} hi", f"note {number} hi", f"take {number}", f"resolve {number}"):
        assert rig.people.types("U9CY", line) == unknown
    assert "Nobody waits" in rig.people.types("U9CY", "")
    for action in ("claim", "reply", "resolve"):
        rig.people.presses("U9CY", head, action)
    assert rig.whispers() == [phrases.UNKNOWN] * 3
    assert rig.row(head).claimed_by is None


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("claim", "Say which"),
        ("claim x", "Say which"),
        ("claim ١", "Say which"),
        ("claim 9" * 9, "Say which"),
        ("dance", "/handrail claim 12"),
        ("help", "/handrail claim 12"),
        ("reply 1", "empty"),
    ],
)
def test_commands_that_are_none(rig: Rig, line: str, answer: str) -> None:
    head = rig.waiting()
    assert answer in rig.people.types(
        ADA, line.replace(" 1", f" {rig.row(head).number}") if line == "reply 1" else line
    )


def test_a_command_that_is_replayed_sends_nothing_twice(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    number = rig.row(head).number
    form = f"command=%2Fhandrail&text=reply+{number}+Once&user_id={ADA}&trigger_id=1.2"
    for _ in range(2):
        status, _found = rig.people.send("commands", form.encode(), "application/x-www-form-urlencoded")
        assert status == 200
    assert rig.said() == ["Once"]


def test_a_reply_of_forty_kilobytes_is_refused_with_its_length(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    number = rig.row(head).number
    assert "40000 characters" in rig.people.types(ADA, f"reply {number} {'x' * 40_000}")
    window = rig.people.presses(ADA, head, "reply")
    assert "errors" in rig.people.submits(ADA, window, "x" * 40_000)
    rig.people.writes(ADA, CHANNEL, "y" * 40_000, below=head.ts)
    rig.settle()
    assert rig.said() == []
    assert rig.session.scalars(select(Note)).one().content.endswith("(cut: the rest stands in Slack)")
