"""Sealing a text, and opening it: AES-256-GCM, bound to the place that it stands in.

A sealed text reads `§1:KEY:base64`; the base64 holds nonce (12 bytes), ciphertext and tag (16). A plain text that
begins like one is kept behind `§0:`, so that nobody who writes such a text can have it taken for a sealed one.
"""

import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag

from core.errors import HandrailError
from core.sealing.keys import Key, keyring

SEALED, PLAIN = "§1:", "§0:"
FORM = re.compile(r"§1:([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{38,}={0,2})")
INSIDE = "§"  # the field of a JSON object that holds the whole of it, sealed
NONCE = 12
RAW = "surrogateescape"  # bytes that are no UTF-8 come back as they were

Json = dict[str, Any]


class SealBroken(HandrailError):
    """A sealed text was changed, or moved from where it was written: it is not shown. A backup has it as it was."""


def seal(place: str, owner: object, text: str) -> str:
    """`text` as it is kept at `place` ("messages.content") of what `owner` names; plain where there are no keys."""
    key = keyring().first
    if key is not None and text:
        return seal_with(key, place, owner, text)
    return PLAIN + text if text.startswith((SEALED, PLAIN)) else text


def seal_with(key: Key, place: str, owner: object, text: str) -> str:
    """`text`, sealed with this key."""
    nonce = os.urandom(NONCE)
    hidden = key.cipher.encrypt(nonce, text.encode(errors=RAW), _bound(place, owner))
    return f"{SEALED}{key.id}:{b64encode(nonce + hidden).decode()}"


def opened(place: str, owner: object, kept: str) -> str:
    """What `seal` was given. Raises KeyMissing, and SealBroken where it was sealed for another place or owner."""
    if kept.startswith(PLAIN):
        return kept[len(PLAIN) :]
    found = FORM.fullmatch(kept) if kept.startswith(SEALED) else None
    if found is None:
        return kept
    key = keyring().find(found[1])
    hidden = b64decode(found[2])
    try:
        return key.cipher.decrypt(hidden[:NONCE], hidden[NONCE:], _bound(place, owner)).decode(errors=RAW)
    except InvalidTag:
        raise SealBroken from None


def key_of(kept: str) -> str | None:
    """The name of the key that a kept text is sealed with; None for a plain one."""
    found = FORM.fullmatch(kept) if kept.startswith(SEALED) else None
    return found[1] if found else None


def seal_json(place: str, owner: object, value: Json, visible: Callable[[Json], Json]) -> Json:
    """`value` as it is kept: what `visible` leaves in sight, beside all of it sealed."""
    if keyring().first is None:
        return {INSIDE: PLAIN + json.dumps(value)} if INSIDE in value else value
    return {**visible(value), INSIDE: seal(place, owner, json.dumps(value))}


def open_json(place: str, owner: object, kept: Json) -> Json:
    """What `seal_json` was given. What was in sight is not looked at: anybody could have changed it."""
    if INSIDE not in kept:
        return kept
    found: Json = json.loads(opened(place, owner, str(kept[INSIDE])))
    return found


def _bound(place: str, owner: object) -> bytes:
    return f"{place} {owner}".encode()
