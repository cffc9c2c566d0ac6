"""The one guarded door to the web: public addresses only, each redirect checked, no second look-up of a name."""

import ipaddress
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from core.errors import SourceRefused
from kb.errors import SourceGone, SourceUnavailable, TooLarge

REDIRECTS = 5
AGENT = "Handrail/0.1 (knowledge indexer)"
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


@dataclass(frozen=True)
class Limits:
    """What one fetch may cost, and which hosts may lie on private addresses."""

    most_bytes: int = 25 * 1024 * 1024
    seconds: float = 20.0
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """What a URL gave. `url` is where it was found in the end; `changed_at` is the server's word, if it gave one."""

    url: str
    data: bytes
    content_type: str
    changed_at: datetime | None


def fetch(url: str, limits: Limits) -> Page:
    """Get `url`, following at most REDIRECTS redirects.

    Raises SourceRefused (address not allowed), SourceGone (404, 410), TooLarge, or SourceUnavailable (try again).
    """
    deadline = time.monotonic() + limits.seconds
    # No proxy and no .netrc from the environment: the address that was checked is the one that is called.
    with httpx2.Client(trust_env=False, follow_redirects=False, timeout=min(10.0, limits.seconds)) as client:
        for _ in range(REDIRECTS + 1):
            page = _get(client, httpx2.URL(checked(url)), limits, deadline)
            if isinstance(page, Page):
                return page
            url = page
    raise SourceRefused(f"The address redirects more than {REDIRECTS} times: give the one that it leads to.")


def checked(url: str) -> str:
    """`url` if it is a web address at all. Raises SourceRefused."""
    try:
        parts = httpx2.URL(url.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise SourceRefused("This is not a web address: it must begin with https:// or http://.") from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise SourceRefused("Only web addresses can be read: it must begin with https:// or http://.")
    if parts.userinfo:
        raise SourceRefused("A web address with a name or password in it is not read: take them out.")
    return str(parts)


def public_address(host: str, port: int, private_hosts: tuple[str, ...]) -> str:
    """The IP address to call for `host`. Raises SourceRefused if any of its addresses is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnavailable(f"The host {host} is not known: check the address.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if host.lower() not in private_hosts:
        for address in addresses:
            _refuse_private(address, host)
    return addresses[0]


def _refuse_private(address: str, host: str) -> None:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if not (mapped or ip).is_global or ip.is_multicast:
        raise SourceRefused(
            f"{host} has a private address, so it is not read: if it is yours, list it in HANDRAIL_FETCH_PRIVATE_HOSTS."
        )


def _get(client: httpx2.Client, url: httpx2.URL, limits: Limits, deadline: float) -> "Page | str":
    """The page, or the address of a redirect."""
    port = url.port or (443 if url.scheme == "https" else 80)
    address = public_address(url.host, port, limits.private_hosts)
    # The name goes into Host and into TLS, the address into the socket: so a second look-up can't lead elsewhere.
    request = client.build_request(
        "GET",
        url.copy_with(host=address),
        headers={"Host": url.netloc.decode("ascii"), "User-Agent": AGENT, "Accept": "text/html, */*;q=0.8"},
        extensions={"sni_hostname": url.host},
    )
    try:
        response = client.send(request, stream=True)
        try:
            if response.is_redirect:
                return str(url.join(response.headers.get("location", "")))
            _refuse_status(response)
            data = _read(response, limits.most_bytes, deadline)
        finally:
            response.close()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SourceUnavailable(
            f"{url.host} did not answer ({type(error).__name__}): it is tried again later."
        ) from error
    return Page(str(url), data, response.headers.get("content-type", ""), _date(response.headers.get("last-modified")))


def _refuse_status(response: httpx2.Response) -> None:
    if response.status_code in GONE:
        raise SourceGone(f"The page is not there (HTTP {response.status_code}): check the address.")
    if response.status_code in {401, 403}:
        raise SourceRefused(f"The page is not public (HTTP {response.status_code}): publish it, or upload the file.")
    if response.status_code != HTTPStatus.OK:
        raise SourceUnavailable(f"The page could not be read (HTTP {response.status_code}): it is tried again later.")


def _read(response: httpx2.Response, most: int, deadline: float) -> bytes:
    data = bytearray()
    for part in response.iter_bytes(64 * 1024):
        data += part
        if len(data) > most:
            raise TooLarge(f"The page is larger than {most // 1024 // 1024} MB: upload it in parts.")
        if time.monotonic() > deadline:
            raise SourceUnavailable("The page came too slowly: it is tried again later.")
    return bytes(data)


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except ValueError:
        return None
