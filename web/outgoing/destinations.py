"""Where a destination's things go. To add one: write its function, add it here under what its names begin with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from core.addresses import public_addresses, web_address
from core.errors import AddressRefused
from core.models import Site

IF_YOURS = "Nothing is sent there; if the host is yours, list it in HANDRAIL_OUTGOING_PRIVATE_HOSTS."


@dataclass(frozen=True)
class Destination:
    """An address and the secret that it knows us by."""

    url: str
    secret: str = field(repr=False)


def find(session: Session, name: str) -> Destination | None:
    """The destination called `name` ("notices:SITE") as it is set now; None where it is not set any more."""
    kind, _, rest = name.partition(":")
    look = DESTINATIONS.get(kind)
    return look(session, rest) if look else None


def checked(url: str, private_hosts: tuple[str, ...]) -> str:
    """`url` if things may be sent there: over TLS, or to a host that the settings name. Raises AddressRefused."""
    parts = web_address(url)
    if parts.scheme != "https" and parts.host.lower() not in private_hosts:
        raise AddressRefused("What leaves goes over TLS only: the address must begin with https://.")
    return str(parts)


def reachable(url: str, private_hosts: tuple[str, ...]) -> str:
    """`url` if things may be sent there and its host is known now. Raises AddressRefused, HostUnknown."""
    try:
        found = checked(url, private_hosts)
        public_addresses(web_address(found), private_hosts)
    except AddressRefused as error:
        raise AddressRefused(f"{error.detail} {IF_YOURS}") from error
    return found


def _notices(session: Session, site_id: str) -> Destination | None:
    site = session.get(Site, site_id)
    return Destination(site.notices_url, site.notices_secret) if site and site.notices_url else None


DESTINATIONS: dict[str, Callable[[Session, str], Destination | None]] = {"notices": _notices}
