"""One turn from its claim to its end: perform what is pending, record what came of it, until nothing is pending."""

import os
import socket
import threading
import time
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from brain.choose import brains
from brain.client import Ask, Said
from brain.extractive import Extractive
from core.counting import apart
from core.db import transaction
from core.log import bound, get_logger
from core.models import Site
from core.settings import get_settings
from core.tracing import span, under
from kb.search.hybrid import search
from orchestrator import budget, figures
from orchestrator.effects import Outside
from orchestrator.events import BrainFailed, DeadlinePassed
from orchestrator.inside import MessageGone
from orchestrator.journal import Lease, LeaseLost, claim, record_result
from orchestrator.leases import Keeper
from orchestrator.thinking import Done
from orchestrator.world import World
from tools.catalog import TOOLS

log = get_logger(__name__)

WRITE_AGAIN_S = (0.2, 0.5, 1.0, 2.0)  # pauses while the database is away: what a model answered is worth keeping


@lru_cache(maxsize=1)
def the_world() -> World:
    """The brains and tools that this process's settings ask for."""
    settings = get_settings()
    return World(settings, brains(settings), TOOLS)


@lru_cache(maxsize=4)
def keeper(lease_seconds: float) -> Keeper:
    """Who holds on to the turns of this process whose leases are so long: one thread for all of them."""
    return Keeper(lease_seconds)


def warm_up() -> None:
    """Load models before the first visitor pays for it: one search with each, and one thought of our own."""
    world = the_world()
    with transaction() as session:
        by_model = {site.embedding_model_id: site for site in session.scalars(select(Site))}
        for site in by_model.values():
            search(session, site_id=site.id, channel="web", query="hello")
    for brain in world.brains:
        if isinstance(brain, Extractive):
            brain.think(Ask("plan", "", (Said("visitor", "hello"),)), lambda _: None)


def take_turn(thread_id: UUID, world: World | None = None) -> None:
    """Carry the thread's open turn on to its end, unless another worker has it. Safe to call at any time, twice."""
    world = world or the_world()
    with transaction() as session:
        lease = claim(session, thread_id, _worker_name(), world.settings)
    if lease is None:
        return
    ids = {"site": lease.case.site_id, "thread": str(thread_id), "turn": str(lease.turn_id)}
    with under(lease.request_id), bound(**ids), span("turn", turn=ids["turn"], fence=lease.fence) as opened:
        with keeper(get_settings().lease_seconds).holding(lease), apart(lease.case.trial):
            outcome = _carry_on(world, lease)
        opened.note(outcome=outcome)


def _carry_on(world: World, lease: Lease) -> str:
    """To the end of what is pending. How the turn ended; "" where it has not, or not by us."""
    began = time.monotonic()
    ends_at = began + lease.seconds
    outcome = ""
    while lease.pending is not None:
        try:
            done = _next(world, lease, lease.pending, ends_at)
        except MessageGone:
            log.info("turn_deleted")
            break
        try:
            lease = _recorded(world, lease, done)
        except LeaseLost:
            log.info("lease_lost", fence=lease.fence)
            _note_alone(done)
            break
    else:
        outcome = str(lease.turn.state.outcome or "")
    if outcome:
        figures.TURNS.observe(lease.age + time.monotonic() - began, outcome)
    with transaction() as session:
        budget.settle(session, lease.case, lease.turn_id)
    return outcome


def _next(world: World, lease: Lease, effect: Outside, ends_at: float) -> Done:
    if time.monotonic() >= ends_at:
        return Done(DeadlinePassed())
    phase = figures.phase_of(effect)
    with span(phase, n=effect.n), figures.PHASES.timing(phase):
        done = world.perform(effect, lease, ends_at - time.monotonic())
    if time.monotonic() >= ends_at and isinstance(done.event, BrainFailed):
        return Done(DeadlinePassed(), done.call)  # it was cut short by us; anything else that is there is kept
    return done


def _recorded(world: World, lease: Lease, done: Done) -> Lease:
    """Write it down; while the database is away, again. What was written after all comes late, and is swallowed."""
    for pause in WRITE_AGAIN_S:
        try:
            return _record(lease, done)
        except OperationalError as error:
            log.warning("result_not_written", cause=repr(error.orig), pause=pause)
            world.sleep(pause)
    return _record(lease, done)


def _record(lease: Lease, done: Done) -> Lease:
    with span("record"), figures.PHASES.timing("record"), transaction() as session:
        after = record_result(session, lease, done.event)
        if done.call is not None:
            budget.note(session, done.call)
    return after


def _note_alone(done: Done) -> None:
    """Somebody else carries the turn on, but what this answer cost is spent all the same."""
    if done.call is not None:
        with transaction() as session:
            budget.note(session, done.call)


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident() % 100_000}"[:80]
