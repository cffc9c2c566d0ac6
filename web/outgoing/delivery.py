"""Delivering one thing: claim it, POST it with no transaction open, settle it."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from core.db import transaction
from core.errors import AddressRefused, HandrailError, Unavailable
from core.log import get_logger
from core.settings import Settings
from orchestrator.circuits import SHARED
from web.outgoing.claims import Claimed, claim, settle
from web.outgoing.destinations import IF_YOURS, Destination, checked, find
from web.outgoing.posting import Answer, post
from web.outgoing.signing import signed
from web.outgoing.verdicts import Chance, Dead, Sent, Verdict, judge

log = get_logger(__name__)

PREFIX = "to:"  # of a circuit's name
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
            destination = find(session, claimed.destination) if claimed else None
        if claimed is None:
            return False
        verdict = self._attempt(claimed, destination) if destination else Dead(NOWHERE)
        with transaction() as session:
            ours = settle(session, claimed, verdict)
        self._note(claimed, verdict, ours=ours)
        return True

    def _attempt(self, claimed: Claimed, destination: Destination) -> Verdict:
        return judge(self._post(claimed, destination), claimed.attempts, self.clock(), self.settings, self.chance)

    def _post(self, claimed: Claimed, destination: Destination) -> Answer | HandrailError:
        settings = self.settings
        body = json.dumps(claimed.body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            headers = signed(destination.secret, key=claimed.key, body=body, at=int(self.clock().timestamp()))
            headers["Idempotency-Key"] = claimed.key
            url, private = checked(destination.url, settings.outgoing_private_hosts), settings.outgoing_private_hosts
            return post(url, body, headers, seconds=settings.outgoing_seconds, private_hosts=private)
        except AddressRefused as error:
            return AddressRefused(f"{error.detail} {IF_YOURS}")
        except HandrailError as error:
            return error
        except Exception:
            log.exception("outgoing_broke", key=claimed.key, destination=claimed.destination)
            return OurFault()

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
