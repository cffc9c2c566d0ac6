"""Where sentences of a draft assert something: not in questions, offers, conditions and admissions."""

import re
from collections.abc import Iterator
from pathlib import Path

from kb.screen.wording import wordings
from kb.sentences import sentences
from orchestrator.evidence import MARK, cited
from orchestrator.guards.draft import DraftText

CLAUSE = re.compile(
    r"(?<!\d)[,;:–—](?!\d)|\.\s|\b(?:but|however|although|and|aber|jedoch|und|pero|sino|y|mais|cependant|et)\b",
    re.IGNORECASE,
)
RULES = wordings(Path(__file__).with_suffix(".yaml"))
UNREAL, IN_VAIN = RULES["unreal"], RULES["in vain"]


def cited_sentences(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each sentence without its marks, and the ids that it cites: in it, or right after its last full stop."""
    waiting = ""
    for each in sentences(text):
        said, ids = MARK.sub("", each.text).strip(), cited(each.text)
        if said:
            if waiting:
                yield waiting, ()
            waiting = said
        if waiting and ids:
            yield waiting, ids
            waiting = ""
    if waiting:
        yield waiting, ()


def asserted(draft: DraftText) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each clause that asserts something, its whole sentence, and the ids that the sentence cites."""
    for said, ids in cited_sentences(draft.text):
        if said.endswith("?"):
            continue
        for clause in CLAUSE.split(said):
            if clause.strip() and not UNREAL.search(clause) and not IN_VAIN.search(clause):
                yield clause.strip(), said, ids
