"""The word lists of the built-in brain, read once from lexicon.yaml."""

from pathlib import Path
from typing import Any

import yaml

_lists: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "lexicon.yaml").read_text(encoding="utf-8"))

CHAT_SPELLING: dict[str, str] = _lists["chat_spelling"]
STOP_WORDS = frozenset(str(_lists["stop_words"]).split())
PALE_WORDS = frozenset(str(_lists["pale_words"]).split())
COMMON = frozenset(str(_lists["common"]).split())
