"""The keys that texts are sealed with, as they are given: the first seals, and all of them open."""

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import SettingsRefused, Unavailable
from core.settings import get_settings

BYTES = 32
PLAIN = "plain"  # in place of the first key: nothing new is sealed
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
HOW = "write it as `name:base64` with 32 bytes of base64 (`handrail keys make` writes one), several with commas between"


class KeyMissing(Unavailable):
    """A text was sealed with a key that is not among HANDRAIL_ENCRYPTION_KEYS."""

    def __init__(self, key_id: str) -> None:
        """Name the key."""
        self.key_id = key_id
        super().__init__(
            f"A text is sealed with the key {key_id!r}, which is not among HANDRAIL_ENCRYPTION_KEYS: "
            f"add it there and start the processes anew. `handrail keys check` says what else needs it."
        )


@dataclass(frozen=True)
class Key:
    """One key. Each of its uses has a key of its own that is derived from it."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """Its name alone, wherever it is printed."""
        return f"Key({self.id!r})"

    @cached_property
    def cipher(self) -> AESGCM:
        """Seals and opens."""
        return AESGCM(self._derived(b"seal"))

    @cached_property
    def words(self) -> bytes:
        """Hashes words, so that they can be looked for."""
        return self._derived(b"words")

    @cached_property
    def proof(self) -> str:
        """Tells this key from another one of the same name, and tells nothing else of it."""
        return self._derived(b"proof").hex()

    def _derived(self, use: bytes) -> bytes:
        return hmac.digest(self.secret, b"handrail sealing 1 " + use, sha256)


@dataclass(frozen=True)
class Keyring:
    """All keys that are given; empty: nothing is sealed."""

    keys: tuple[Key, ...] = ()
    plain: bool = False  # they only open: what is new is kept as it is

    @cached_property
    def first(self) -> Key | None:
        """The key that seals; None: texts are kept as they are."""
        return self.keys[0] if self.keys and not self.plain else None

    @cached_property
    def by_id(self) -> dict[str, Key]:
        """Each key under its name."""
        return {key.id: key for key in self.keys}

    def find(self, key_id: str) -> Key:
        """The key of that name. Raises KeyMissing."""
        if key_id not in self.by_id:
            raise KeyMissing(key_id)
        return self.by_id[key_id]


def keyring() -> Keyring:
    """The keys of this process. Raises SettingsRefused."""
    return read(get_settings().encryption_keys.get_secret_value())


@lru_cache(maxsize=8)
def read(given: str) -> Keyring:
    """The keys in `given`: "id:base64,id:base64", or "plain,id:base64" for keys that open and do not seal.

    Raises SettingsRefused, which never shows a key.
    """
    parts = [part.strip() for part in given.split(",") if part.strip()]
    plain = parts[:1] == [PLAIN]
    keys = tuple(_key(part, n) for n, part in enumerate(parts[plain:], start=1 + plain))
    if len({key.id for key in keys}) < len(keys):
        raise SettingsRefused("HANDRAIL_ENCRYPTION_KEYS has two keys of one name: each needs a name of its own.")
    if len({key.secret for key in keys}) < len(keys):
        raise SettingsRefused("HANDRAIL_ENCRYPTION_KEYS has one key under two names: give each its own 32 bytes.")
    return Keyring(keys, plain)


def make(key_id: str) -> str:
    """A new random key as the setting has it. Raises SettingsRefused for a name that can't be one."""
    if not NAME.fullmatch(key_id):
        raise SettingsRefused(f"{key_id!r} can't be a key's name: take 1 to 32 letters, digits, - and _.")
    return f"{key_id}:{b64encode(secrets.token_bytes(BYTES)).decode()}"


def _key(part: str, n: int) -> Key:
    name, colon, encoded = part.partition(":")
    if not colon or not NAME.fullmatch(name):
        raise SettingsRefused(f"HANDRAIL_ENCRYPTION_KEYS: key {n} has no name: {HOW}.")
    try:
        secret = b64decode(encoded, validate=True)
    except Error:
        raise SettingsRefused(f"HANDRAIL_ENCRYPTION_KEYS: {name} is not base64: {HOW}.") from None
    if len(secret) != BYTES or len(set(secret)) < 8:  # noqa: PLR2004 - eight different bytes
        raise SettingsRefused(f"HANDRAIL_ENCRYPTION_KEYS: {name} is no key of 32 random bytes: {HOW}.")
    return Key(name, secret)
