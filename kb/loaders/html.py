"""HTML: which part of a page is its content, and what it is called. The walk through that part is in html_walk.py."""

import re

from lxml import html as lxml_html
from lxml.etree import LxmlError, _Element

from kb.errors import HtmlWithoutText
from kb.loaders.html_walk import Walk
from kb.loaders.loaded import Block, Loaded, Loader, tidy
from kb.loaders.text import decode

# The innermost of these that holds enough text is the content. Trafilatura finds articles as well as this does, but
# drops table headers, and with them what a price is the price of.
MAIN = ("//main", "//*[@role='main']", "//article", "//*[@id='content' or @id='main']", "//body")
ENOUGH = 200  # characters
DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
OPENING = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
SITE_NAME = re.compile(r"\s[|–—-]\s")


def load_html(data: bytes) -> Loaded:
    """The blocks of the page's content; the title is its first h1, else <title> without the site's name."""
    root = _parse(_decoded(data))
    blocks = Walk().through(_content(root))
    if not blocks:
        raise HtmlWithoutText
    top = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    title = top or tidy(SITE_NAME.split(root.findtext(".//title") or "")[0])
    return Loaded(title, tuple(blocks), _language(root))


def load_fragment(text: str) -> list[Block]:
    """The blocks of a piece of HTML, as it stands in Markdown; none where it has no text."""
    try:
        return Walk().through(_parse(f"<div>{text}</div>"))
    except HtmlWithoutText:
        return []


def _language(root: _Element) -> str:
    """ISO 639-1 of <html lang="en-GB">, "" where it says none."""
    said = re.match(
        r"[a-z]{2}(?![a-z])",
        (root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip().lower(),
    )
    return said.group() if said else ""


def _decoded(data: bytes) -> str:
    declared = DECLARED.search(data[:4096])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared.group(1).decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            return decode(data)  # it says one thing and is another
    return decode(data)


def _parse(text: str) -> _Element:
    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        # lxml refuses a text that declares its own encoding, as XHTML does.
        return lxml_html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=parser)
    except (LxmlError, ValueError) as error:
        raise HtmlWithoutText from error


def _content(root: _Element) -> _Element:
    whole = _length(root)
    for path in MAIN:
        found = root.xpath(path)
        if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], _Element):
            continue  # several articles are a list of them: go further out
        if _length(found[0]) > min(ENOUGH, whole / 4):
            return found[0]
    return root


def _length(element: _Element) -> int:
    return len(tidy(" ".join(str(text) for text in element.itertext())))


HTML = Loader(
    "html",
    (".html", ".htm", ".xhtml"),
    ("text/html", "application/xhtml+xml"),
    looks_like=lambda data: bool(OPENING.match(data[:2048].lstrip(b"\xef\xbb\xbf"))),
    load=load_html,
)
