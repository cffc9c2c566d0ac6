"""One sitemap file: its pages and the further sitemaps that it names, read without trusting it."""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml import etree

from kb.errors import SitemapBroken
from kb.sources.inflate import GZIP, gunzip

MOST_BYTES = 50 * 1024 * 1024  # unpacked; the protocol's own limit
LONGEST_URL = 2_048
NO_SITEMAP = "The address gives no sitemap, but {}: open it in a browser and check."
LOOKS = re.compile(r"(?:^|/)[^/]*sitemap[^/]*\.(?:xml|txt)(?:\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Listed:
    """One address in a sitemap. `changed_at` is its lastmod, None where that is missing or no date."""

    url: str
    changed_at: datetime | None = None


@dataclass(frozen=True)
class SitemapFile:
    """What one file names."""

    pages: tuple[Listed, ...] = ()
    sitemaps: tuple[Listed, ...] = ()


def looks_like_sitemap(where: str) -> bool:
    """Whether `where` is an address that is named like a sitemap's."""
    return where.startswith(("http://", "https://")) and bool(LOOKS.search(urlsplit(where).path))


def read_file(data: bytes) -> SitemapFile:
    """Read XML (a list of pages, or of sitemaps) or text with an address a line, packed or not.

    Raises SitemapBroken, or TooLarge.
    """
    if data.startswith(GZIP):
        try:
            data = gunzip(data, MOST_BYTES)
        except (EOFError, zlib.error) as error:
            raise SitemapBroken("The packed sitemap is damaged: have the site make it again.") from error
    if not data.strip():
        raise SitemapBroken(NO_SITEMAP.format("an empty file"))
    return (
        _xml(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff")) else _text(data)
    )


def _text(data: bytes) -> SitemapFile:
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise SitemapBroken(NO_SITEMAP.format("something that is no text")) from error
    for number, line in enumerate(lines, 1):
        if not line.startswith(("http://", "https://")) or len(line) > LONGEST_URL or re.search(r"\s", line):
            raise SitemapBroken(NO_SITEMAP.format(f"a text whose line {number} is no web address"))
    return SitemapFile(tuple(Listed(line) for line in lines))


def _xml(data: bytes) -> SitemapFile:
    if re.search(
        rb"<!(?:DOCTYPE|ENTITY)", data, re.IGNORECASE
    ):  # no sitemap has either; entities can grow, or read files
        kind = "a web page" if re.search(rb"<!doctype\s+html", data, re.IGNORECASE) else "XML that declares entities"
        raise SitemapBroken(NO_SITEMAP.format(kind))
    pages: list[Listed] = []
    sitemaps: list[Listed] = []
    try:
        for kind, listed in _entries(data):
            (pages if kind == "url" else sitemaps).append(listed)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SitemapBroken(f"The sitemap is not valid XML ({error}): have the site make it again.") from error
    return SitemapFile(tuple(pages), tuple(sitemaps))


def _entries(data: bytes) -> Iterator[tuple[str, Listed]]:
    """("url" | "sitemap", entry); what lies inside another name space, as pictures do, is passed over."""
    walk = etree.iterparse(
        io.BytesIO(data), events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for _, element in walk:
        name = etree.QName(element).localname
        parent = element.getparent()
        if parent is None:
            if name not in {"urlset", "sitemapindex"}:
                raise SitemapBroken(NO_SITEMAP.format(f"XML whose outermost element is <{name}>"))
        elif parent.getparent() is None and name in {"url", "sitemap"}:
            space = etree.QName(element).namespace
            said = {
                etree.QName(child).localname: (child.text or "").strip()
                for child in element.iterchildren("*")
                if etree.QName(child).namespace == space
            }
            if 0 < len(said.get("loc", "")) <= LONGEST_URL:
                yield name, Listed(said["loc"], _moment(said.get("lastmod", "")))
            element.clear()
            while element.getprevious() is not None:
                del parent[0]


def _moment(said: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
