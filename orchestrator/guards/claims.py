"""Output: each sentence of an answer says what the passages say that it cites: names, negations, conditions, too."""

from collections.abc import Iterable
from functools import lru_cache

from kb.analysis import language_of
from kb.figures import NUMBER, plain
from kb.screen import sound
from orchestrator.claims.weighing import Passage, fault
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence, Snippet, cited
from orchestrator.guards.asserting import cited_sentences
from orchestrator.guards.draft import DraftText

SAMPLE = 600  # characters of a passage that tell its language


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse the first sentence that its passages do not bear out.

    A sentence without an id rests on what the draft cites beside it, or on another tool's result. One that comes before
    any id, while the rest is still being written, must rest on some passage of this turn.
    """
    every = draft.cited_before + cited(draft.text)
    for said, own in cited_sentences(draft.text):
        ids = own or every or (tuple(evidence.snippets) if draft.partial else ())
        if not own and (draft.intent != "answer" or _told_by_a_tool(said, evidence)):
            continue
        if found := fault(said, _passages(ids, evidence), evidence.visitor):
            return Verdict("claims", passed=False, reason=f"{found[0].upper()}{found[1:]}. Say only what is cited.")
    return Verdict("claims", passed=True)


def _told_by_a_tool(said: str, evidence: Evidence) -> bool:
    """True where a tool's result holds its numbers; what it says of an order is held against that by another guard."""
    known = {plain(number) for result in evidence.results for number in NUMBER.findall(result)}
    return bool(evidence.results) and all(plain(number) in known for number in NUMBER.findall(said))


def _passages(ids: Iterable[str], evidence: Evidence) -> list[Passage]:
    return [_passage(evidence.snippets[each]) for each in dict.fromkeys(ids) if each in evidence.snippets]


@lru_cache(maxsize=512)
def _passage(snippet: Snippet) -> Passage:
    text = sound(snippet.text)  # an order to the assistant is nothing that an answer may rest on
    return Passage(text, f"{snippet.title}\n{snippet.section}", language_of(text[:SAMPLE]) or "en")
