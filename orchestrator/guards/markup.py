"""Output: plain text. Only registered citations become links, so nothing else may look like one, or hide."""

import re

from kb.screen.plain import INVISIBLE, JOINERS
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.draft import DraftText

RULES = {
    "HTML": re.compile(
        r"<\s*[/!]?\s*[a-z][^<>\n]{0,400}>|<\s*(?:script|img|iframe|svg|a|object|embed|link|style|form)\b|&(?:lt|#x?0*(?:60|3c));",
        re.IGNORECASE,
    ),
    "a link or image in Markdown": re.compile(
        r"!?\[[^\]\n]{0,200}\]\s?(?:\(|\[(?!c\d+\]))|^\s*\[[^\]\n]{1,80}\]:\s*\S+|<https?:",
        re.IGNORECASE | re.MULTILINE,
    ),
    "a web address": re.compile(
        r"\b(?:https?|ftps?|file|wss?|hxxps?|blob|intent)\s*:\s*//\S*|\b(?:java|vb)script\s*:\s*\S|\bdata:\w+/\w+|\bmailto:\S+@|\b(?:tel|sms):\+?\d{5}"
        r"|(?<![\w@.])www\.[\w-]+|(?<![\w:/])//[\w-]+\.[a-z]|\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/|\bxn--\w+",
        re.IGNORECASE,
    ),
    "a disguised web address": re.compile(
        r"\w\s?(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))\s?\w|\b\w+ dot (?:com|net|org|io|co)\b", re.IGNORECASE
    ),
    "marks of a prompt": re.compile(r"<<\s*(?:data|end)\b|<\|[a-z_]+\|>|\[/?inst\]", re.IGNORECASE),
}


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse whatever a page, a mail program or another model could take for more than text."""
    del evidence
    kind = next((kind for kind, rule in RULES.items() if rule.search(draft.text)), "")
    if not kind and (INVISIBLE.search(draft.text) or JOINERS.search(draft.text)):
        kind = "invisible characters"
    return Verdict("markup", not kind, kind and f"The answer holds {kind}. Write plain text, and cite ids instead.")
