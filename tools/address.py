"""E-mail addresses: checked for their form, compared in one spelling."""

import re
from hmac import compare_digest
from typing import Annotated

from pydantic import AfterValidator, Field

from core.privacy.tokens import TOKEN

LONGEST = 254  # RFC 5321, section 4.5.3.1.3
LOCAL = re.compile(r"[^\s@<>()\[\],:;\"\\]{1,64}")
LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def well_formed(text: str) -> bool:
    """True for one bare address. Letters of any script are fine; quoted local parts and IP hosts are not."""
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    return (
        bool(at)
        and len(text) <= LONGEST
        and LOCAL.fullmatch(local) is not None
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
        and len(labels) > 1
        and all(LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )


def normal(address: str) -> str:
    """The spelling in which addresses are stored and compared: small letters.

    No more than that. An address that merely looks alike is another one: so a letter from elsewhere never becomes one
    of ASCII's (the Kelvin sign's small letter is k), ß stays ß, and dots and +tags count.
    """
    return "".join(_small(char) for char in address.strip())


def _small(char: str) -> str:
    small = char.lower()
    return small if char.isascii() or not small.isascii() else char


def same(one: str, other: str) -> bool:
    """Whether both are one address; takes as long when they are not."""
    return compare_digest(normal(one).encode(), normal(other).encode())


def _checked(text: str) -> str:
    if not well_formed(text):
        raise ValueError("is not an e-mail address")
    return normal(text)


def _checked_or_token(text: str) -> str:
    stands = TOKEN.fullmatch(text.strip())
    return stands.group() if stands and stands[1] == "email" else _checked(text)


Address = Annotated[
    str, Field(min_length=3, max_length=LONGEST, json_schema_extra={"format": "email"}), AfterValidator(_checked)
]
# As a brain names one: it sees a visitor's address as a token, which is opened before the tool runs.
ToldAddress = Annotated[str, Field(min_length=3, max_length=LONGEST), AfterValidator(_checked_or_token)]
