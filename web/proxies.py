"""Who really calls, and over what: told by proxies that are listed, and by nobody else.

`X-Forwarded-For` is read from the right: each proxy adds the address that it saw, so what stands left of the first one
that nobody vouches for was made up by the caller.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import SettingsRefused
from core.log import get_logger

log = get_logger(__name__)

Address = IPv4Address | IPv6Address
SOCKET = "unix"  # in the list: whoever calls over a socket file, which has no address
MOST = 50  # hops that are looked at
PREFIX = 64  # of IPv6: whoever has one address has all of its network


class Trusted:
    """The proxies that are believed: networks as CIDR ("10.0.0.0/8"), single addresses, and "unix"."""

    def __init__(self, listed: Iterable[str]) -> None:
        """Raises SettingsRefused for what is no network."""
        names = [one.strip() for one in listed]
        self.sockets = SOCKET in names
        try:
            self.networks = tuple(ip_network(one) for one in names if one != SOCKET)
        except ValueError as error:
            raise SettingsRefused(
                f"HANDRAIL_TRUSTED_PROXIES can't be used: {error}. "
                'List addresses or networks, for example ["127.0.0.1", "10.0.0.0/8"].'
            ) from error

    def holds(self, address: str) -> bool:
        """Whether it is one of them; what is no address is none."""
        found = parsed(address)
        return found is not None and any(found in network for network in self.networks)


class Proxies:
    """Wraps the application, outermost: `client` and `scheme` of each request become what a trusted proxy says."""

    def __init__(self, app: ASGIApp, *, trusted: Trusted) -> None:
        """Wrap `app`."""
        self.app, self.trusted, self.warned = app, trusted, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            peer = scope["client"]
            if self.trusted.sockets if peer is None else self.trusted.holds(peer[0]):
                self._believe(scope)
            elif not self.warned and _said(scope, b"x-forwarded-for"):
                self.warned = True  # once: everybody behind it shares one limit, and https is not seen
                advice = "If this is your proxy, list it in HANDRAIL_TRUSTED_PROXIES."
                log.warning("proxy_not_trusted", peer=peer[0] if peer else SOCKET, advice=advice)
        await self.app(scope, receive, send)

    def _believe(self, scope: Scope) -> None:
        hops = _said(scope, b"x-forwarded-for")
        caller = far_end(hops, self.trusted)
        if caller is not None:
            scope["client"] = (caller, 0)
        schemes = _said(scope, b"x-forwarded-proto")
        if schemes and schemes[-1].lower() in {"http", "https"}:
            scope["scheme"] = schemes[-1].lower()


def far_end(hops: list[str], trusted: Trusted) -> str | None:
    """The first address from the right that is no proxy of ours; None where not even one can be read."""
    found = None
    for hop in reversed(hops[-MOST:]):
        address = parsed(hop)
        if address is None:
            break
        found = str(address)
        if not trusted.holds(found):
            break
    return found


def parsed(text: str) -> Address | None:
    """An address, also with a port or in brackets; IPv4 inside IPv6 is IPv4. None where it is none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, an IPv6 network of 64 bits; what is neither is itself."""
    found = parsed(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, PREFIX), strict=False))
    return address if found is None else str(found)


def _said(scope: Scope, name: bytes) -> list[str]:
    """The parts of a header, which may come several times, in order."""
    lines = [value.decode("latin-1") for header, value in scope["headers"] if header == name]
    return [part.strip() for part in ",".join(lines).split(",") if part.strip()]
