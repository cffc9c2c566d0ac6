"""The one guarded door to the web: public addresses only, each redirect checked, no second look-up of a name."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from core.addresses import pinned, public_addresses, tls, web_address
from core.errors import AddressRefused, HostUnknown, SourceRefused
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
    with httpx2.Client(
        verify=tls(), trust_env=False, follow_redirects=False, timeout=min(10.0, limits.seconds)
    ) as client:
        for _ in range(REDIRECTS + 1):
            page = _get(client, httpx2.URL(checked(url)), limits, deadline)
            if isinstance(page, Page):
                return page
            url = page
    raise SourceRefused(f"The address redirects more than {REDIRECTS} times: give the one that it leads to.")


def checked(url: str) -> str:
    """`url` if it is a web address at all. Raises SourceRefused."""
    try:
        return str(web_address(url))
    except AddressRefused as error:
        raise SourceRefused(error.detail) from error


def public_address(url: httpx2.URL, private_hosts: tuple[str, ...]) -> str:
    """The IP address to call for `url`. Raises SourceRefused if any of its addresses is not public."""
    try:
        return public_addresses(url, private_hosts)[0]
    except HostUnknown as error:
        raise SourceUnavailable(error.detail) from error
    except AddressRefused as error:
        hint = "It is not read: if it is yours, list it in HANDRAIL_FETCH_PRIVATE_HOSTS."
        raise SourceRefused(f"{error.detail} {hint}") from error


def _get(client: httpx2.Client, url: httpx2.URL, limits: Limits, deadline: float) -> "Page | str":
    """The page, or the address of a redirect."""
    address = public_address(url, limits.private_hosts)
    headers = {"User-Agent": AGENT, "Accept": "text/html, */*;q=0.8"}
    request = pinned(client, "GET", url, address, headers=headers)
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
