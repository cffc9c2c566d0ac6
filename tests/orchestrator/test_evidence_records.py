"""The evidence record of an answer: written with it, verified later, and what has changed since is told."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from core import db
from core.embedded import Addresses
from core.errors import MessageNotFound
from core.models import Document, EvidenceRecord, Message, TurnEvent
from core.settings import get_settings
from kb.documents.registering import remove
from kb.index.replacing import move
from orchestrator import records
from orchestrator.erasing import erase_thread
from orchestrator.records import EvidenceMissing, NoAnswer
from orchestrator.verifying import Verified, glance, verify
from tests.answered import QUESTION, RETURNS, SHIPPING, ask, open_shop, publish
from tests.conftest import SITE
from web.proofs import as_json, as_text, headline


@pytest.fixture
def folder(committed: Addresses, tmp_path: Path) -> Path:
    """The folder of a shop's documents."""
    open_shop(tmp_path / "docs")
    return tmp_path / "docs"


@pytest.fixture
def answer(folder: Path) -> Message:
    """An answer from them."""
    return ask()


def again(answer: Message) -> Verified:
    """Verify it."""
    with db.transaction() as session:
        return verify(session, answer.id, get_settings())


def stored() -> EvidenceRecord:
    """The only record."""
    with db.transaction() as session:
        return session.scalars(select(EvidenceRecord)).one()


def at_a_glance(answer: Message) -> str:
    """What the desk shows beside it."""
    with db.transaction() as session:
        return glance(session, records.kept(session, [session.get_one(Message, answer.id)]).values())[answer.id]


def good(found: Verified) -> dict[str, bool | None]:
    """Each check, and whether it was good."""
    return {check.name: check.good for check in (*found.checks, found.replayed)}


def test_a_record_is_written_with_the_answer(answer: Message) -> None:
    row = stored()
    assert (row.message_id, row.turn_id) == (answer.id, answer.turn_id)
    assert [str(each) for each in row.documents] == [each["doc_id"] for each in answer.citations]
    record = row.record
    assert record["kind"] == "answer"
    assert record["kb_version"] > 0
    assert record["guards"]["out"]["claims"] is True
    assert set(record["prompts"]) >= {"system.md", "draft.md"}
    assert record["settings"] == get_settings().fingerprint()
    assert [tool["tool"] for tool in record["tools"]] == ["search_kb"]
    with db.transaction() as session:
        event = next(row.event for row in session.scalars(select(TurnEvent)) if row.event["type"] == "ToolReturned")
    texts = {found["id"]: found["text"] for found in json.loads(event["output"])["snippets"]}
    first = record["sentences"][0]
    ground = first["grounds"][0]
    assert "60 days" in answer.content[first["start"] : first["end"]]
    assert texts[ground["passage"]][ground["start"] : ground["end"]] == (
        "You can send a lantern back within 60 days of delivery."
    )


def test_no_word_of_the_visitor_stands_in_it(folder: Path) -> None:
    ask(f"{QUESTION} My name is Zebulon.")
    assert "zebulon" not in json.dumps(stored().record).lower()


def test_an_answer_that_nothing_has_changed_for_is_verified(answer: Message) -> None:
    found = again(answer)
    assert found.intact
    assert found.same
    assert good(found) == {"signature": True, "answer": True, "journal": True, "replay": True}
    assert [passage.state for passage in found.passages] == ["same"]
    assert found.since == ()
    assert at_a_glance(answer) == "verified"
    with db.transaction() as session:
        assert answer.turn_id is not None
        assert records.find(session, answer.turn_id).message.id == answer.id


def test_words_that_are_gone_are_named_with_what_stands_there_now(answer: Message, folder: Path) -> None:
    publish(folder, returns=RETURNS.replace("60", "30"))
    found = again(answer)
    assert found.intact
    assert not found.same
    (passage,) = found.passages
    assert passage.state == "changed"
    assert not passage.holds
    assert "“You can send a lantern back within 60 days of delivery.” is not in it any more" in as_text(found)
    assert "It says now: “You can send a lantern back within 30 days of delivery.”" in as_text(found)
    assert any("index has changed" in sentence for sentence in found.since)
    assert at_a_glance(answer) == "changed"


def test_another_sentence_of_the_passage_may_change(answer: Message, folder: Path) -> None:
    publish(folder, returns=RETURNS + "\nOpened food never comes back.\n")
    (passage,) = again(answer).passages
    assert passage.state == "changed"
    assert passage.holds
    assert again(answer).same
    assert "but not in the words that the answer rests on" in as_text(again(answer))
    with db.transaction() as session:
        session.execute(text("DELETE FROM turn_events"))
    found = again(answer)
    assert good(found) == {"signature": True, "answer": True, "journal": None, "replay": None}
    assert found.passages[0].holds  # by their hashes
    assert not found.same  # because not all of it could be looked at
    assert found.intact


def test_another_title_moves_a_passage_and_changes_no_word(answer: Message, folder: Path) -> None:
    publish(folder, returns=f"---\ntitle: Sending back\n---\n{RETURNS}")
    (passage,) = again(answer).passages
    assert passage.state in {"same", "moved"}
    assert again(answer).same


def test_a_page_that_was_taken_out_answers_no_more(answer: Message, folder: Path) -> None:
    with db.transaction() as session:
        remove(session, site_id=SITE, locator=str(folder / "returns.md"), reason="trashed")
    (passage,) = again(answer).passages
    assert (passage.state, passage.why, passage.holds) == ("out", "trashed", False)
    assert "answers no more (trashed)" in as_text(again(answer))


def test_a_page_for_another_channel_or_a_deleted_one_is_told(answer: Message) -> None:
    with db.transaction() as session:
        document = session.get_one(Document, UUID(answer.citations[0]["doc_id"]))
        document.channels = ["slack"]
        move(session, document, ["slack"])
    assert again(answer).passages[0].state == "elsewhere"
    with db.transaction() as session:
        session.execute(text("DELETE FROM documents"))
    assert again(answer).passages[0].state == "gone"
    assert at_a_glance(answer) == "changed"


def falsify_title(session: Session, answer: Message) -> None:
    row = session.get_one(EvidenceRecord, answer.id)
    row.record["passages"][0]["title"] = "Another"
    flag_modified(row, "record")


def falsify_answer(session: Session, answer: Message) -> None:
    session.get_one(Message, answer.id).content = "You have 90 days. [1]"


def falsify_citation(session: Session, answer: Message) -> None:
    row = session.get_one(Message, answer.id)
    row.citations = [{**row.citations[0], "url": "https://elsewhere.example"}]


def falsify_journal(session: Session, answer: Message) -> None:
    rows = session.scalars(select(TurnEvent).where(TurnEvent.turn_id == answer.turn_id))
    row = next(row for row in rows if row.event["type"] == "DraftPassedGuards")
    row.event["confidence"] = 0.123
    flag_modified(row, "event")


def take_anothers(session: Session, answer: Message) -> None:
    ours = session.get_one(EvidenceRecord, answer.id)
    theirs = session.scalars(select(EvidenceRecord).where(EvidenceRecord.message_id != answer.id)).one()
    ours.record, ours.signature = theirs.record, theirs.signature


FALSIFIED: dict[Callable[[Session, Message], None], str] = {
    falsify_title: "signature",
    falsify_answer: "answer",
    falsify_citation: "answer",
    falsify_journal: "journal",
    take_anothers: "answer",
}


def test_whatever_is_falsified_is_found(answer: Message) -> None:
    ask("What does shipping to Norway cost?")
    for falsify, check in FALSIFIED.items():
        with db.new_session() as session:
            falsify(session, answer)
            session.flush()
            found = verify(session, answer.id, get_settings())
            seen = glance(session, records.kept(session, [session.get_one(Message, answer.id)]).values())
            session.rollback()
        assert good(found)[check] is False, falsify
        assert not found.intact
        assert headline(found).startswith("Not verified")
        assert check == "journal" or seen == {answer.id: "broken"}
    assert again(answer).same


def test_another_secret_is_told_from_a_changed_record(answer: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET_KEY", "another-secret-that-is-long-enough-too")
    get_settings.cache_clear()
    try:
        found = again(answer)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert not found.intact
    assert "another HANDRAIL_SECRET_KEY" in as_text(found)


def test_prompts_and_settings_of_today_are_set_beside_those_of_then(answer: Message) -> None:
    with db.transaction() as session:
        today = get_settings().model_copy(update={"memory_messages": 3, "brain": "openai", "model": "new"})
        since = verify(session, answer.id, today).since
    assert any("Settings that can change an answer are others today" in sentence for sentence in since)
    assert any("made with extractive; today new would be asked" in sentence for sentence in since)


def test_what_has_no_record_says_what_to_do(answer: Message) -> None:
    with db.transaction() as session:
        session.execute(text("DELETE FROM evidence"))
        with pytest.raises(EvidenceMissing, match=f"handrail replay {answer.turn_id}"):
            records.find(session, answer.id)
        visitor = session.scalars(select(Message.id).where(Message.role == "visitor")).one()
        with pytest.raises(NoAnswer):
            records.find(session, visitor)
        with pytest.raises(MessageNotFound):
            records.find(session, uuid4())


def test_a_person_who_is_called_is_a_record_without_passages(folder: Path) -> None:
    answer = ask("I want to talk to a person")
    record = stored().record
    assert record["kind"] == "person_called"
    assert record["passages"] == []
    assert {sentence["by"] for sentence in record["sentences"]} == {"own"}
    assert again(answer).same


def test_an_erased_conversation_takes_its_record_with_it(answer: Message) -> None:
    with db.transaction() as session:
        erase_thread(session, answer.thread_id)
        assert session.scalar(select(func.count()).select_from(EvidenceRecord)) == 0


def test_the_report_as_json_holds_record_signature_and_findings(answer: Message, folder: Path) -> None:
    publish(folder, returns=RETURNS.replace("60", "30"))
    told = as_json(again(answer))
    assert told["verdict"] == "changed"
    assert told["record"] == stored().record
    assert told["signature"] == stored().signature
    assert told["passages"][0]["words"][0]["stands"] is False
    json.dumps(told)


def test_an_answer_from_another_page_is_not_touched(answer: Message, folder: Path) -> None:
    publish(folder, shipping=SHIPPING.replace("9.90", "12.90"))
    found = again(answer)
    assert found.same
    assert headline(found) == "Verified, and what the answer rests on is as it was."
