"""`handrail race`: so many rounds, one after the other, on servers of their own; the figures, and each fault."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Message, Site, Staff, StaffRole, Turn, TurnEvent, Visitor
from core.settings import Settings, get_settings
from ops.race.acts import Table, be_staff, be_visitor, be_worker, erase, standing
from ops.race.moody import Moody
from ops.race.verdict import judge, overtaking
from orchestrator import desk, inbox, overdue
from orchestrator.people import Person
from orchestrator.world import World
from tools.catalog import TOOLS

WAIT_MINUTES = 0.001  # so that visitors are told that nobody came while somebody comes
LEASE_S = 0.03  # so that workers lose turns to each other
SWEEP_S = 0.03
PATIENCE_S = 60.0
ERASED_EACH = 10
REVIEWED_EACH = 4
NAMES = ("handoff_human", "create_ticket")


@dataclass
class Figures:
    """What all rounds came to."""

    rounds: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """A line for each figure, and for each of the first faults."""
        lines = [f"{self.rounds} rounds in {self.seconds:.0f} s, {len(self.faults)} promises broken"]
        lines += [f"{count:>8,}  {what}" for what, count in sorted(self.counts.items())]
        return "\n".join([*lines, *(f"BROKEN  {fault}" for fault in self.faults[:20])])


def run_races(rounds: int, seed: int = 0) -> Figures:
    """Play so many rounds on the servers that the settings point at."""
    figures, begun = Figures(), time.monotonic()
    with _stage() as (sites, staff):
        for n in range(rounds):
            table = _lay(sites, seed + n, reviewed=n % REVIEWED_EACH == REVIEWED_EACH - 1)
            _play(table, staff, n)
            _close(table, staff)
            with transaction() as session:
                figures.faults += [f"round {n}: {fault}" for fault in judge(session, table)]
                _count(session, table, figures)
    figures.rounds, figures.seconds = rounds, time.monotonic() - begun
    return figures


def _play(table: Table, staff: tuple[Person, Person], n: int) -> None:
    """Everybody at once, from one signal on."""
    ana, ben = staff
    first = ""
    if n % 2 == 0:  # both claim what waits: one wins
        table.attempt("visitor wants a person", lambda s: inbox.call_person(s, table.thread(s), "They want somebody."))
        first = "claim"
    brains = (Moody(table.seed), Moody(table.seed + 1))
    chosen = tuple(tool for tool in TOOLS if tool.name in NAMES)
    worlds = [World(_settings(), (brain,), chosen) for brain in brains]
    actors: list[Callable[[], None]] = [
        lambda: be_visitor(table),
        lambda: be_staff(table, ana, first=first),
        lambda: be_staff(table, ben, first=first),
    ]
    if n % ERASED_EACH == ERASED_EACH - 1:
        actors.append(lambda: erase(table))
    background: list[Callable[[], None]] = [lambda w=world: be_worker(table, w) for world in worlds]  # type: ignore[misc]
    background.append(lambda: _sweep(table))
    acting, working = _start(actors), _start(background)
    _join(table, acting)
    table.over = True
    _join(table, working)
    table.faults += [leak for brain in brains for leak in brain.leaks]
    if first and not table.counts["erase"] and table.counts["first claims won"] == 0:
        table.faults.append("both claimed, and neither has it")


def _start(acts: list[Callable[[], None]]) -> list[threading.Thread]:
    signal = threading.Barrier(len(acts))

    def begin(act: Callable[[], None]) -> None:
        signal.wait()
        act()

    threads = [threading.Thread(target=begin, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def _join(table: Table, threads: list[threading.Thread]) -> None:
    ends = time.monotonic() + PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
        if thread.is_alive():
            table.faults.append(f"{thread.name} is stuck")


def _sweep(table: Table) -> None:
    """Look after those whom nobody answers, as the sweep does."""
    while not table.over:
        with transaction() as session:
            alone = overdue.left_alone(session, get_settings())
        for id_ in alone:
            table.attempt("nobody came or answered", lambda s, i=id_: overdue.look_after(s, i, get_settings()))  # type: ignore[misc]
        time.sleep(SWEEP_S)


def _close(table: Table, staff: tuple[Person, Person]) -> None:
    """Whoever has it gives it back, and the bot answers what is open."""
    for person in staff:
        table.attempt("last return", lambda s, p=person: desk.give_back(s, standing(s, table), p))  # type: ignore[misc]
    be_worker(table, World(_settings(), (Moody(table.seed + 2),), ()))


def _settings() -> Settings:
    return get_settings().model_copy(update={"lease_seconds": LEASE_S, "tool_retry_delays_ms": (1, 2)})


def _lay(sites: tuple[str, str], seed: int, *, reviewed: bool) -> Table:
    site_id = sites[reviewed]
    with transaction() as session:
        visitor = Visitor(id=uuid4(), site_id=site_id)
        session.add(visitor)
        session.flush()
        thread = inbox.open_thread(session, site_id, "web", visitor=visitor)
        return Table(site_id, thread.id, visitor.id, seed, reviewed)


@contextmanager
def _stage() -> Iterator[tuple[tuple[str, str], tuple[Person, Person]]]:
    """Two sites, live and reviewed, with an agent and a supervisor; gone at the end."""
    mark = uuid4().hex[:8]
    sites = (f"race-{mark}", f"race-review-{mark}")
    people = [(uuid4(), "Ana", "agent"), (uuid4(), "Ben", "supervisor")]
    with transaction() as session:
        for site_id, mode in zip(sites, ("live", "review"), strict=True):
            row = {"name": "Race", "api_key_hash": "0" * 64, "tools": list(NAMES), "mode": mode}
            session.add(Site(id=site_id, slack_channel="C1", wait_minutes=WAIT_MINUTES, **row))
        for id_, name, role in people:
            session.add(Staff(id=id_, email=f"{name.lower()}-{mark}@example.com", name=name))
            session.flush()
            session.add_all(StaffRole(staff_id=id_, site_id=site_id, role=role) for site_id in sites)
    ana, ben = (Person(id_, name, f"{name.lower()}-{mark}@example.com") for id_, name, _ in people)
    try:
        yield sites, (ana, ben)
    finally:
        with transaction() as session:
            session.execute(delete(Site).where(Site.id.in_(sites)))
            session.execute(delete(Staff).where(Staff.id.in_([ana.staff_id, ben.staff_id])))


def _count(session: Session, table: Table, figures: Figures) -> None:
    """Add what there is of the round."""
    figures.counts += table.counts
    for kind, column, key in (("messages of", Message, Message.role), ("turns that ended", Turn, Turn.outcome)):
        query = select(key, func.count()).where(column.thread_id == table.thread_id).group_by(key)
        figures.counts.update({f"{kind} {name}": count for name, count in session.execute(query)})
    ended = select(TurnEvent.turn_id).join(Turn).where(Turn.thread_id == table.thread_id)
    claimed = session.scalars(ended.where(TurnEvent.event["type"].astext == "PersonClaimed")).all()
    figures.counts["turns that a claim silenced"] += len(claimed)
    figures.counts["messages told before an earlier one"] += overtaking(session, table)
