"""Which addresses things may be sent to."""

from core.addresses import public_addresses, web_address
from core.errors import AddressRefused

IF_YOURS = "Nothing is sent there; if the host is yours, list it in HANDRAIL_OUTGOING_PRIVATE_HOSTS."


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
