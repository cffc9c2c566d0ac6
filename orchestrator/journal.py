"""The journal of a turn: open, claim, record. Each record is one short transaction under the thread's row lock.

Inside it the machine steps until nothing is left to do but outside work (a model, a tool), which becomes the turn's
`pending` effect; a worker that holds the lease performs it with no transaction open.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from brain.prompt import prompt_hashes
from core import bus
from core.direct import Statement
from core.queue import Job, enqueue
from core.settings import Settings, get_settings
from orchestrator import codec, figures, inside, open_turns, showing
from orchestrator.case import Case, lock_case
from orchestrator.effects import Draft, Outside, Plan, RunTool, State
from orchestrator.events import Event, Limits, Phase, TurnOpened
from orchestrator.machine import step
from orchestrator.open_turns import OpenTurn
from orchestrator.told import tell_staff
from tools.hours import is_open

CLAIM = Statement("""
    UPDATE turns SET fence = fence + 1, leased_by = :worker, leased_until = clock_timestamp() + :lease,
        due_at = least(clock_timestamp() + :run, deadline_at)
    WHERE thread_id = :thread_id AND ended_at IS NULL AND pending IS NOT NULL
        AND (leased_until IS NULL OR leased_until <= clock_timestamp())
    RETURNING id, site_id, seq, fence, state, pending, extract(epoch FROM due_at - clock_timestamp()) AS seconds,
        request_id, extract(epoch FROM clock_timestamp() - created_at) AS age,
        -- As it was before: somebody held it, and let the lease end.
        (SELECT leased_until IS NOT NULL FROM turns AS before WHERE before.id = turns.id) AS taken_over,
        (SELECT json_agg(json_build_array(version, event, effects) ORDER BY turn_events.seq)
         FROM turn_events WHERE turn_id = turns.id) AS events
""")
RENEW = Statement("""
    UPDATE turns SET leased_until = clock_timestamp() + :lease
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS integer[])) AS held (turn_id, its_fence)
    WHERE id = held.turn_id AND fence = held.its_fence AND ended_at IS NULL AND leased_until IS NOT NULL
    RETURNING set_config('synchronous_commit', 'off', true)
""")
LET_GO = Statement("""
    UPDATE turns SET leased_until = NULL WHERE id = :id AND fence = :fence AND ended_at IS NULL
    RETURNING thread_id
""")


class LeaseLost(Exception):
    """Somebody else carries this turn on: what we found out comes too late."""


@dataclass(frozen=True)
class Lease:
    """The right to perform one turn's next effect, until somebody with a higher `fence` takes it."""

    case: Case
    turn: OpenTurn  # as it was when this lease last looked
    fence: int
    seconds: float  # that the run had when it was claimed
    available: dict[str, bool] = field(default_factory=dict)  # tools, as far as they were asked in this run
    request_id: str = ""  # that opened the turn
    age: float = 0.0  # seconds since the turn began, when it was claimed

    @property
    def turn_id(self) -> UUID:
        """The turn."""
        return self.turn.id

    @property
    def thread_id(self) -> UUID:
        """Its conversation."""
        return self.turn.thread_id

    @property
    def pending(self) -> Outside | None:
        """What is to be done next."""
        return self.turn.pending


def open_turn(session: Session, case: Case, settings: Settings) -> OpenTurn:
    """A new turn in the thread of `case`, which the caller has locked."""
    turn = OpenTurn(uuid4(), case.thread_id, case.site_id, 0, State(), None, leased=False, trial=case.trial)
    lasts = timedelta(seconds=settings.accept_seconds)
    open_turns.insert(session, turn, settings.fingerprint(), lasts)
    step_on(session, turn, opened(case, settings))
    return turn


def opened(case: Case, settings: Settings) -> TurnOpened:
    """The first event of every turn: the numbers that bind it, and what its answers come from."""
    limits = Limits(
        max_tool_calls=settings.max_tool_calls,
        tool_retry_delays_ms=settings.tool_retry_delays_ms,
        max_redrafts=settings.max_redrafts,
        models=len(settings.models),
        mode=case.mode,
        review_kinds=tuple(case.review.get("kinds", ())),
        review_below=case.review.get("below", 0.0),
        closed=not is_open(case.hours, datetime.now(UTC)),
        language=case.language,
    )
    return TurnOpened(limits, settings.fingerprint(), _prompts())


@cache
def _prompts() -> tuple[tuple[str, str], ...]:
    return tuple(prompt_hashes().items())


def open_turn_of(session: Session, thread_id: UUID) -> OpenTurn | None:
    """The thread's turn that has not ended. The caller holds the thread's lock."""
    return open_turns.find(session, thread_id)


def claim(session: Session, thread_id: UUID, worker: str, settings: Settings) -> Lease | None:
    """Take the thread's open turn, if something is pending and nobody holds it. Database time decides."""
    case = lock_case(session, thread_id)
    if case is None:
        return None
    lease, run = timedelta(seconds=settings.lease_seconds), timedelta(seconds=settings.turn_seconds)
    row = CLAIM.row(session, thread_id=thread_id, worker=worker, lease=lease, run=run)
    if row is None:
        return None
    state, pending = open_turns.stands(row.id, row.state, row.pending)
    turn = OpenTurn(row.id, thread_id, row.site_id, row.seq, state, pending, leased=True)
    turn.known = open_turns.read_events(row.id, row.events)
    showing.show_pending(session, turn)
    if not case.trial:
        figures.note_claim(row.fence, float(row.age), taken_over=row.taken_over)
    return Lease(case, turn, row.fence, float(row.seconds), request_id=row.request_id, age=float(row.age))


def renew(session: Session, leases: dict[UUID, int], seconds: float) -> None:
    """Hold on to these turns (id → fence) for so long. Nobody waits until that has reached the disk."""
    RENEW.run(session, ids=list(leases), fences=list(leases.values()), lease=timedelta(seconds=seconds))


def let_go(session: Session, leases: dict[UUID, int]) -> None:
    """Give these turns (id → fence) to whoever comes, and ring for them."""
    for id_ in sorted(leases):
        if row := LET_GO.row(session, id=id_, fence=leases[id_]):
            enqueue(session, Job.TAKE_TURN, thread_id=row.thread_id)


def record_result(session: Session, lease: Lease, event: Event) -> Lease:
    """Write down what an outside effect answered, and learn what is next. Raises LeaseLost."""
    case, turn = lease.case, open_turns.copy(lease.turn)
    row = open_turns.LOCK.row(session, thread_id=turn.thread_id, id=turn.id)
    if row is None or row.fence != lease.fence or row.ended:
        raise LeaseLost
    if row.seq != turn.seq:  # the visitor wrote meanwhile
        open_turns.reload(session, turn)
        case = lock_case(session, turn.thread_id) or case
    showing.show_result(session, turn, event)
    record(session, turn, event)
    return replace(lease, case=case, turn=turn)


def record(session: Session, turn: OpenTurn, event: Event) -> None:
    """Step on `event`, and on whatever follows from it inside this transaction. The caller holds the thread's lock."""
    step_on(session, turn, event)
    open_turns.write(session, turn)
    if turn.state.outcome is not None:
        outcome = turn.state.outcome
        figures.ENDED.add(outcome)
        bus.tell(session, turn.thread_id, "done", turn_id=str(turn.id), outcome=outcome)


def step_on(session: Session, turn: OpenTurn, event: Event) -> None:
    """As `record`, but for the writing: further events of the same transaction may follow."""
    was, reviewed, held = turn.pending, turn.phase is Phase.REVIEWING, turn.state.n
    events: deque[Event] = deque([event])
    while events:
        happened = events.popleft()
        turn.state, effects = step(turn.state, happened)
        turn.note(happened, [codec.dump(effect) for effect in effects])
        for effect in effects:
            if isinstance(effect, Plan | Draft | RunTool):
                turn.pending = effect
            else:
                events.extend(inside.perform(session, turn, effect))
    if reviewed and turn.phase is not Phase.REVIEWING:  # decided, or void
        tell_staff(session, turn.thread_id, "draft", turn=turn.id, n=held)
    if turn.state.outcome is not None:
        turn.pending = None
    elif turn.pending is not None and turn.pending != was:
        if reviewed:  # the visitor wrote on while a person looked: a turn's own deadline counts again
            turn.lasts = timedelta(seconds=get_settings().accept_seconds)
        _next(session, turn)


def _next(session: Session, turn: OpenTurn) -> None:
    """Tell what is done now, and ring, unless a worker holds the turn and finds the pending effect by itself."""
    if turn.leased:
        showing.show_pending(session, turn)
    elif not turn.trial:
        enqueue(session, Job.TAKE_TURN, thread_id=turn.thread_id)
