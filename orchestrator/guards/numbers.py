"""Output: every number, price, date, address and link in an answer stands in what it cites or in a tool's result."""

import re
from collections.abc import Iterator

from kb.figures import NUMBER, plain
from kb.screen import sound
from orchestrator.events import Verdict
from orchestrator.evidence import MARK, Evidence, cited
from orchestrator.guards.draft import DraftText

ENDINGS = (
    "com|org|net|io|shop|store|eu|de|es|fr|it|nl|at|ch|be|pl|pt|ie|uk|us|ca|au|nz|in|br|ru|cn|jp|kr|tr|info|biz|online|site|xyz|top"
    "|app|dev|ai|me|tv|cc|ly|gg|co|click|link|live|club|icu|tk|ml|ga|cf|gq|zip|mov|example|test|invalid|localhost|onion|su"
)
BARE_DOMAIN = rf"(?<![\w@.])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:{ENDINGS})\b(?:[/:?#]\S*)?"
LINK = re.compile(rf"(?:https?://|www\.)[^\s<>\[\]]+|{BARE_DOMAIN}", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LIST_ITEM = re.compile(r"(?m)^\s*\d{1,2}[.)]\s")
SHOWN = 5


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse what the cited snippets, the tool results and (unless it claims facts) the visitor's words do not hold."""
    missing = sorted(set(_unsupported(draft, evidence)))
    if not missing:
        return Verdict("numbers", passed=True)
    listed = ", ".join(missing[:SHOWN])
    return Verdict("numbers", passed=False, reason=f"The evidence does not say: {listed}. Leave it out or cite it.")


def _unsupported(draft: DraftText, evidence: Evidence) -> Iterator[str]:
    said = LIST_ITEM.sub("", MARK.sub("", draft.text))
    held = _support(draft, evidence)
    known_numbers = {plain(number) for number in NUMBER.findall(held)}
    for pattern in (EMAIL, LINK):
        known = {_bare(found) for found in pattern.findall(held)}
        yield from (found for found in pattern.findall(said) if _bare(found) not in known)
        said = pattern.sub(" ", said)
    yield from (number for number in NUMBER.findall(said) if plain(number) not in known_numbers)


def _bare(found: str) -> str:
    return found.rstrip(".,;:!?)").lower()


def _support(draft: DraftText, evidence: Evidence) -> str:
    ids = (*draft.cited_before, *cited(draft.text))
    snippets = [evidence.snippets[each] for each in ids if each in evidence.snippets]
    parts = [f"{each.title}\n{each.section}\n{sound(each.text)}" for each in snippets]
    parts += evidence.results
    if draft.intent != "answer":  # asking back may repeat the visitor's order number
        parts.append(evidence.visitor)
    return "\n".join(parts)
