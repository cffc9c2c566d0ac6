"""A draft on its way to the visitor, sentence by sentence: each is shown once the guards have passed it.

What is shown here is provisional. The final check sees the whole draft again; the `message` that follows replaces all.
"""

import re
from collections.abc import Callable
from uuid import UUID

from core import bus
from kb.sentences import complete_until, sentences
from orchestrator import guards
from orchestrator.evidence import Evidence, cited, render
from orchestrator.guards.draft import DraftText

ENDS = re.compile(r"[.!?…\n]")  # without one of these no sentence is complete

Publish = Callable[[list[bus.News]], None]


class Silence:
    """Hears a text that no visitor may see before a person has."""

    def hear(self, piece: str) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""


class SentenceStream:
    """Hears a text in pieces, and shows its whole sentences until one does not pass."""

    def __init__(
        self,
        turn_id: UUID,
        thread_id: UUID,
        evidence: Evidence,
        publish: Publish = bus.publish_all,
        *,
        told: bool = True,
    ) -> None:
        """Show to the listeners of `thread_id`. `told`: they know already that an answer is being written."""
        self._turn_id, self._thread_id = turn_id, thread_id
        self._evidence, self._publish = evidence, publish
        self._text, self._shown_until, self._shown = "", 0, 0
        self._cited: tuple[str, ...] = ()
        self._stopped, self._told, self._may_end = False, told, False

    def hear(self, piece: str) -> None:
        """Take the next piece, and show what it completes."""
        if not self._told:
            self._told = True
            self._publish([bus.News(self._thread_id, "state", {"state": "writing"})])
        self._text += piece
        self._may_end = self._may_end or ENDS.search(piece) is not None
        if self._may_end:
            self._show_until(self._shown_until + complete_until(self._text[self._shown_until :]))

    def finish(self) -> None:
        """The text is complete: show the rest."""
        self._show_until(len(self._text))

    def _show_until(self, end: int) -> None:
        if end == self._shown_until:
            return
        news: list[bus.News] = []
        for sentence in sentences(self._text[self._shown_until : end]):
            if not self._stopped:
                news += self._shown_now(sentence.text)
        self._shown_until = end
        self._may_end = ENDS.search(self._text, end) is not None
        self._publish(news)

    def _shown_now(self, sentence: str) -> list[bus.News]:
        draft = DraftText(sentence, "answer", partial=True, cited_before=self._cited)
        if guards.objection(guards.judge(draft, self._evidence)):
            self._stopped = True  # what follows may lean on it; the final check decides
            return []
        text, citations = render(sentence, self._evidence, self._cited)
        self._cited = tuple(dict.fromkeys((*self._cited, *cited(sentence))))
        data = {"turn_id": str(self._turn_id), "n": self._shown, "text": text, "citations": list(citations)}
        self._shown += 1
        return [bus.News(self._thread_id, "sentence", data)]
