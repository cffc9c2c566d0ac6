"""Conversations that become cases: what is kept of them, what is not, and how they go."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import MessageNotFound
from core.models import EvalCase, Feedback, Message, Site, Thread
from ops.evals.golden import read_case
from orchestrator.erasing import erase_thread
from orchestrator.made_cases import CaseEmpty, CaseKnown, CaseWrong, Wanted, cases_of, make_case, redacted
from orchestrator.people import Person, operator
from tests.conftest import SITE
from tests.web.desk.house import add_thread, add_turn, say

ADA: Person = operator("ada")


@pytest.fixture
def answer(session: Session, site: Site) -> Message:
    thread: Thread = add_thread(session)
    turn = add_turn(session, thread)
    say(session, thread, "visitor", "Hello, I am ⟦email:1⟧.", turn_id=turn.id)
    say(session, thread, "visitor", "Can I return order ⟦order:2⟧? My other mail is kim@shop.example", turn_id=turn.id)
    return say(session, thread, "agent", "Within 30 days. [1]", turn_id=turn.id)


def test_a_case_is_of_the_golden_form_and_nothing_personal(session: Session, answer: Message) -> None:
    made = make_case(session, answer.id, ADA)
    case = read_case(made.case)
    assert [said.words for said in case.say] == [
        "Hello, I am visitor1@example.org.",
        "Can I return order HR-0002? My other mail is visitor500@example.org",
    ]
    assert case.expect.outcome == ("answered",)
    assert (made.site_id, made.made_by) == (SITE, "cli:ada")


def test_what_staff_want_counts_more_than_what_was_said(session: Session, answer: Message) -> None:
    wanted = Wanted(must=("30 days",), must_not=("kim@shop.example",), sources=("returns.md",), outcome="answered")
    case = read_case(make_case(session, answer.id, ADA, wanted).case)
    assert case.expect.must == (("30 days",),)
    assert case.expect.must_not == (("visitor500@example.org",),)
    assert case.expect.sources == ("returns.md",)


def test_a_disliked_answer_is_no_model(session: Session, answer: Message) -> None:
    session.add(Feedback(message_id=answer.id, thumbs="down", tags=[]))
    session.flush()
    with pytest.raises(CaseEmpty):
        make_case(session, answer.id, ADA)
    assert make_case(session, answer.id, ADA, Wanted(must=("28 days",)))


def test_an_answer_makes_one_case(session: Session, answer: Message) -> None:
    make_case(session, answer.id, ADA)
    with pytest.raises(CaseKnown):
        make_case(session, answer.id, ADA)
    assert len(cases_of(session, SITE)) == 1


def test_what_is_no_answer_makes_none(session: Session, answer: Message) -> None:
    said = session.scalars(select(Message.id).where(Message.role == "visitor")).first()
    assert said is not None
    for wrong in (said, uuid4()):
        with pytest.raises(MessageNotFound):
            make_case(session, wrong, ADA)
    with pytest.raises(CaseWrong):
        make_case(session, answer.id, ADA, Wanted(outcome="great"))


def test_it_goes_with_its_conversation(session: Session, answer: Message) -> None:
    make_case(session, answer.id, ADA)
    erase_thread(session, answer.thread_id)
    assert session.scalar(select(func.count()).select_from(EvalCase)) == 0


def test_what_nobody_may_keep_is_gone_too() -> None:
    assert redacted("my card is 4111 1111 1111 1111, call 020 7946 0958") == (
        "my card is [card number removed], call +44 20 7946 0500"
    )
