"""Which addresses may be called: public ones of the web, and the one that was checked is the one that is called."""

import ipaddress
import socket
import ssl
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import httpx2

from core.errors import AddressRefused, HostUnknown

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # a gateway calls the IPv4 address in its last 32 bits
# Python takes them for global, but they lead inside: IPv4 in an old form, a gateway's own prefix, a site's own net.
NEVER = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b:1::/48", "fec0::/10")))
PORTS = {"http": 80, "https": 443}
PROGRAM = f"Handrail/{version('handrail')}"  # what we call ourselves where we ask


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """What clients check certificates with; reading the authorities costs 0.2 s, so it is done once in a process."""
    return httpx2.create_ssl_context(trust_env=False)


def web_address(url: str) -> httpx2.URL:
    """`url` if it is a web address at all. Raises AddressRefused."""
    try:
        parts = httpx2.URL(url.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise AddressRefused("This is not a web address: it must begin with https:// or http://.") from error
    if parts.scheme not in PORTS or not parts.host:
        raise AddressRefused("Only web addresses can be used: it must begin with https:// or http://.")
    if parts.userinfo:
        raise AddressRefused("A web address with a name or password in it is not used: take them out.")
    return parts


def public_addresses(url: httpx2.URL, private_hosts: tuple[str, ...]) -> tuple[str, ...]:
    """The IP addresses of `url`'s host, at least one.

    Raises HostUnknown, or AddressRefused if any of them is not public and the host is none of `private_hosts`.
    """
    try:
        found = socket.getaddrinfo(url.host, url.port or PORTS[url.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(f"The host {url.host} is not known: check the address.") from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if url.host.lower() not in private_hosts and not all(map(_is_public, addresses)):
        raise AddressRefused(f"{url.host} has a private address.")
    return addresses


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if any(ip in network for network in NEVER):
            return False
        inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
        ip = ip.ipv4_mapped or ip.sixtofour or inside or ip
    return ip.is_global and not ip.is_multicast


def pinned(
    client: httpx2.Client, method: str, url: httpx2.URL, address: str, *, headers: dict[str, str], **more: Any
) -> httpx2.Request:
    """A request for `url` that goes to `address`.

    The name goes into Host and into TLS, the address into the socket: so a second look-up can't lead elsewhere.
    """
    extensions = {"sni_hostname": url.host} | more.pop("extensions", {})
    headers = {"Host": url.netloc.decode("ascii")} | headers
    return client.build_request(method, url.copy_with(host=address), headers=headers, extensions=extensions, **more)
