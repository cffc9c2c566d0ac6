"""A busy house for the desk's benchmark: sites, conversations, turns with journals, handoffs, tickets, an audit log."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.models import Site

SITES = ("north", "south", "west")
STAFF = 20
DAYS = 120
OPEN = 400  # handoffs
JOURNALS = 20_000  # of the newest turns
AUDITED = 200_000
WORDS = [
    "order",
    "parcel",
    "where",
    "refund",
    "jacket",
    "size",
    "return",
    "shipping",
    "invoice",
    "paid",
    "card",
    "late",
    "broken",
    "zipper",
    "colour",
    "blue",
    "help",
    "address",
    "change",
    "cancel",
    "warranty",
    "repair",
    "exchange",
    "voucher",
    "code",
    "discount",
    "account",
    "password",
    "login",
    "email",
    "phone",
    "store",
    "opening",
    "hours",
    "norway",
    "sweden",
    "delivery",
    "express",
    "tracking",
    "number",
    "missing",
    "wrong",
    "item",
    "box",
    "damaged",
    "photo",
]
COMMON = "the my is a to it please order"  # in about every message
LANGUAGES = ("en", "de", "fr", "")
STATES = ("bot",) * 16 + ("closed",) * 4

Row = Sequence[Any]


def seed(session: Session, threads: int, *, seed_: int = 7) -> None:
    """Fill empty tables with `threads` conversations and what goes with them, by COPY."""
    chance = random.Random(seed_)  # noqa: S311 - the same house each time
    for site in SITES:
        session.add(Site(id=site, name=f"{site.title()} Shop", api_key_hash="0" * 64, tools=["search_kb", "get_order"]))
    session.flush()
    now = datetime.now(UTC)
    made = [_thread(chance, now, n, threads) for n in range(threads)]
    copy(session, "visitors", "id site_id verified_email created_at", ((v, s, m, at) for _, v, s, at, m in made))
    status = ["waiting"] * OPEN
    copy(
        session,
        "threads",
        "id site_id visitor_id channel status language created_at",
        (
            (
                t,
                s,
                v,
                "web",
                (status.pop() if n >= threads - OPEN else chance.choice(STATES)),
                chance.choice(LANGUAGES),
                at,
            )
            for n, (t, v, s, at, _) in enumerate(made)
        ),
    )
    turns = [(uuid4(), t, s, at + timedelta(seconds=20 * n)) for t, _, s, at, _ in made for n in range(2)]
    copy(session, "turns", TURN, (_turn(chance, row) for row in turns))
    copy(session, "turn_events", "turn_id seq version event effects recorded_at", _journals(turns[-JOURNALS:]))
    copy(session, "messages", MESSAGE, _messages(chance, turns))
    _cases(session, chance, made)
    session.execute(text("ANALYZE"))


def copy(session: Session, table: str, columns: str, rows: Iterable[Row]) -> None:
    """COPY `rows` into `table`."""
    connection: Any = session.connection().connection.driver_connection
    names = ", ".join(columns.split())
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


TURN = "id thread_id site_id phase state seq outcome settings_hash fence created_at deadline_at ended_at"
MESSAGE = "id thread_id turn_id role content author citations created_at"
CITED = json.dumps(
    [
        {
            "n": 1,
            "doc_id": "d",
            "title": "Returns",
            "url": "https://shop.example/returns",
            "section": "30 days",
            "quote": "",
            "page": None,
            "start": 0,
            "end": 0,
            "link": "https://shop.example/returns",
        }
    ]
)


def _thread(chance: random.Random, now: datetime, n: int, threads: int) -> tuple[UUID, UUID, str, datetime, str | None]:
    at = now - timedelta(days=DAYS * (1 - (n + 1) / threads), seconds=chance.random() * 60)
    mail = f"customer{n}@mail.example" if n % 3 == 0 else None
    return uuid4(), uuid4(), SITES[n % len(SITES)], at, mail


def _turn(chance: random.Random, row: tuple[UUID, UUID, str, datetime]) -> Row:
    id_, thread, site, at = row
    outcome = chance.choices(("answered", "abstained", "handed_off", "ticketed"), (80, 10, 6, 4))[0]
    end = at + timedelta(seconds=1 + 3 * chance.random())
    return (id_, thread, site, "done", "{}", 5, outcome, "0" * 16, 1, at, at + timedelta(seconds=60), end)


def _journals(turns: Sequence[tuple[UUID, UUID, str, datetime]]) -> Iterator[Row]:
    found = {"snippets": [_snippet(n) for n in range(3)], "answerable": 0.9, "reason": ""}
    asked = [{"type": "RunTool", "n": 1, "call": {"id": "a", "tool": "search_kb", "arguments": '{"query": "returns"}'}}]
    passed = [{"guard": guard, "passed": True, "reason": ""} for guard in ("length", "citations", "numbers")]
    lines: tuple[tuple[dict[str, Any], list[Any]], ...] = (
        ({"type": "VisitorSaid", "message_id": "m"}, []),
        ({"type": "CallsProposed", "n": 0, "calls": [], "spent": {"model": ""}}, asked),
        ({"type": "ToolReturned", "n": 1, "output": json.dumps(found)}, []),
        ({"type": "DraftPassedGuards", "verdicts": passed, "text": "", "citations": [], "confidence": 0.9}, []),
    )
    packed = [(json.dumps(event), json.dumps(effects)) for event, effects in lines]
    for id_, _, _, at in turns:
        for seq, (event, effects) in enumerate(packed, start=1):
            yield (id_, seq, 2, event, effects, at + timedelta(milliseconds=300 * seq))


def _snippet(n: int) -> dict[str, Any]:
    where = {"title": "Returns", "section": "30 days", "url": "https://shop.example/returns"}
    return {"id": f"c{n}", "doc_id": "d", "text": "You can return a jacket within 30 days. " * 40, "score": 0.8} | where


def _words(chance: random.Random) -> str:
    return f"{COMMON} {' '.join(chance.choices(WORDS, k=8))} {chance.randrange(10**6)}"


def _messages(chance: random.Random, turns: Sequence[tuple[UUID, UUID, str, datetime]]) -> Iterator[Row]:
    for id_, thread, _, at in turns:
        yield (uuid4(), thread, id_, "visitor", _words(chance), "", "[]", at)
        yield (uuid4(), thread, id_, "agent", f"{_words(chance)} [1]", "", CITED, at + timedelta(seconds=2))


def _cases(session: Session, chance: random.Random, made: Sequence[Any]) -> None:
    count = len(made)
    people = [(uuid4(), f"agent{n}@shop.example", f"Agent {n}") for n in range(STAFF)]
    copy(session, "staff", "id email name", people)
    copy(session, "staff_roles", "staff_id site_id role", ((id_, "*", "agent") for id_, _, _ in people))
    ended = (
        (f"h{n}", s, t, "Asked.", "resolved", at, at, at) for n, (t, _, s, at, _) in enumerate(made) if n % 12 == 0
    )
    columns = "id key site_id thread_id reason excerpt priority status claimed_at closed_at created_at"
    copy(
        session,
        "handoffs",
        columns,
        ((uuid4(), k, s, t, r, "", "normal", st, a, b, c) for k, s, t, r, st, a, b, c in ended),
    )
    waiting = (
        (uuid4(), f"o{t}", s, t, "The visitor asked for a person.", "", "normal", "waiting", None, None, at)
        for t, _, s, at, _ in made[-OPEN:]
    )
    copy(session, "handoffs", columns, waiting)
    states = ("open", "pending", "solved", "closed", "closed", "closed")
    tickets = (
        (
            uuid4(),
            f"t{n}",
            s,
            t,
            m,
            "A parcel that never came",
            "",
            chance.choice(("normal", "high")),
            chance.choice(states),
            at + timedelta(hours=8),
            at,
        )
        for n, (t, _, s, at, m) in enumerate(made)
        if n % 5 == 0
    )
    copy(session, "tickets", "id key site_id thread_id email subject body priority status due_at created_at", tickets)
    rows = ((made[-1 - n % count], people[n % STAFF]) for n in range(min(AUDITED, 2 * count)))
    copy(
        session,
        "audit_log",
        "at actor staff_id site_id action subject address",
        ((at, who[1], who[0], s, "thread.read", f"thread:{t}", "10.0.0.1") for (t, _, s, at, _), who in rows),
    )
