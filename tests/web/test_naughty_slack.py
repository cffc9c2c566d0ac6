"""Naughty strings from Slack: below a handoff, as a command, in a window. Nothing breaks, and what is sent arrives."""

from core.privacy.cleaning import clean
from ops.fuzz.naughty.run import strings
from tests.web.slack import ADA, CHANNEL, Rig, rig

__all__ = ["rig"]

STEP = 24  # of the strings at each place


def test_what_staff_write_breaks_nothing(rig: Rig) -> None:
    head = rig.waiting()
    rig.people.presses(ADA, head, "claim")
    for text in strings()[::STEP]:
        rig.people.writes(ADA, CHANNEL, text or " ", below=head.ts)
        rig.people.types(ADA, f"note 1001 {text}")
        rig.people.types(ADA, text)
    rig.settle()
    assert not [event for event in rig.events() if event[1] == "dead"]
    assert rig.said() == [], "what is written is internal until it is sent"


def test_what_is_sent_arrives_as_it_was_written(rig: Rig) -> None:
    head = rig.waiting()
    given = [text.strip() for text in strings()[3::STEP] if text.strip() and len(text) < 1000 and "\x00" not in text]
    sent = []
    for text in given:
        window = rig.people.presses(ADA, head, "reply")
        shown = rig.people.submits(ADA, window, text)
        if shown.get("response_action") == "update":  # what is no text is refused in the window, by name
            assert rig.people.submits(ADA, window, text) == {"response_action": "clear"}
            sent.append(text)
    assert len(sent) > len(given) / 2
    assert rig.said() == [clean(text.replace("\r\n", "\n").strip()).text for text in sent]
