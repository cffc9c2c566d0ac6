"""Which part of a page is its content: by what it is marked as, else all that is not a list of links."""

import re

from lxml.etree import _Element

from kb.loaders.html_chrome import EDITED, Sizes
from kb.loaders.html_tables import flat

# The first of these that is there once, and holds enough, is the content.
MAIN = (
    "//main",
    "//*[@role='main']",
    "//article",
    "//*[@id='content' or @id='main' or @id='main-content']",
)
# What an editor wrote, in themes and help desks of all kinds; the rest of <main> is what the theme puts around it.
BODY = (f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in sorted(EDITED))
WRITTEN = f".//*[{' or '.join(BODY)} or @itemprop='articleBody']"
ENOUGH = 200  # characters
MOST_OF_IT = 0.6  # share of <main> that its written part must hold to be all of it
MOST_LINKS = 0.7  # share of linked words above which a part is a menu
LEAST_LINKS = 3
LONGEST_MENU = 5_000  # characters
LONGEST_RIGHTS = 120
NAMING = ("h2", "h3", "h4", "h5", "h6", "th")
RIGHTS = re.compile(r"(?:©|copyright\b|\(c\)\s).*", re.IGNORECASE)


def content(root: _Element) -> _Element:
    """The element that holds the content of the pruned page."""
    size = Sizes(root)
    whole = size(root)
    for path in MAIN:
        found = _elements(root, path)
        if len(found) == 1 and size(found[0]) > min(ENOUGH, whole / 4):
            return _written(found[0], size)
    _drop_menus(root, size, whole)
    return root


def _written(main: _Element, size: Sizes) -> _Element:
    found = [one for one in _elements(main, WRITTEN) if not any(True for _ in one.iterancestors("li"))]
    if len(found) == 1 and size(found[0]) > MOST_OF_IT * size(main):
        return found[0]
    return main


def _drop_menus(root: _Element, size: Sizes, whole: int) -> None:
    """Without a marked content, whatever consists of links to elsewhere is a menu."""
    for element in list(root.iter("div", "ul", "ol", "header", "section", "td", "p")):
        if element.getparent() is not None and size(element) <= whole / 2 and _is_menu(element, size):
            for inside in list(element):
                element.remove(inside)
            element.text = None


def _is_menu(element: _Element, size: Sizes) -> bool:
    words = size(element)
    if element.tag == "p" and words < LONGEST_RIGHTS and RIGHTS.fullmatch(flat(element)):
        return True
    inside = list(element.iter("a", *NAMING)) if words < LONGEST_MENU else []
    links = [one for one in inside if one.tag == "a" and not str(one.get("href") or "").startswith("#")]
    headed = sum(size(one) for one in inside if one.tag != "a")
    return len(links) >= LEAST_LINKS and sum(map(size, links)) > MOST_LINKS * max(1, words - headed)


def _elements(root: _Element, path: str) -> list[_Element]:
    found = root.xpath(path)
    return [one for one in found if isinstance(one, _Element)] if isinstance(found, list) else []
