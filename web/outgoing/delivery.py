"""Delivering one thing: claim and pack it, send it with no transaction open, settle it."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from core.counting import Histogram
from core.db import transaction
from core.errors import HandrailError, Unavailable
from core.log import get_logger
from core.settings import Settings
from core.tracing import client_span, under
from orchestrator.circuits import SHARED
from web.outgoing.carriers import Parcel, carrier_of
from web.outgoing.claims import Claimed, claim, settle
from web.outgoing.posting import Answer
from web.outgoing.verdicts import Chance, Dead, Later, Sent, Verdict, judge

log = get_logger(__name__)

PREFIX = "to:"  # of a circuit's name
KIND = re.compile(r"[a-z_]{1,24}")
OUTGOING = Histogram("handrail_outgoing_seconds", "Time of deliveries, by kind and what came of them", ("to", "result"))
NOWHERE = "The address for this is not set any more."


class OurFault(Unavailable):
    """It could not be sent for an error of Handrail's own: the log has the cause."""


class Circuits(Protocol):
    """What sending needs of `orchestrator.circuits`."""

    def failed(self, name: str, *, threshold: int, seconds: float) -> bool:
        """Count a failure; the `threshold`th in a row lets `name` rest for `seconds`. True if it rests from now on."""

    def succeeded(self, name: str) -> None:
        """Forget the failures of `name`."""

    def resting(self) -> dict[str, float]:
        """The names that rest now, and for how many seconds still."""


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Courier:
    """What sends: the settings, the circuits, chance and the clock."""

    settings: Settings
    circuits: Circuits = field(default_factory=lambda: SHARED)
    chance: Chance = random.uniform
    clock: Callable[[], datetime] = now

    def resting(self) -> tuple[str, ...]:
        """The destinations that rest."""
        return tuple(name.removeprefix(PREFIX) for name in self.circuits.resting() if name.startswith(PREFIX))

    def deliver_one(self) -> bool:
        """Send the oldest thing that is due; False where there is none. Safe to call at any time, by anybody."""
        resting = self.resting()
        with transaction() as session:
            claimed = claim(session, self.settings, resting)
            parcel = _packed(session, claimed, self.settings) if claimed else None
        if claimed is None:
            return False
        kind = destination_kind(claimed.destination)
        with under(claimed.request_id), client_span("outgoing", to=kind, attempt=claimed.attempts) as opened:
            began = time.perf_counter()
            outcome = _sent(parcel, claimed) if callable(parcel) else parcel
            verdict = self._judged(outcome, claimed)
            opened.note(result=type(verdict).__name__.lower())
        OUTGOING.observe(time.perf_counter() - began, kind, type(verdict).__name__.lower())
        with transaction() as session:
            ours = settle(session, claimed, verdict)
            if ours and isinstance(verdict, Sent) and isinstance(outcome, Answer):
                _note_arrival(session, claimed, outcome)
        self._note(claimed, verdict, ours=ours)
        return True

    def _judged(self, outcome: Answer | HandrailError | None, claimed: Claimed) -> Verdict:
        if outcome is None:
            return Dead(NOWHERE)
        verdict = judge(outcome, claimed.attempts, self.clock(), self.settings, self.chance)
        patience = timedelta(hours=self.settings.slack_patience_hours)
        young = claimed.in_order and self.clock() - claimed.created_at < patience
        if isinstance(verdict, Later) and young and not isinstance(outcome, OurFault):
            return replace(verdict, counted=False)  # nobody was there: that says nothing about this one
        return verdict

    def _note(self, claimed: Claimed, verdict: Verdict, *, ours: bool) -> None:
        name = f"{PREFIX}{claimed.destination}"
        if verdict.alive:
            self.circuits.succeeded(name)
        elif verdict.alive is False:
            rest = self.settings.outgoing_circuit_seconds
            self.circuits.failed(name, threshold=self.settings.outgoing_circuit_failures, seconds=rest)
        say = log.info if isinstance(verdict, Sent) else log.warning
        reason = "" if isinstance(verdict, Sent) else verdict.reason
        state = type(verdict).__name__.lower() if ours else "lease_lost"
        say("outgoing", key=claimed.key, destination=claimed.destination, state=state, reason=reason)


def destination_kind(destination: str) -> str:
    """What is before the colon, which is of a closed set; what follows is an id."""
    kind = destination.partition(":")[0]
    return kind if KIND.fullmatch(kind) else "other"


def _packed(session: Session, claimed: Claimed, settings: Settings) -> Parcel | HandrailError | None:
    carrier = carrier_of(claimed.destination)
    try:
        return carrier.pack(session, claimed, settings) if carrier else None
    except HandrailError as error:
        return error


def _note_arrival(session: Session, claimed: Claimed, answer: Answer) -> None:
    if carrier := carrier_of(claimed.destination):
        carrier.arrived(session, claimed, answer)


def _sent(parcel: Parcel, claimed: Claimed) -> Answer | HandrailError:
    try:
        return parcel()
    except HandrailError as error:
        return error
    except Exception:
        log.exception("outgoing_broke", key=claimed.key, destination=claimed.destination)
        return OurFault()
