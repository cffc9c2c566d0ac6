"""The one guarded door to the web: public addresses only, each redirect checked, no second look-up of a name."""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from core.addresses import PROGRAM, pinned, public_addresses, tls, web_address
from core.bounded import Transport
from core.deadline import Deadline
from core.errors import AddressRefused, HostUnknown, SourceRefused
from core.settings import get_settings
from kb.errors import SourceGone, SourceUnavailable, TooLarge, Unchanged
from kb.sources.inflate import inflated
from kb.sources.pace import PACE, retry_after
from kb.sources.page_head import header_forbids, read_head

REDIRECTS = 5
ROBOT = "Handrail"  # the name that robots.txt knows us by
AGENT = f"{PROGRAM} (knowledge indexer)"
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
NOINDEX = "The page asks not to be indexed (noindex): take that out of it, or upload its text."
HTML_TYPES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class Limits:
    """What one fetch may cost, and which hosts may lie on private addresses."""

    most_bytes: int = 25 * 1024 * 1024
    seconds: float = 20.0
    private_hosts: tuple[str, ...] = ()
    gap: float = 0.0  # seconds between two requests to the same host


@dataclass(frozen=True)
class Page:
    """What a URL gave. `url` is where it was found in the end; `changed_at` is the server's word, if it gave one."""

    url: str
    data: bytes
    content_type: str
    changed_at: datetime | None
    etag: str = ""  # its ETag, else its Last-Modified: what to ask again with
    canonical: str = ""  # the address that an HTML page calls its real one, where that is another on the same host
    noindex: bool = False  # it, or its server, asks not to be indexed


def limits() -> Limits:
    """As the settings say."""
    ours = get_settings()
    return Limits(ours.fetch_max_bytes, ours.fetch_seconds, ours.fetch_private_hosts, ours.fetch_gap_seconds)


def fetch(url: str, limits: Limits, *, etag: str = "", to_index: bool = True) -> Page:
    """Get `url`, following at most REDIRECTS redirects; with the `etag` of an earlier Page only if it changed since.

    Where it is not `to_index`, noindex says nothing: sitemaps are sent with it as a rule.
    Raises SourceRefused (not allowed, or noindex), SourceGone (404, 410), TooLarge, SourceUnavailable (try again), or
    Unchanged.
    """
    deadline = time.monotonic() + limits.seconds
    # No proxy and no .netrc from the environment: the address that was checked is the one that is called.
    transport = Transport(verify=tls(), trust_env=False)  # its connections obey the deadline, in the head as well
    with httpx2.Client(
        transport=transport, trust_env=False, follow_redirects=False, timeout=min(10.0, limits.seconds)
    ) as client:
        for _ in range(REDIRECTS + 1):
            asked = httpx2.URL(checked(url))
            deadline += PACE.wait(asked.netloc.decode("ascii"), limits.gap)
            with Deadline(deadline - time.monotonic()).in_force():
                page = _get(client, asked, limits, deadline, etag)
            if isinstance(page, Page):
                if page.noindex and to_index:
                    raise SourceRefused(NOINDEX)
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


def _get(client: httpx2.Client, url: httpx2.URL, limits: Limits, deadline: float, etag: str) -> "Page | str":
    """The page, or the address of a redirect."""
    address = public_address(url, limits.private_hosts)
    request = pinned(client, "GET", url, address, headers=_headers(etag))
    try:
        response = client.send(request, stream=True)
        try:
            if response.has_redirect_location:
                return str(url.join(response.headers["location"]))
            _refuse_status(response, url.netloc.decode("ascii"), asked=bool(etag))
            data = _read(response, limits.most_bytes, deadline)
        finally:
            response.close()
    except (httpx2.HTTPError, httpx2.InvalidURL, zlib.error, EOFError) as error:
        raise SourceUnavailable(
            f"{url.host} did not answer ({type(error).__name__}): it is tried again later."
        ) from error
    return _page(str(url), response.headers, data)


def _headers(etag: str) -> dict[str, str]:
    # gzip alone, and unpacked by us: an answer packed twice would grow a millionfold before anybody counts.
    asked = {"User-Agent": AGENT, "Accept": "text/html, */*;q=0.8", "Accept-Encoding": "gzip"}
    if etag:
        asked["If-None-Match" if etag.startswith(('"', "W/")) else "If-Modified-Since"] = etag
    return asked


def _page(url: str, headers: httpx2.Headers, data: bytes) -> Page:
    kind = headers.get("content-type", "")
    modified = headers.get("last-modified", "")
    html = kind.partition(";")[0].strip().lower() in HTML_TYPES
    head = read_head(data, url) if html else None
    noindex = header_forbids(headers.get_list("x-robots-tag")) or (head is not None and head.noindex)
    etag = headers.get("etag", "")
    known = etag if etag.startswith(('"', 'W/"')) else modified
    return Page(url, data, kind, _date(modified), known, head.canonical if head else "", noindex)


def _refuse_status(response: httpx2.Response, host: str, *, asked: bool) -> None:
    status = response.status_code
    if status == HTTPStatus.NOT_MODIFIED and asked:
        raise Unchanged
    if status in GONE:
        raise SourceGone(f"The page is not there (HTTP {status}): check the address.")
    if status in {401, 403}:
        raise SourceRefused(f"The page is not public (HTTP {status}): publish it, or upload the file.")
    if status in BUSY:
        PACE.rest(host, retry_after(response.headers.get("retry-after")))
    if status != HTTPStatus.OK:
        raise SourceUnavailable(f"The page could not be read (HTTP {status}): it is tried again later.")


def _read(response: httpx2.Response, most: int, deadline: float) -> bytes:
    too_large = TooLarge(f"The page is larger than {most // 1024 // 1024} MB: upload it in parts.")
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise too_large
    data = bytearray()
    for part in _unpacked(response):
        data += part
        if len(data) > most:
            raise too_large
        if time.monotonic() > deadline:
            raise SourceUnavailable("The page came too slowly: it is tried again later.")
    return bytes(data)


def _unpacked(response: httpx2.Response) -> Iterator[bytes]:
    coding = response.headers.get("content-encoding", "").strip().lower()
    raw = response.iter_raw(64 * 1024)
    if coding in {"", "identity"}:
        return raw
    if coding in {"gzip", "x-gzip", "deflate"}:
        return inflated(raw)
    raise SourceUnavailable(f"The page is packed in a way that nobody asked for ({coding}): it is tried again later.")


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except (ValueError, OverflowError):
        return None
