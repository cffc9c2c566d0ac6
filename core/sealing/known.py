"""Which keys this database has seen: a missing or mistaken one is noticed before anything is kept without it."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.errors import NotFound, SettingsRefused
from core.models import SealingKey
from core.sealing.keys import Keyring, keyring

ADD = text("INSERT INTO sealing_keys (id, proof) VALUES (:id, :proof) ON CONFLICT (id) DO NOTHING")


class KeyUnknown(NotFound):
    """There is no such key: `handrail keys list` shows those that this database has seen."""


def known(session: Session) -> Sequence[SealingKey]:
    """All keys that this database has seen, the oldest first."""
    return session.scalars(select(SealingKey).order_by(SealingKey.created_at, SealingKey.id)).all()


def register(session: Session) -> None:
    """Note the key that this process seals with. Raises SettingsRefused where one is missing, or is another one.

    One that only opens is not noted: processes that do not know it yet have no need of it.
    """
    ring = keyring()
    if ring.first is not None:
        session.execute(ADD, {"id": ring.first.id, "proof": ring.first.proof})
    if faults := trouble(session, ring):
        raise SettingsRefused(" ".join(faults))


def trouble(session: Session, ring: Keyring | None = None) -> list[str]:
    """What is wrong with the keys of this process, and what to do; nothing where all is well."""
    ring = keyring() if ring is None else ring
    found = []
    for key in known(session):
        ours = ring.by_id.get(key.id)
        if ours is None and key.given_up_at is None:
            found.append(
                f"Texts here are sealed with the key {key.id!r}, which HANDRAIL_ENCRYPTION_KEYS lacks: add it. "
                f"If it is lost for good, `handrail keys give-up {key.id}` goes on without what it sealed."
            )
        elif ours is not None and ours.proof != key.proof:
            found.append(
                f"The key {key.id!r} of HANDRAIL_ENCRYPTION_KEYS is another one than that which sealed texts here: "
                f"give the right one, or give the new one a name of its own."
            )
    return found


def lost(session: Session) -> tuple[str, ...]:
    """The names of the keys that were given up and are still away."""
    away = [key.id for key in known(session) if key.given_up_at is not None]
    return tuple(key_id for key_id in away if key_id not in keyring().by_id)


def find(session: Session, key_id: str) -> SealingKey:
    """One of them. Raises KeyUnknown."""
    key = session.get(SealingKey, key_id)
    if key is None:
        raise KeyUnknown
    return key
