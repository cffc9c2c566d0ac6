"""Looking for words in what is sealed: each word stands beside it as a keyed hash, in no order and once.

Whoever reads the database learns which messages share a word, and not the word.
"""

import hmac
import re
from collections.abc import Iterable
from hashlib import sha256

from core.sealing.keys import Key, keyring

WORD = re.compile(r"\w+")
LONGEST = 64  # characters; longer ones are cut, as they are when they are looked for
BYTES = 10
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")  # a number in it would be taken apart by the index


def hidden(text: str) -> str | None:
    """The hashed words of `text`, with spaces between them; None where nothing is sealed."""
    key = keyring().first
    return None if key is None else " ".join(sorted(_hashes(key, text)))


def asked(text: str) -> Iterable[str]:
    """What to look for, for each key: all words of `text`, hashed."""
    return (" ".join(sorted(_hashes(key, text))) for key in keyring().keys)


def _hashes(key: Key, text: str) -> set[str]:
    return {_hash(key, word[:LONGEST]) for word in WORD.findall(text.casefold())}


def _hash(key: Key, word: str) -> str:
    return hmac.digest(key.words, word.encode(), sha256)[:BYTES].hex().translate(LETTERS)
