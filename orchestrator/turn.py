"""One turn from its claim to its end: perform what is pending, record what came of it, until nothing is pending."""

import os
import socket
import threading
import time
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select

from brain.choose import brains
from brain.client import Ask, Said
from brain.extractive import Extractive
from core.db import transaction
from core.log import bound, get_logger
from core.models import Site
from core.settings import get_settings
from kb.search import search
from orchestrator.effects import Outside
from orchestrator.events import DeadlinePassed, DraftWritten, Event
from orchestrator.journal import Lease, LeaseLost, claim, record_result
from orchestrator.leases import Keeper
from orchestrator.world import Case, World
from tools.catalog import TOOLS

log = get_logger(__name__)


@lru_cache(maxsize=1)
def the_world() -> World:
    """The brains and tools that this process's settings ask for."""
    settings = get_settings()
    return World(settings, brains(settings), TOOLS)


@lru_cache(maxsize=1)
def _keeper() -> Keeper:
    return Keeper(get_settings())


def warm_up() -> None:
    """Load models and indexes before the first visitor pays for it: one search in each site, one thought of our own."""
    world = the_world()
    with transaction() as session:
        sites = session.scalars(select(Site)).all()
        for site in sites:
            search(session, site_id=site.id, channel="web", query="hello")
    for brain in world.brains:
        if isinstance(brain, Extractive):
            brain.think(Ask("plan", "", (Said("visitor", "hello"),)), lambda _: None)


def take_turn(thread_id: UUID, world: World | None = None) -> None:
    """Carry the thread's open turn on to its end, unless another worker has it. Safe to call at any time, twice."""
    world = world or the_world()
    with transaction() as session:
        lease = claim(session, thread_id, _worker_name(), world.settings)
        case = world.open_case(session, lease) if lease else None
    if lease is None or case is None:
        return
    with bound(site=case.site.id, thread=str(thread_id), turn=str(lease.turn_id)), _keeper().holding(lease):
        try:
            _loop(world, case, lease)
        except LeaseLost:
            log.info("lease_lost", fence=lease.fence)


def _loop(world: World, case: Case, lease: Lease) -> None:
    ends_at = time.monotonic() + lease.seconds
    while lease.pending is not None:
        event = _next_event(world, case, lease.pending, ends_at)
        with transaction() as session:
            lease = record_result(session, lease, event)


def _next_event(world: World, case: Case, effect: Outside, ends_at: float) -> Event:
    if time.monotonic() >= ends_at:
        return DeadlinePassed()
    event = world.perform(effect, case, ends_at - time.monotonic())
    if time.monotonic() >= ends_at and not isinstance(event, DraftWritten):
        return DeadlinePassed()  # a draft that is there is better than an apology, the rest is not
    return event


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident() % 100_000}"[:80]
