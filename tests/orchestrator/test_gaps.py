"""Questions that nothing answers: which count, how they are grouped, and whom they name."""

import pytest
from sqlalchemy.orm import Session

from core.models import Feedback, Message, Site, Thread, Turn
from orchestrator.gaps import gaps, grouped
from tests.conftest import SITE
from tests.web.desk.house import add_thread, add_turn, say

RETURNS = ("How do I return my boots?", "how can i send the boots back", "Returning boots: how does it work?")
JOBS = ("Are you hiring at the moment?", "do you have any jobs for students")


def ask(
    session: Session, words: str, *, outcome: str = "abstained", thread: Thread | None = None, **site: str
) -> Message:
    """A question whose turn ended so: its reply."""
    thread = thread or add_thread(session, **site)
    turn: Turn = add_turn(session, thread)
    turn.outcome = outcome
    say(session, thread, "visitor", words, turn_id=turn.id)
    return say(session, thread, "agent", "I could not find that.", turn_id=turn.id)


def test_questions_of_one_meaning_stand_together_whatever_their_order() -> None:
    texts = [*RETURNS, *JOBS]
    assert [sorted(group) for group in grouped(texts)] == [[0, 1, 2], [3, 4]]
    backwards = [sorted(len(texts) - 1 - n for n in group) for group in grouped(texts[::-1])]
    assert sorted(backwards) == [[0, 1, 2], [3, 4]]
    assert grouped([]) == []


def test_each_person_counts_once(session: Session, site: Site) -> None:
    same = add_thread(session)
    for words in RETURNS:
        ask(session, words, thread=same)
    for words in JOBS:
        ask(session, words)
    found = gaps(session, SITE)
    assert [(gap.people, gap.times) for gap in found] == [(2, 2), (1, 3)]
    assert found[0].question in JOBS
    assert found[1].question in RETURNS


@pytest.mark.parametrize(("outcome", "there"), [("answered", 0), ("handed_off", 0), ("ticketed", 1), ("failed", 1)])
def test_what_counts_as_unanswered(session: Session, site: Site, outcome: str, there: int) -> None:
    ask(session, JOBS[0], outcome=outcome)
    assert len(gaps(session, SITE)) == there


def test_an_answer_with_a_thumb_down_is_none(session: Session, site: Site) -> None:
    reply = ask(session, JOBS[0], outcome="answered")
    session.add(Feedback(message_id=reply.id, thumbs="down", tags=[]))
    session.flush()
    assert [gap.question for gap in gaps(session, SITE)] == [JOBS[0]]


def test_the_judges_own_questions_other_sites_and_old_ones_do_not_count(session: Session, site: Site) -> None:
    ask(session, JOBS[0])
    trial = ask(session, RETURNS[0])
    session.get_one(Thread, trial.thread_id).trial = True
    session.flush()
    assert [gap.question for gap in gaps(session, SITE)] == [JOBS[0]]
    assert gaps(session, "another") == []


def test_nothing_personal_is_shown(session: Session, site: Site) -> None:
    ask(session, "I am ⟦email:1⟧, are you hiring at the moment?")
    (gap,) = gaps(session, SITE)
    assert gap.question == "I am , are you hiring at the moment?"


def test_ids_lead_to_the_conversations(session: Session, site: Site) -> None:
    reply = ask(session, JOBS[1])
    (gap,) = gaps(session, SITE)
    assert [one.thread_id for one in gap.examples] == [reply.thread_id]
    assert gap.examples[0].visitor_id == session.get_one(Thread, reply.thread_id).visitor_id
