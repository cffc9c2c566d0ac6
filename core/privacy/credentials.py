"""Keys and tokens, by the form that whoever issues them gave them."""

import re
from collections.abc import Iterator

from core.privacy.found import Found

PRIVATE_KEY = (
    r"-----BEGIN[A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END[A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
# What stands in a text that holds one, and its form: most texts are done after the first.
KNOWN: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (hint, re.compile(form))
    for hint, form in (
        ("-----BEGIN", PRIVATE_KEY),
        ("eyJ", r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*){0,3}"),  # JWT
        ("k_", r"\b(?:sk|rk|pk)_(?:live|test|prod)_\w{8,}"),
        ("k_", r"\b(?:ck|hf)_[A-Za-z0-9]{20,}"),
        ("s_", r"\bcs_[0-9a-f]{32,}"),
        ("f_", r"\bhf_[A-Za-z0-9]{20,}"),
        ("sk-", r"\bsk-[A-Za-z0-9_-]{16,}"),
        ("A", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b"),
        ("gh", r"\bgh[pousr]_[A-Za-z0-9]{20,}"),
        ("github_pat_", r"\bgithub_pat_\w{20,}"),
        ("glpat-", r"\bglpat-[\w-]{16,}"),
        ("npm_", r"\bnpm_[A-Za-z0-9]{20,}"),
        ("pypi-", r"\bpypi-[\w-]{20,}"),
        ("xox", r"\bxox[a-z]-[\w-]{10,}"),
        ("xapp-", r"\bxapp-[\w-]{10,}"),
        ("AIza", r"\bAIza[\w-]{30,}"),
        ("ya29.", r"\bya29\.[\w-]{20,}"),
        ("SG.", r"\bSG\.[\w-]{12,}\.[\w-]{12,}"),
        ("whsec_", r"\bwhsec_[\w+/=-]{16,}"),
        ("shp", r"\bshp(?:at|ss|ca|pa)_[0-9a-fA-F]{20,}"),
        ("EAA", r"\bEAA[A-Za-z0-9]{40,}"),
        ("dop_v1_", r"\bdop_v1_[0-9a-f]{40,}"),
        ("hooks.slack.com", r"hooks\.slack\.com/services/[\w/]{20,}"),
        ("://", r"(?<=://)[^\s:/@<>\[\]]{0,80}:[^\s/@<>]{3,200}(?=@)"),
    )
)


def find(text: str) -> Iterator[Found]:
    """The keys and tokens in `text`, whole."""
    for hint, form in KNOWN:
        if hint in text:
            yield from (Found("secret", *match.span()) for match in form.finditer(text))
