"""How conversations were resolved: silence is never success, and who comes back was not helped."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from core.models import Feedback, Handoff, Message, Site, Thread, Turn, Visitor
from orchestrator.resolution import COMES_BACK, PAUSE, Asked, Resolution, between, conversations, count
from tests.conftest import SITE

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=10)
ADA, THREAD, OTHER = UUID(int=1), UUID(int=11), UUID(int=12)
RETURNS, SHIPPING = frozenset({"returns"}), frozenset({"shipping"})


def asked(
    minutes: float = 0,
    outcome: str = "answered",
    thumbs: str = "",
    documents: frozenset[str] = RETURNS,
    *,
    thread: UUID = THREAD,
    person: bool = False,
    visitor: UUID = ADA,
) -> Asked:
    began = NOON + timedelta(minutes=minutes)
    return Asked(visitor, thread, began, began + timedelta(seconds=3), outcome, thumbs, documents, person)


def only(found: Mapping[Resolution, int]) -> dict[str, int]:
    return {str(state): number for state, number in found.items() if number}


DAY = 24 * 60.0
NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("turns", "states"),
    [
        ([asked()], {"assumed": 1}),
        ([asked(thumbs="up")], {"confirmed": 1}),
        ([asked(thumbs="down")], {"gave_up": 1}),
        ([asked(outcome="abstained")], {"gave_up": 1}),
        ([asked(outcome="handed_off")], {"handed_off": 1}),
        ([asked(outcome="ticketed")], {"handed_off": 1}),
        ([asked(outcome="failed")], {"handed_off": 1}),
        ([asked(thumbs="up", person=True)], {"handed_off": 1}),
        # The last question decides.
        ([asked(outcome="abstained"), asked(5)], {"assumed": 1}),
        ([asked(thumbs="up"), asked(5, "abstained")], {"gave_up": 1}),
        ([asked(thumbs="up"), asked(5, documents=SHIPPING)], {"assumed": 1}),
        # … but closing words are no question: "thanks!"
        ([asked(thumbs="up"), asked(5, documents=NOTHING)], {"confirmed": 1}),
        ([asked(outcome="abstained"), asked(5, documents=NOTHING)], {"gave_up": 1}),
        # Coming back about the same thing, in the same thread or another one.
        ([asked(), asked(DAY)], {"reopened": 1, "assumed": 1}),
        ([asked(thumbs="up"), asked(DAY, thumbs="up", thread=OTHER)], {"reopened": 1, "confirmed": 1}),
        ([asked(), asked(DAY, "handed_off", thread=OTHER)], {"reopened": 1, "handed_off": 1}),
        # … about another thing, too late, or somebody else.
        ([asked(), asked(DAY, documents=SHIPPING)], {"assumed": 2}),
        ([asked(), asked(3 * DAY + 1)], {"assumed": 2}),
        ([asked(), asked(DAY, thread=OTHER, visitor=UUID(int=2))], {"assumed": 2}),
        # Orders cite nothing: the thread tells.
        ([asked(documents=NOTHING), asked(DAY, documents=NOTHING)], {"reopened": 1, "assumed": 1}),
        ([asked(documents=NOTHING), asked(DAY, documents=NOTHING, thread=OTHER)], {"assumed": 2}),
    ],
)
def test_what_became_of_conversations(turns: list[Asked], states: dict[str, int]) -> None:
    assert only(count(sorted(turns, key=lambda turn: (turn.thread, turn.began)), LATER, LATER)) == states


def test_a_conversation_ends_with_a_pause() -> None:
    short, long = PAUSE / timedelta(minutes=1) - 1, PAUSE / timedelta(minutes=1) + 1
    assert len(conversations([asked(), asked(short)])) == 1
    assert len(conversations([asked(), asked(long)])) == 2


def test_what_goes_on_is_judged_later() -> None:
    assert only(count([asked()], LATER, NOON + timedelta(minutes=5))) == {"open": 1}
    assert only(count([asked(outcome="")], LATER, LATER)) == {"open": 1}


def test_a_conversation_counts_on_the_day_on_which_it_began() -> None:
    midnight = NOON + timedelta(hours=12)
    assert only(count([asked(), asked(DAY)], midnight, LATER)) == {"reopened": 1}


def stored(session: Session, hours: float, *, thumbs: str = "", trial: bool = False, called: bool = False) -> None:
    visitor = Visitor(id=uuid4(), site_id=SITE)
    session.add(visitor)
    session.flush()
    thread = Thread(id=uuid4(), site_id=SITE, visitor_id=visitor.id, channel="web", trial=trial)
    session.add(thread)
    session.flush()
    at = datetime.now(UTC) - timedelta(hours=hours)
    turn = Turn(
        id=uuid4(),
        thread_id=thread.id,
        site_id=SITE,
        phase="done",
        state={},
        settings_hash="x",
        outcome="answered",
        created_at=at,
        deadline_at=at,
        ended_at=at + timedelta(seconds=2),
    )
    said = Message(
        id=uuid4(), thread_id=thread.id, turn_id=turn.id, role="agent", content="60 days.", citations=[{"doc_id": "d1"}]
    )
    session.add(turn)
    session.flush()
    session.add(said)
    session.flush()
    if thumbs:
        session.add(Feedback(message_id=said.id, thumbs=thumbs, tags=[]))
    if called:
        session.add(
            Handoff(id=uuid4(), key=f"{turn.id}:handoff", site_id=SITE, thread_id=thread.id, reason="", created_at=at)
        )
    session.flush()


def test_the_database_tells_it_and_leaves_the_judges_trials_out(session: Session, site: Site) -> None:
    stored(session, 5)
    stored(session, 5, thumbs="up")
    stored(session, 5, thumbs="up", called=True)
    stored(session, 5, thumbs="up", trial=True)
    stored(session, 200, thumbs="down")
    now = datetime.now(UTC)
    found = only(between(session, now - timedelta(days=7), now, [SITE]))
    assert found == {"assumed": 1, "confirmed": 1, "handed_off": 1}
    assert only(between(session, now - timedelta(days=7), now)) == found
    assert only(between(session, now - timedelta(days=7), now, ["another"])) == {}
    assert COMES_BACK > PAUSE
