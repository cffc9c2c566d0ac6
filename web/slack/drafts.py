"""A draft that waits for approval, as Slack shows it, and what became of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Turn
from orchestrator import review
from orchestrator.events import DraftApproved, DraftRefused
from orchestrator.open_turns import read_history
from orchestrator.review import Held
from web.slack import blocks
from web.slack.blocks import Blocks
from web.slack.words import escaped, fallback, literal, marked

VOID = "Void: the visitor wrote more, or nobody decided in time."


@dataclass(frozen=True)
class Card:
    """One draft: `held` while it waits, else what became of it in `ended`."""

    thread_id: UUID
    held: Held | None
    ended: str = ""


def card_of(session: Session, turn_id: UUID, n: int) -> Card | None:
    """The draft number `n` of a turn; None where its conversation has been deleted."""
    turn = session.execute(select(Turn.thread_id, Turn.site_id).where(Turn.id == turn_id)).one_or_none()
    if turn is None:
        return None
    for held in review.drafts(session, turn.site_id):
        if (held.turn_id, held.n) == (turn_id, n):
            return Card(turn.thread_id, held)
    return Card(turn.thread_id, None, _ended(session, turn_id, n))


def shown(card: Card) -> Blocks:
    """With its buttons while it waits."""
    held = card.held
    if held is None:
        return [{"type": "section", "text": marked(f":memo: Draft. {escaped(card.ended)}")}]
    return [
        {"type": "section", "text": marked(":memo: *A draft waits for approval.* The visitor has not seen it.")},
        _context("*Asked*"),
        {"type": "section", "text": literal(held.asked[: blocks.QUESTION_MAX])},
        _context("*Draft*"),
        *blocks.answer(held.text, held.citations),
        {
            "type": "actions",
            "elements": [
                blocks.button("Approve", "approve", held.name, "primary"),
                blocks.button("Edit", "edit", held.name),
                blocks.button("Refuse", "refuse", held.name, "danger"),
            ],
        },
    ]


def text_of(card: Card) -> str:
    """What its notification says."""
    return fallback(f"A draft waits for approval: {card.held.asked}" if card.held else f"Draft. {card.ended}")


def _ended(session: Session, turn_id: UUID, n: int) -> str:
    for event, _ in read_history(session, turn_id):
        match event:
            case DraftApproved(n=number, person=person) if number == n:
                return f"Sent: approved by {person}."
            case DraftRefused(n=number, person=person) if number == n:
                return f"Not sent: refused by {person}."
            case _:
                continue
    return VOID


def _context(text: str) -> dict[str, object]:
    return {"type": "context", "elements": [marked(text)]}
