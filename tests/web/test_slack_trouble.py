"""What goes wrong with Slack: forged and replayed requests, an uninstalled app, an hour away, words that would ping."""

import json
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, select

from core.db import transaction
from core.models import Handoff, Note, Outgoing, Site, SlackPost, Thread
from core.outbox import put
from ops.slack.fake import SECRET, signed
from ops.slack.workspace import Message as Shown
from orchestrator import desk
from orchestrator.people import operator
from orchestrator.slack_copies import take_away
from tests.conftest import SITE
from tests.web.slack import ADA, CHANNEL, Rig, rig

__all__ = ["rig"]

NASTY = (
    "<!channel> <!here|x> <@U1ADA> @channel <https://evil.example|Claim> https://evil.example *bold* `x` &lt;!here&gt;"
)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
EVENT = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()


def test_what_a_visitor_writes_neither_pings_nor_links_nor_formats(rig: Rig) -> None:
    head = rig.waiting(NASTY, reason=NASTY)
    rig.says(rig.row(head).id, NASTY * 20)
    rig.settle()
    for one in rig.there.messages:
        assert one.pings == []
        assert [link for link in one.links if "evil" in link] == []
    marked = [text["text"] for one in rig.there.messages for text in markup(one)]
    assert not any("bold" in text or "evil" in text for text in marked), "only our own words are markup"
    window = rig.people.presses(ADA, head, "reply")
    assert "evil" not in json.dumps(markup_of(rig.there.views[window]["blocks"]))


def markup(one: Shown) -> list[dict[str, str]]:
    return markup_of(one.blocks)


def markup_of(blocks: object) -> list[dict[str, str]]:
    from ops.slack.contract import texts

    return [text for text in texts(blocks) if text["type"] == "mrkdwn"]


def test_forged_and_stale_requests_are_refused_at_every_door(rig: Rig) -> None:
    stale = signed(EVENT, at=time.time() - 900)
    for headers in ({}, stale, signed(EVENT, "another secret"), signed(b"another body")):
        for door in ("events", "interactions", "commands"):
            answer = rig.client.post(f"/slack/{door}", content=EVENT, headers={**headers, "Content-Type": JSON})
            assert answer.status_code == 401


def test_two_secrets_count_while_one_is_changed(rig: Rig) -> None:
    settings = rig.client.app.state.settings  # type: ignore[attr-defined]
    changing = {"slack_signing_secret": "new", "slack_signing_secret_before": SECRET}
    from pydantic import SecretStr

    rig.client.app.state.settings = settings.model_copy(  # type: ignore[attr-defined]
        update={name: SecretStr(value) for name, value in changing.items()}
    )
    for secret, status in (("new", 200), (SECRET, 200), ("third", 401)):
        headers = signed(EVENT, secret) | {"Content-Type": JSON}
        assert rig.client.post("/slack/events", content=EVENT, headers=headers).status_code == status


def form(**payload: object) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def said(**event: object) -> bytes:
    return json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event}).encode()


ADA_IS = {"id": ADA}
NOWHEN = {"type": "app_mention", "channel": CHANNEL, "user": ADA, "ts": "soon", "text": "x"}
NO_WINDOW = {"private_metadata": '{"kind": "dance", "subject": "x"}', "id": "V1"}


NONSENSE = [
    ("events", JSON, b"\xff"),
    ("events", JSON, b"[]"),
    ("events", FORM, b"a=b"),
    ("events", JSON, b"[" * 5000),
    ("events", JSON, json.dumps({"type": "event_callback", "event": 7}).encode()),
    ("events", JSON, said(type=["message"])),
    ("events", JSON, said(**NOWHEN)),
    ("interactions", FORM, b"payload={}"),
    ("interactions", FORM, b"payload=7"),
    ("interactions", FORM, b"\xff"),
    ("interactions", FORM, form(type="block_actions", user={})),
    ("interactions", FORM, form(type="block_actions", user=ADA_IS, actions=[])),
    ("interactions", FORM, form(type="view_submission", user=ADA_IS, view=NO_WINDOW)),
    ("interactions", FORM, form(type="view_submission", user=ADA_IS, view={"private_metadata": "[7]"})),
    ("commands", FORM, b"text=hi"),
    ("commands", FORM, b"text=%00&user_id=U1ADA&trigger_id=1"),
    ("commands", FORM, b""),
    ("commands", FORM, b"&".join([b"a=b"] * 5_000)),
]


def test_signed_nonsense_is_refused_and_never_an_error_of_ours(rig: Rig) -> None:
    for door, kind, raw in NONSENSE:
        status, found = rig.people.send(door, raw, kind)
        assert 400 <= status < 500, (raw[:200], found)


def test_an_event_that_comes_again_is_kept_once(rig: Rig) -> None:
    head = rig.waiting()
    event = {"type": "message", "channel": CHANNEL, "channel_type": "group", "user": ADA, "text": "Known",
             "ts": rig.there.stamp(), "thread_ts": head.ts}  # fmt: skip
    for _ in range(3):
        assert rig.people.happens(event, event_id="Ev1") == 200
    rig.people.happens(event, event_id="Ev2")  # and the same words under another id
    rig.settle()
    assert [row.content for row in rig.session.scalars(select(Note))] == ["Known"]


def test_a_note_that_overtakes_the_news_of_its_own_head_is_kept(rig: Rig) -> None:
    head = rig.waiting()
    row = rig.session.scalars(select(SlackPost).where(SlackPost.ts == head.ts)).one()
    rig.session.execute(delete(SlackPost).where(SlackPost.id == row.id))
    rig.session.commit()
    rig.people.writes(ADA, CHANNEL, "So quick", below=head.ts)
    rig.settle()
    assert rig.events()[-1][1] == "pending"
    kept = {name: getattr(row, name) for name in ("key", "site_id", "thread_id", "handoff_id", "kind", "channel", "ts")}
    rig.session.add(SlackPost(**kept))
    rig.session.commit()
    rig.later()
    assert [note.content for note in rig.session.scalars(select(Note))] == ["So quick"]


def test_somebodys_own_token_is_no_affair_of_ours(rig: Rig) -> None:
    rig.people.happens({"type": "tokens_revoked", "tokens": {"oauth": [ADA]}})
    assert rig.session.scalars(select(Site.slack_fault)).one() == ""
    rig.people.happens({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0HANDRAIL"]}})
    rig.session.expire_all()
    assert rig.session.scalars(select(Site.slack_fault)).one() != ""


@pytest.mark.parametrize("how", ["event", "answer"])
def test_an_uninstalled_app_is_seen_and_holds_nobody_up(rig: Rig, how: str) -> None:
    if how == "event":
        rig.people.happens({"type": "app_uninstalled"})
    rig.there.installed = False
    handoff = rig.waits()
    rig.settle()
    fault = rig.session.scalars(select(Site.slack_fault)).one()
    assert "install" in fault
    assert "handrail site slack" in fault
    assert {state for _, state, _ in rig.outbox()} == {"dead"}
    with transaction() as session:  # the terminal and the desk go on
        desk.claim(session, handoff, operator("Root"))
        desk.reply(session, handoff, operator("Root"), "Hello")
    assert rig.said() == ["Hello"]
    rig.settle()
    assert rig.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("how", ["archived", "deleted", "removed", "event"])
def test_a_channel_that_is_gone_is_a_fault_until_another_is_chosen(rig: Rig, how: str) -> None:
    head = rig.waiting("One")
    rig.there.add_channel("C9", ADA)
    match how:
        case "archived":
            rig.there.channels[CHANNEL]["is_archived"] = True
        case "deleted":
            rig.there.channels.pop(CHANNEL)
        case "removed":
            rig.there.channels[CHANNEL]["members"].clear()
        case _:
            rig.people.happens({"type": "group_archive", "channel": CHANNEL})
    rig.says(rig.row(head).id, "Two")
    rig.settle()
    assert rig.session.scalars(select(Site.slack_fault)).one() != ""
    from typer.testing import CliRunner

    from ops.cli import app

    result = CliRunner().invoke(app, ["site", "slack", SITE, "C9"])
    assert result.exit_code == 0, result.output
    rig.settle()
    assert rig.session.scalars(select(Site.slack_fault)).one() == ""
    shown = [one.shown for one in rig.there.messages if one.channel == "C9"]
    assert "One" in shown[0] or "Two" in shown[0]
    assert any("Two" in each for each in shown[1:])


def test_slack_is_away_for_an_hour_and_all_arrives_in_order(rig: Rig) -> None:
    head = rig.waiting("Start")
    handoff = rig.row(head).id
    rig.fake.fault = "down"
    for number in range(4):
        rig.says(handoff, f"Word {number}")
    for _ in range(10):  # more attempts than a row has
        rig.later()
    rig.fake.fault = ""
    rig.later()
    shown = "\n".join(one.shown for one in rig.there.below(head))
    places = [shown.index(f"Word {number}") for number in range(4)]
    assert places == sorted(places)
    assert {state for _, state, _ in rig.outbox()} == {"sent"}


def test_after_a_day_the_first_is_given_up_and_lets_the_others_go(rig: Rig) -> None:
    rig.waits()
    rig.fake.fault = "down"
    rig.ahead = timedelta(hours=25)
    for _ in range(8):
        rig.later()
    assert [state for _, state, _ in rig.outbox()] == ["dead", "sent"], "a message without a head is nothing to post"


def test_nothing_passes_one_that_failed(rig: Rig) -> None:
    head = rig.waiting()
    rig.fake.fault = "down"
    rig.says(rig.row(head).id, "One")
    rig.settle()
    rig.fake.fault = ""
    rows = rig.session.scalars(select(Outgoing).where(Outgoing.state == "pending").order_by(Outgoing.id)).all()
    rows[0].due_at += timedelta(hours=1)
    rig.session.commit()
    rig.says(rig.row(head).id, "Two")
    rig.settle()
    assert not any("Two" in one.shown for one in rig.there.messages)
    rig.later()
    assert [word in rig.there.below(head)[-1].shown for word in ("One", "Two")] == [False, True]


def test_an_answer_that_was_lost_makes_no_second_post(rig: Rig) -> None:
    rig.fake.fault = "lost"
    rig.waits()
    rig.settle()
    assert rig.outbox()[0][1] == "pending"
    rig.later()
    heads = [one for one in rig.there.messages if "claim" in one.buttons()]
    assert len(heads) == 1
    assert rig.session.scalars(select(SlackPost.ts).where(SlackPost.kind == "handoff")).all() == [heads[0].ts]


def test_a_rate_limit_is_obeyed(rig: Rig) -> None:
    rig.there.burst = 2.0
    head = rig.waiting()
    handoff = rig.row(head).id
    for number in range(3):
        rig.says(handoff, f"Quick {number}")
    rig.settle()
    waits = rig.session.scalars(select(Outgoing).where(Outgoing.state == "pending")).all()
    assert len(waits) == 3
    assert "429" in rig.outbox()[-3][2]
    assert all(row.due_at > row.created_at for row in waits)


def test_what_a_visitor_has_deleted_is_taken_out_of_slack(rig: Rig) -> None:
    head = rig.waiting("My name is Vi")
    rig.people.presses(ADA, head, "claim")
    mine = rig.people.writes(ADA, CHANNEL, "Mine", below=head.ts)
    rig.settle()
    rig.says(rig.row(head).id, "Not posted yet")
    with transaction() as session:
        thread = session.get_one(Thread, rig.row(head).thread_id)
        assert take_away(session, thread.id) > 1
        session.delete(thread)
    rig.settle()
    assert rig.there.below(head) == [mine], "what staff wrote is theirs"
    assert "deleted" in head.shown
    assert head.buttons() == {}
    assert not any("Vi" in one.shown or "Not posted" in one.shown for one in rig.there.messages)
    assert rig.session.scalars(select(Handoff)).all() == []


def test_what_was_on_its_way_when_it_was_deleted_is_taken_away_after_it_arrived(rig: Rig) -> None:
    from web.slack import posts

    head = rig.waiting()
    thread_id = rig.row(head).thread_id
    late = rig.there.say(CHANNEL, "U0HANDRAIL", "late", thread_ts=head.ts)
    with transaction() as session:
        take_away(session, thread_id)
        session.delete(session.get_one(Thread, thread_id))
    with transaction() as session:
        posts.keep(session, key="k", site_id=SITE, thread_id=thread_id, kind="message", channel=CHANNEL, ts=late.ts)
    rig.settle()
    assert late not in rig.there.messages


def test_a_window_that_comes_too_late_is_said_to(rig: Rig) -> None:
    head = rig.waiting()
    assert rig.people.presses(ADA, head, "reply", late_s=4.0) == ""
    assert "Press the button again" in rig.whispers()[0]


@pytest.mark.parametrize(
    ("kind", "body"), [("dance", {}), ("message", {}), ("message", {"message": "no id"}), ("draft", {"turn": 7})]
)
def test_what_nobody_can_pack_does_not_stand_in_the_way(rig: Rig, kind: str, body: dict[str, object]) -> None:
    with transaction() as session:
        put(session, site_id=SITE, destination=f"slack:{SITE}", kind=kind, key="x", body=body)
    head = rig.waiting()
    assert head.channel == CHANNEL
    assert rig.outbox()[0][1] == "dead"


def test_a_head_that_somebody_deleted_holds_nobody_up(rig: Rig) -> None:
    head = rig.waiting()
    handoff = rig.row(head).id
    rig.there.messages.remove(head)
    rig.says(handoff, "Anybody?")
    other = rig.waiting("Another")
    assert other in rig.there.messages
    assert ("message", "dead", "Slack does not take it: thread_not_found.") in rig.outbox()
