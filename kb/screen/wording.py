"""Wordings from YAML: kinds of things that people say, each a list of patterns in several languages.

`words` holds pieces that patterns name as `<piece>`; a pattern is a regular expression that knows no case.
"""

import re
from functools import cache
from pathlib import Path

import yaml

PIECE = re.compile(r"<(\w+)>(?!\\)")


@cache
def wordings(path: Path) -> dict[str, re.Pattern[str]]:
    """Kind → one pattern for all of its wordings, in the file's order."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = {name: "|".join(listed) for name, listed in (told.get("words") or {}).items()}

    def whole(listed: list[str]) -> re.Pattern[str]:
        return re.compile(
            "|".join(PIECE.sub(lambda piece: words.get(piece[1], piece[0]), each) for each in listed), re.IGNORECASE
        )

    return {kind: whole(listed) for kind, listed in told["rules"].items()}
