"""What a page's <head> says to those who index it: stay out, and which address is the real one."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

HEAD = 256 * 1024  # bytes that are looked at
UNSEEN = re.compile(r"<!--.*?-->|<(script|style|noscript|template)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<(meta|link)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
NO_INDEX = {"noindex", "none"}
NAMES = {"robots", "handrail"}  # whom we listen to


@dataclass(frozen=True)
class Head:
    """`canonical` is an absolute address on the same host, "" where the page names none or itself."""

    noindex: bool = False
    canonical: str = ""


def read_head(data: bytes, url: str) -> Head:
    """Read the <head> of the HTML `data` that was found at `url`, without parsing the page."""
    text = UNSEEN.sub(" ", data[:HEAD].decode("utf-8", errors="replace"))
    text = re.split(r"</head\s*>|<body\b", text, maxsplit=1, flags=re.IGNORECASE)[0]
    noindex, canonical = False, ""
    for tag, inside in TAG.findall(text):
        said = {name.lower(): unescape(a or b or c) for name, a, b, c in ATTRIBUTE.findall(inside)}
        if tag.lower() == "meta" and said.get("name", "").lower() in NAMES:
            noindex = noindex or _forbids(said.get("content", ""))
        elif tag.lower() == "link" and "canonical" in said.get("rel", "").lower().split():
            canonical = canonical or _canonical(said.get("href", ""), url)
    return Head(noindex, canonical)


def header_forbids(values: list[str]) -> bool:
    """Whether X-Robots-Tag headers forbid to index: for all, or for us by name; what others are told is theirs."""
    for value in values:
        addressed, colon, rest = value.partition(":")
        name = addressed.strip().lower()
        if not colon or name.startswith(("unavailable_after", "max-")) or "," in name:
            name, rest = "", value
        if name in {"", "handrail", "*"} and _forbids(rest):
            return True
    return False


def _forbids(content: str) -> bool:
    return bool(NO_INDEX & {word.strip().lower() for word in content.split(",")})


def _canonical(href: str, url: str) -> str:
    try:
        found = urljoin(url, href.strip()).partition("#")[0]
        here, there = urlsplit(url), urlsplit(found)
    except ValueError:
        return ""
    same = (there.hostname or "").removeprefix("www.") == (here.hostname or "").removeprefix("www.")
    return found if href.strip() and same and there.scheme in {"http", "https"} and found != url else ""
