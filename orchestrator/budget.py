"""Money: reserved before a model is asked, settled with what the answer cost. Per thread, per site and day, per day.

The question's row (`model_calls`) is the ledger, the sums beside it decide. Amounts are millionths of a dollar. Threads
are locked before days, and days in the order of their statement, so that two turns never wait for each other.
"""

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.direct import Statement
from core.errors import HandrailError
from core.sealing import places
from core.settings import Settings
from orchestrator.case import Case

# One statement each, so that a reservation costs one round trip. Days follow their thread because they read from it.
HOLD = Statement("""
    WITH thread AS (
        UPDATE threads SET held_micro = held_micro + :micro
        WHERE id = :thread_id AND (:thread_most = 0 OR spent_micro + held_micro + :micro <= :thread_most)
        RETURNING id
    ), day AS (
        INSERT INTO spend AS kept (scope, day, held_micro)
        SELECT limits.scope, CAST(now() AT TIME ZONE 'utc' AS date), :micro
        FROM thread, (VALUES ('all', CAST(:all_most AS bigint)), (:site, :site_most)) AS limits (scope, most)
        WHERE limits.most = 0 OR :micro <= limits.most
        ON CONFLICT (scope, day) DO UPDATE SET held_micro = kept.held_micro + :micro
        WHERE CASE kept.scope WHEN 'all' THEN :all_most ELSE :site_most END = 0
            OR kept.spent_micro + kept.held_micro + :micro
               <= CASE kept.scope WHEN 'all' THEN :all_most ELSE :site_most END
        RETURNING scope
    )
    SELECT (SELECT count(*) FROM thread) AS threads, (SELECT array_agg(scope) FROM day) AS scopes
""")
ANSWERED = Statement("""
    UPDATE model_calls SET reply = CAST(:reply AS jsonb), fault = :fault, input_tokens = :input_tokens,
        output_tokens = :output_tokens, estimated = :estimated, cost_micro = :cost_micro
    WHERE turn_id = :turn_id AND n = :n AND fence = :fence AND settled_at IS NULL
""")
# A worker that died while a model answered: what it held is taken as spent, since the model may have charged for it.
# The thread is locked before its questions, as by whoever deletes both.
SETTLE = Statement("""
    WITH thread AS MATERIALIZED (SELECT id FROM threads WHERE id = :thread_id FOR NO KEY UPDATE)
    UPDATE model_calls SET settled_at = now(), estimated = estimated OR NOT answered,
        cost_micro = CASE WHEN answered THEN cost_micro ELSE held_micro END,
        fault = CASE WHEN answered THEN fault ELSE 'The answer was lost.' END
    FROM (
        SELECT model_calls.turn_id, n, model_calls.fence, reply IS NOT NULL OR fault <> '' AS answered,
               model_calls.fence < turns.fence OR ended_at IS NOT NULL AS past
        FROM thread JOIN turns ON turns.thread_id = thread.id JOIN model_calls ON model_calls.turn_id = turns.id
        WHERE turns.id = :turn_id AND settled_at IS NULL
    ) AS open
    WHERE model_calls.turn_id = open.turn_id AND model_calls.n = open.n AND model_calls.fence = open.fence
        AND settled_at IS NULL AND (answered OR past)
    RETURNING held_micro, cost_micro, CAST(asked_at AT TIME ZONE 'utc' AS date) AS day,
        -- The rows that all turns of a site share are not locked while a disk is waited for.
        set_config('synchronous_commit', 'off', true)
""")
SETTLE_THREAD = Statement("""
    UPDATE threads SET held_micro = held_micro - :held, spent_micro = spent_micro + :cost WHERE id = :thread_id
""")
SETTLE_DAY = Statement("""
    UPDATE spend SET held_micro = held_micro - :held, spent_micro = spent_micro + :cost
    WHERE scope = :scope AND day = :day
""")
TODAY = Statement("""
    SELECT held_micro, spent_micro FROM spend WHERE scope = :scope AND day = CAST(now() AT TIME ZONE 'utc' AS date)
""")

MICRO = 1_000_000
EVERYWHERE = "all"


class BudgetSpent(HandrailError):
    """The budget for models is used up: raise HANDRAIL_BUDGET_…, or wait until tomorrow."""


@dataclass(frozen=True)
class Answered:
    """What a question has brought and cost. `reply` is JSON text, or None where `fault` says why there is none."""

    turn_id: UUID
    n: int
    fence: int
    reply: str | None
    fault: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    cost_micro: int = 0


def hold(session: Session, case: Case, micro: int, settings: Settings) -> None:
    """Reserve `micro` in every scope. Raises BudgetSpent; the caller's transaction then undoes the rest."""
    if micro == 0:
        return
    own = case.budget_day_micro
    limits = {
        "thread_most": round(settings.budget_thread_usd * MICRO),
        "site_most": round(settings.budget_site_day_usd * MICRO) if own is None else own,
        "all_most": round(settings.budget_day_usd * MICRO),
    }
    held = HOLD.row(session, **limits, micro=micro, thread_id=case.thread_id, site=_scope(case))
    if not held.threads:
        raise BudgetSpent("The budget of this conversation is used up.")
    if EVERYWHERE not in (held.scopes or ()):
        raise BudgetSpent("The day's budget of the installation is used up.")
    if _scope(case) not in held.scopes:
        raise BudgetSpent("The day's budget of this site is used up.")


def note(session: Session, call: Answered) -> None:
    """Write down what a question brought; once: a second time changes nothing."""
    reply = places.REPLY.text(call.turn_id, json.loads(call.reply)) if call.reply else None
    ANSWERED.run(session, **vars(call) | {"reply": reply})


def settle(session: Session, case: Case, turn_id: UUID) -> None:
    """Count what a turn's questions cost, and give back what they held beyond that. Whatever is settled stays so."""
    rows = SETTLE.rows(session, turn_id=turn_id, thread_id=case.thread_id)
    for day in sorted({row.day for row in rows if row.held_micro}):
        held = sum(row.held_micro for row in rows if row.day == day)
        cost = sum(row.cost_micro for row in rows if row.day == day)
        SETTLE_THREAD.run(session, thread_id=case.thread_id, held=held, cost=cost)
        for scope in (EVERYWHERE, _scope(case)):  # in the order in which they are reserved
            SETTLE_DAY.run(session, scope=scope, day=day, held=held, cost=cost)


def today(session: Session, scope: str = EVERYWHERE) -> tuple[int, int]:
    """What a scope holds and has spent on this day (UTC), in millionths of a dollar."""
    row = TODAY.row(session, scope=scope)
    return (0, 0) if row is None else (row.held_micro, row.spent_micro)


def _scope(case: Case) -> str:
    return f"site:{case.site_id}"
