"""What visitors ask and nothing answers: the questions in groups of one meaning, with how many people asked each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.models import Feedback, Message, Thread, Turn
from core.privacy.cleaning import unmarked
from core.privacy.tokens import untokened
from kb.analysis.terms import terms
from kb.embeddings.meanings import vectors
from kb.embeddings.vectors import Vectors

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

UNANSWERED = ("abstained", "ticketed", "failed")
MOST = 2_000  # questions, the newest
LONGEST = 300  # characters of one
# Cosine to a group's mean, from which on a question asks the same. Of 36 questions that ask 14 things it joined 21 of
# the 22 pairs, and no other; .4 joined 4 wrong ones, .55 missed 7.
NEAR = 0.45
ROUNDS = 4  # in which questions move to the group that is nearest
SHOWN = 5  # examples of a group


@dataclass(frozen=True)
class Asked:
    """One question that was not answered, or whose answer got a thumb down."""

    thread_id: UUID
    visitor_id: UUID
    words: str
    language: str
    at: datetime


@dataclass(frozen=True)
class Gap:
    """Questions that ask the same: the most usual of them, and the people who asked, each counted once."""

    question: str
    people: int
    times: int
    first_at: datetime
    last_at: datetime
    languages: tuple[str, ...]
    examples: tuple[Asked, ...]


def gaps(session: Session, site_id: str, days: int = 30) -> list[Gap]:
    """The gaps of the last `days`, those of most people first. A site without any has an empty list."""
    asked = _asked(session, site_id, days)
    groups = grouped([one.words for one in asked])
    found = [_gap([asked[at] for at in group]) for group in groups]
    return sorted(found, key=lambda gap: (-gap.people, -gap.times, gap.question))


def grouped(texts: Sequence[str]) -> list[list[int]]:
    """Indices of `texts` that mean the same, each group with its most central text first."""
    distinct = list(dict.fromkeys(texts))
    made = vectors(distinct) if distinct else None
    places = made if made is not None else _by_words(distinct)
    at = {text: n for n, text in enumerate(distinct)}
    weights = np.array([texts.count(text) for text in distinct], np.float32)
    groups = _settle(places, weights) if distinct else []
    return [[n for best in group for n, text in enumerate(texts) if at[text] == best] for group in groups]


def _asked(session: Session, site_id: str, days: int) -> list[Asked]:
    down = select(Feedback.message_id).join(Message).where(Message.turn_id == Turn.id, Feedback.thumbs == "down")
    turns = (
        select(Turn.id, Turn.created_at, Thread.id, Thread.visitor_id, Thread.language)
        .join(Thread, Thread.id == Turn.thread_id)
        .where(
            Turn.site_id == site_id,
            Thread.trial.is_(False),
            Turn.created_at > func.now() - timedelta(days=days),
            or_(Turn.outcome.in_(UNANSWERED), down.exists()),
        )
        .order_by(Turn.created_at.desc())
        .limit(MOST)
    )
    rows = session.execute(turns).all()
    words = _words(session, [row[0] for row in rows])
    return [
        Asked(thread_id, visitor_id, said, language, at)
        for turn_id, at, thread_id, visitor_id, language in rows
        if (said := words.get(turn_id))
    ]


def _words(session: Session, turn_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What the visitor said in each turn, without what stands for personal data."""
    wanted = select(Message.turn_id, Message.content).where(Message.turn_id.in_(turn_ids), Message.role == "visitor")
    said: dict[UUID, str] = {}
    for turn_id, content in session.execute(wanted.order_by(Message.position)):
        if turn_id is not None:
            plain = " ".join(untokened(unmarked(content)).split())
            said[turn_id] = f"{said.get(turn_id, '')} {plain}".strip()[:LONGEST]
    return said


def _settle(places: Vectors, weights: Floats) -> list[list[int]]:
    """Groups around means: each text joins the nearest that is near enough, or begins one; then all choose anew."""
    centres: list[Floats] = []
    chosen = np.zeros(len(places), int)
    for n, place in enumerate(places):
        likeness = [float(centre @ place) / (float(np.linalg.norm(centre)) or 1) for centre in centres]
        best = int(np.argmax(likeness)) if likeness else -1
        if best >= 0 and likeness[best] >= NEAR:
            centres[best] = centres[best] + place * weights[n]
        else:
            best = len(centres)
            centres.append(place * weights[n])
        chosen[n] = best
    for _ in range(ROUNDS):
        means = np.stack([_mean(places, weights, np.flatnonzero(chosen == n)) for n in np.unique(chosen)])
        again = np.argmax(places @ means.T, axis=1)
        if (again == chosen).all():
            break
        chosen = again
    return [_central(places, weights, np.flatnonzero(chosen == n)) for n in sorted(set(chosen.tolist()))]


def _central(places: Vectors, weights: Floats, members: Indices) -> list[int]:
    likeness = places[members] @ _mean(places, weights, members)
    return [int(n) for n in members[np.argsort(-likeness, kind="stable")]]


def _mean(places: Vectors, weights: Floats, members: Indices) -> Floats:
    """The direction of the members' mean, as a unit vector."""
    added = (places[members] * weights[members, None]).sum(axis=0)
    return np.asarray(added / (np.linalg.norm(added) or 1), np.float32)


def _by_words(texts: Sequence[str]) -> Vectors:
    """Vectors of the words alone, where no model of meanings is installed; unit length, one dimension for each term."""
    counted = [Counter(terms(text)) for text in texts]
    names = {term: n for n, term in enumerate(dict.fromkeys(term for one in counted for term in one))}
    made = np.zeros((len(texts), max(len(names), 1)), np.float32)
    for row, terms_ in zip(made, counted, strict=True):
        for term, count in terms_.items():
            row[names[term]] = count
    return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9), np.float32)


def _gap(members: list[Asked]) -> Gap:
    languages = Counter(one.language for one in members if one.language)
    return Gap(
        question=members[0].words,
        people=len({one.visitor_id for one in members}),
        times=len(members),
        first_at=min(one.at for one in members),
        last_at=max(one.at for one in members),
        languages=tuple(name for name, _ in languages.most_common()),
        examples=tuple(members[:SHOWN]),
    )
