"""HTML: from bytes to a page, what it is called, and its blocks. What is content is decided in html_content.py."""

import re

from lxml import html as lxml_html
from lxml.etree import LxmlError, _Element

from kb.errors import HtmlWithoutText, TooLarge
from kb.loaders.html_chrome import prune
from kb.loaders.html_content import content
from kb.loaders.html_faq import questions
from kb.loaders.html_tables import flat
from kb.loaders.html_walk import Walk, anchor_of
from kb.loaders.loaded import Block, Loaded, Loader, tidy
from kb.loaders.text import decode

MOST_BYTES = 25 * 1024 * 1024  # a tree takes ten times as much memory as its text
DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
OPENING = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
SITE_NAME = re.compile(r"\s[|–—-]\s")
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def load_html(data: bytes) -> Loaded:
    """The blocks of the page's content; the title is its first h1, else <title> without the site's name.

    Raises HtmlWithoutText, NotText, or TooLarge.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(f"The page is larger than {MOST_BYTES // 1024 // 1024} MB: split it into several.")
    root = _parse(_decoded(data))
    named, language = tidy(SITE_NAME.split(root.findtext(".//title") or "")[0]), _language(root)
    asked = list(questions(root))
    prune(root)
    heads = [head for head in root.iter("h1") if flat(head)]
    title = Block("heading", flat(heads[0]), 1, anchor=anchor_of(heads[0])) if len(heads) == 1 else None
    blocks = Walk().through(content(root))
    if title and not any(block.kind == "heading" and block.level == 1 for block in blocks):
        blocks.insert(0, title)
    blocks += _told(asked, blocks)
    if not any(block.kind != "heading" for block in blocks):
        raise HtmlWithoutText
    top = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    return Loaded(top or named, tuple(blocks), language)


def load_fragment(text: str) -> list[Block]:
    """The blocks of a piece of HTML, as it stands in Markdown; none where it has no text."""
    try:
        root = _parse(f"<div>{text}</div>")
    except HtmlWithoutText:
        return []
    prune(root)
    return Walk().through(root)


def _told(asked: list[tuple[str, str]], blocks: list[Block]) -> list[Block]:
    """Questions whose answer nobody sees on the page, as headings with their answers."""
    seen = re.sub(r"\W+", "", " ".join(block.text for block in blocks)).casefold()
    more: list[Block] = []
    for question, answer in asked:
        told = load_fragment(answer)
        if told and re.sub(r"\W+", "", " ".join(block.text for block in told)).casefold() not in seen:
            more += [Block("heading", tidy(question), 2), *told]
    return more


def _language(root: _Element) -> str:
    """ISO 639-1 of <html lang="en-GB">, "" where it says none."""
    said = re.match(r"[a-z]{2}(?![a-z])", (root.get("lang") or root.get(XML_LANG) or "").strip().lower())
    return said.group() if said else ""


def _decoded(data: bytes) -> str:
    """As UTF-8 where it is that, whatever the page says of itself; else as it says."""
    declared = DECLARED.search(data[:4096])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return decode(data, declared.group(1).decode("ascii"))
    return decode(data)


def _parse(text: str) -> _Element:
    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        # lxml refuses a text that declares its own encoding, as XHTML does.
        return lxml_html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=parser)
    except (LxmlError, ValueError) as error:
        raise HtmlWithoutText from error


HTML = Loader(
    "html",
    (".html", ".htm", ".xhtml"),
    ("text/html", "application/xhtml+xml"),
    looks_like=lambda data: bool(OPENING.match(data[:2048].lstrip(b"\xef\xbb\xbf"))),
    load=load_html,
)
