"""Output: each sentence of an answer says what the passages say that it cites: names, negations, conditions, too."""

from collections.abc import Iterator
from functools import lru_cache

from kb.analysis import language_of
from kb.sentences import sentences
from orchestrator.claims.weighing import Passage, fault
from orchestrator.events import Verdict
from orchestrator.evidence import MARK, Evidence, Snippet, cited
from orchestrator.guards.draft import DraftText

SAMPLE = 600  # characters of a passage that tell its language


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse the first sentence that its passages do not bear out."""
    for said, ids in cited_sentences(draft):
        passages = [_passage(evidence.snippets[each]) for each in ids if each in evidence.snippets]
        if found := fault(said, passages, evidence.visitor):
            return Verdict("claims", passed=False, reason=f"{found[0].upper()}{found[1:]}. Say only what is cited.")
    return Verdict("claims", passed=True)


def cited_sentences(draft: DraftText) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each sentence without its marks, and what it cites: its own ids, else those of the next that has some."""
    waiting: list[str] = []
    last = draft.cited_before
    for each in sentences(draft.text):
        said, ids = MARK.sub("", each.text).strip(), cited(each.text)
        if said:
            waiting.append(said)
        if ids:
            yield from ((one, ids) for one in waiting)
            waiting, last = [], ids
    yield from ((one, last) for one in waiting)


@lru_cache(maxsize=512)
def _passage(snippet: Snippet) -> Passage:
    return Passage(snippet.text, f"{snippet.title}\n{snippet.section}", language_of(snippet.text[:SAMPLE]) or "en")
