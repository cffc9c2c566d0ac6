"""Which pages a site wants to be read: its sitemap with all that it names, less what robots.txt forbids."""

from collections import deque
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, urlsplit

from core.errors import SourceRefused
from kb.errors import DocumentUnreadable, SourceGone, SourceUnavailable
from kb.sources.fetch import Limits, fetch
from kb.sources.robots import Rules, rules_of
from kb.sources.sitemap_file import MOST_BYTES, Listed, read_file

MOST_FILES = 200  # sitemaps below one
DEEPEST = 3
MOST_LISTED = 200_000  # pages; what comes after is not looked at


@dataclass
class Crawled:
    """What a sitemap names. `complete`: all of it was read, so that a page it does not name is not in it.

    `delay`: seconds between two pages that robots.txt asks for. `notes` tell what was left out, and why.
    """

    delay: float
    pages: dict[str, Listed] = field(default_factory=dict)
    complete: bool = True
    elsewhere: int = 0  # pages of other hosts
    forbidden: int = 0  # pages that robots.txt keeps us from
    notes: list[str] = field(default_factory=list)


def crawl(url: str, limits: Limits) -> Crawled:
    """Read the sitemap at `url` and those that it names.

    Raises SourceRefused, SourceGone, SourceUnavailable, TooLarge or SitemapBroken where the first one can't be read;
    one below it that can't be makes the answer incomplete.
    """
    rules = rules_of(url, limits)
    limits = replace(limits, most_bytes=max(limits.most_bytes, MOST_BYTES), gap=max(limits.gap, rules.delay))
    found = Crawled(rules.delay)
    waiting, seen = deque([(url, 0)]), {url}
    while waiting:
        address, depth = waiting.popleft()
        try:
            for listed in _read(address, url, rules, limits, found):
                if listed.url not in seen and _fits(found, len(seen), depth):
                    seen.add(listed.url)
                    waiting.append((listed.url, depth + 1))
        except (SourceGone, SourceRefused, SourceUnavailable, DocumentUnreadable) as error:
            if depth == 0:
                raise
            _miss(found, f"{address} was not read: {error.detail}")
    return found


def _read(address: str, first: str, rules: Rules, limits: Limits, found: Crawled) -> tuple[Listed, ...]:
    """Put the pages of one file into `found`; returns the sitemaps that it names."""
    if not rules.allows(address) and address not in set(rules.parsed.sitemaps):
        raise SourceRefused("The site's robots.txt forbids its sitemap to us (Handrail): allow it there.")
    file = read_file(fetch(address, limits, to_index=False).data)
    for page in file.pages:
        if not _same_site(page.url, first):
            found.elsewhere += 1
        elif not rules.allows(page.url):
            found.forbidden += 1
        elif len(found.pages) < MOST_LISTED:
            listed = replace(page, url=page.url.partition("#")[0])
            found.pages.setdefault(listed.url, listed)
        else:
            _miss(found, f"It names more than {MOST_LISTED} pages.")
    own = tuple(one for one in file.sitemaps if _same_site(one.url, first))
    if len(own) < len(file.sitemaps):
        _miss(found, "It names sitemaps of other hosts, which are not read.")
    return own


def _fits(found: Crawled, files: int, depth: int) -> bool:
    if files >= MOST_FILES or depth >= DEEPEST:
        _miss(found, f"It names more than {MOST_FILES} sitemaps, or these others more than {DEEPEST} levels deep.")
        return False
    return True


def _miss(found: Crawled, why: str) -> None:
    found.complete = False
    if why not in found.notes and len(found.notes) < 5:  # noqa: PLR2004 - a reason is read by a person
        found.notes.append(why)


def _same_site(url: str, first: str) -> bool:
    """Whether `url` is on the host of `first`, or on its twin with or without www."""
    try:
        there, here = urlsplit(url), urlsplit(first)
        return there.scheme in {"http", "https"} and _host(there) == _host(here) and "@" not in there.netloc
    except ValueError:
        return False


def _host(parts: SplitResult) -> tuple[str, int]:
    usual = parts.port in {None, 80, 443}
    return (parts.hostname or "").lower().removeprefix("www."), 443 if usual else parts.port or 443
