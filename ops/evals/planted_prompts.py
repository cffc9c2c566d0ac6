"""Ten prompts as a careless editor leaves them: a rule edited out, a file replaced, two files mixed up."""

from collections.abc import Mapping
from dataclasses import dataclass

FRIENDLY = "Be friendly and helpful.\n"


@dataclass(frozen=True)
class Edited:
    """What was done to the files; `of` makes the new texts of the old ones, by file."""

    what: str
    name: str
    old: str = ""  # empty: all of it
    new: str = FRIENDLY
    swapped: str = ""  # with this file

    def of(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The files that are other ones then."""
        if self.swapped:
            return {self.name: texts[self.swapped], self.swapped: texts[self.name]}
        return {self.name: texts[self.name].replace(self.old, self.new) if self.old else self.new}


def _rule(name: str, old: str, new: str) -> Edited:
    return Edited(f"{name} says “{new}” for “{old}”", name, old, new)


def _replaced(name: str) -> Edited:
    return Edited(f"{name} is replaced by a friendlier one", name)


PROMPTS = (
    _rule("system.md", "Put the id of the passage right after", "Feel free to mention the source of"),
    _rule("plan.md", "search first", "answer as well as you can"),
    _rule("plan.md", "use the order tool", "explain how to look it up"),
    _rule("plan.md", "fetch a person", "stay calm and polite"),
    _rule("plan.md", "offer a ticket", "say that you are sorry"),
    _rule("draft.md", "begin with `ABSTAIN:`", "give the closest answer"),
    _replaced("system.md"),
    _replaced("plan.md"),
    _replaced("draft.md"),
    Edited("plan.md and draft.md are mixed up", "plan.md", swapped="draft.md"),
)
