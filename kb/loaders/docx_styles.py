"""What the styles of a DOCX file say: which is a heading and of what level, which a list, which a table of contents."""

import re

from lxml.etree import _Element

from kb.loaders.docx_parts import W

LISTS = re.compile(r"\blist\b|^list|bullet|aufz|liste", re.IGNORECASE)
DEEPEST = 10  # styles that are based on others


class Styles:
    """Looks a paragraph's style up; the names are the English ones, whatever language it was written in."""

    def __init__(self, styles: _Element | None) -> None:
        """Read word/styles.xml, if there is one."""
        found = styles.iterchildren(f"{W}style") if styles is not None else ()
        self._styles = {one.get(f"{W}styleId", ""): one for one in found}

    def level(self, paragraph: _Element) -> int:
        """Of a heading, from 1; 0 where it is none."""
        own = _level(paragraph.find(f"{W}pPr/{W}outlineLvl"))
        if own is not None:
            return own
        for name, style in self._chain(paragraph):
            if name.casefold() == "title":
                return 1
            if heading := re.fullmatch(r"heading\s*([1-9])", name, re.IGNORECASE):
                return int(heading.group(1))
            outline = _level(style.find(f"{W}pPr/{W}outlineLvl")) if style is not None else None
            if outline is not None:
                return outline
        return 0

    def listed(self, paragraph: _Element) -> bool:
        """Whether it is an item of a list, by its own numbering or its style's."""
        if (own := paragraph.find(f"{W}pPr/{W}numPr")) is not None:
            number = own.find(f"{W}numId")
            return number is None or number.get(f"{W}val") != "0"  # 0 takes a numbering away
        return any(
            LISTS.search(name) or (style is not None and style.find(f"{W}pPr/{W}numPr") is not None)
            for name, style in self._chain(paragraph)
        )

    def of_contents(self, paragraph: _Element) -> bool:
        """Whether it is a line of a table of contents, which only repeats headings."""
        return any(re.match(r"toc\s*(?:\d|heading)", name, re.IGNORECASE) for name, _ in self._chain(paragraph))

    def _chain(self, paragraph: _Element) -> list[tuple[str, _Element | None]]:
        """(name, style) of the paragraph's style and of those that it is based on."""
        named = paragraph.find(f"{W}pPr/{W}pStyle")
        id_ = named.get(f"{W}val", "") if named is not None else ""
        chain: list[tuple[str, _Element | None]] = []
        while id_ and len(chain) < DEEPEST:
            style = self._styles.get(id_)
            chain.append((_value(style, "name") or id_, style))
            id_ = _value(style, "basedOn")
        return chain


def _value(style: _Element | None, name: str) -> str:
    found = style.find(f"{W}{name}") if style is not None else None
    return found.get(f"{W}val", "") if found is not None else ""


def _level(outline: _Element | None) -> int | None:
    value = outline.get(f"{W}val", "") if outline is not None else ""
    if not value.isdecimal():
        return None
    return int(value) + 1 if int(value) < 9 else 0  # noqa: PLR2004 - 9 means body text
