"""The effects that are performed outside of any transaction: asking a brain, running a tool."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from brain.client import Brain
from core.settings import Settings
from orchestrator import circuits
from orchestrator.effects import Draft, Outside, Plan, RunTool
from orchestrator.events import BrainFailed
from orchestrator.hands import Hands
from orchestrator.journal import Lease
from orchestrator.thinking import Done, Step
from tools.tool import Tool

SHORTEST_S = 0.05  # what a call gets at least, even at the very end of a turn
WITH_A_FALLBACK = 0.6  # share of the time left that a brain gets while another one could be asked after it


@dataclass(frozen=True)
class World:
    """The brains and tools of this process. Everything that touches the outside is handed in here."""

    settings: Settings
    brains: tuple[Brain, ...]
    tools: tuple[Tool, ...]
    sleep: Callable[[float], None] = time.sleep

    def perform(self, effect: Outside, lease: Lease, seconds_left: float) -> Done:
        """Do it within `seconds_left`; whatever goes wrong is an event, too."""
        left = max(seconds_left, SHORTEST_S)
        match effect:
            case Plan() | Draft():
                return self._think(effect, lease, left)
            case RunTool():
                return Done(self._hands.run(effect, lease, left))
            case _:
                assert_never(effect)

    @property
    def _hands(self) -> Hands:
        return Hands(self.settings, self.tools, self.sleep)

    def _think(self, effect: Plan | Draft, lease: Lease, left: float) -> Done:
        brain, resting = self.brains[effect.model], circuits.resting()
        seconds = left * (WITH_A_FALLBACK if effect.model + 1 < len(self.brains) else 1.0)
        name, probing = f"model:{brain.name}", min(seconds, self.settings.model_circuit_seconds)
        if name in resting or not circuits.enter(name, probing):
            return Done(BrainFailed(effect.n, f"{brain.name} rests after several failures."))
        offered = self._hands.offered(lease, left, resting) if effect.calls_left else ()
        return Step(self.settings, brain, effect, lease, offered).think(seconds)
