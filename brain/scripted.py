"""A brain that says what it is told, in order: for tests, rehearsals and benchmarks of everything around a brain."""

from collections.abc import Callable, Iterable, Iterator

from brain.client import Ask, BrainGarbled, Reply


class Scripted:
    """Replies with each of `replies` in turn; an exception among them is raised. Keeps every `Ask` it got."""

    name = "scripted"

    def __init__(self, replies: Iterable[Reply | Exception]) -> None:
        """Take the script."""
        self._replies: Iterator[Reply | Exception] = iter(replies)
        self.asked: list[Ask] = []

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """The next reply. Raises BrainGarbled when the script is over."""
        self.asked.append(ask)
        reply = next(self._replies, BrainGarbled("The script is over."))
        if isinstance(reply, Exception):
            raise reply
        for word in reply.text.split(" ") if reply.text else ():
            on_text(word if word is reply.text else f"{word} ")
        return reply
