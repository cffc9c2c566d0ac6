"""Plays one golden case along the visitors' own path: every message is accepted and its turn taken as theirs are."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from core.db import transaction
from core.errors import BadRequest
from core.models import Thread, Visitor
from ops.evals import reading
from ops.evals.golden import Case, Identity, stored
from ops.evals.measures import measures
from ops.evals.observed import Conversation, Observed
from ops.evals.run_form import Result
from ops.evals.verdict import faults
from orchestrator import erasing, inbox
from orchestrator.turn import take_turn
from orchestrator.world import World


@dataclass(frozen=True)
class Stage:
    """Where cases are played: a site, and the brains and tools that answer (None: this process's own).

    The conversations are trials: they change nothing that staff or owners see. `keep` leaves them in the database.
    """

    site_id: str
    world: World | None = None
    keep: bool = False


def play(stage: Stage, case: Case, repeat: int = 0) -> Result:
    """Have the conversation of `case`, and judge it."""
    thread_id = _open(stage.site_id, case)
    try:
        turns = [_say(stage, thread_id, said.words) for said in case.say]
        return _judged(case, repeat, Conversation(turns))
    finally:
        if not stage.keep:
            _erase(thread_id)


def _open(site_id: str, case: Case) -> UUID:
    with transaction() as session:
        visitor = _visitor(site_id, case.identity)
        session.add(visitor)
        session.flush()
        return inbox.open_thread(session, site_id, case.channel, visitor=visitor, trial=True).id


def _visitor(site_id: str, identity: Identity) -> Visitor:
    return Visitor(
        id=uuid4(), site_id=site_id, verified_email=identity.signed_in or None, contact_email=identity.contact or None
    )


def _say(stage: Stage, thread_id: UUID, words: str) -> Observed:
    began = time.perf_counter()
    try:
        with transaction() as session:
            turn_id = inbox.accept(session, session.get_one(Thread, thread_id), words, str(uuid4())).turn_id
    except BadRequest as error:  # as its visitor is told
        with transaction() as session:
            state = reading.state_of(session, thread_id)
        return Observed(error.detail, "refused", state, time.perf_counter() - began)
    if turn_id is not None:
        take_turn(thread_id, stage.world)
    seconds = time.perf_counter() - began
    with transaction() as session:
        return reading.observe(session, thread_id, turn_id, words, seconds)


def _judged(case: Case, repeat: int, seen: Conversation) -> Result:
    found = tuple(_all_faults(case, seen))
    last = seen.last
    return Result(
        case=case.id,
        repeat=repeat,
        tags=case.tags,
        passed=not found,
        faults=found,
        say=tuple(said.words for said in case.say),
        reply=last.reply,
        outcome=last.outcome,
        cited=last.cited,
        retrieved=last.retrieved,
        expected={**stored(case)["expect"], "outcome": list(case.expect.outcome)},
        tools=seen.tools,
        guards=seen.guards,
        measures=measures(case, seen, passed=not found),
        phases=last.phases,
        tokens=(sum(turn.tokens[0] for turn in seen.turns), sum(turn.tokens[1] for turn in seen.turns)),
        cost_usd=sum(turn.cost_micro for turn in seen.turns) / 1e6,
        turn_id=last.turn_id,
        replay="none" if last.replays is None else "same" if last.replays else "differs",
    )


def _all_faults(case: Case, seen: Conversation) -> Iterator[str]:
    for n, (said, turn) in enumerate(zip(case.say, seen.turns, strict=True), start=1):
        if said.expect is not None:
            yield from (f"after message {n}: {fault}" for fault in faults(said.expect, Conversation([turn])))
    yield from faults(case.expect, seen)


def _erase(thread_id: UUID) -> None:
    with transaction() as session:
        erasing.erase_visitor(session, session.get_one(Thread, thread_id).visitor_id)
