"""Pages of lines into blocks: reading order, running heads dropped, headings by size, paragraphs joined."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from kb.loaders.loaded import Block, table_rows, tidy
from kb.loaders.pdf_grid import headed
from kb.loaders.pdf_order import reading_order
from kb.loaders.pdf_page import Line, Page, Ruled
from kb.loaders.pdf_text import hyphenated, joined
from kb.loaders.text import ITEM

MARGIN = 0.12  # of the page's height, above and below, where running heads stand
PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|página|p\.)?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*(?:(?:of|/|von|de)\s*\d{1,4})?\W*", re.IGNORECASE
)
LARGER = 1.08  # times the body's size: a heading
LONGEST_HEADING = 140  # characters
SENTENCE_ENDS = (".", "!", "?", ":", ";", "。", "！", "？", "؟", "…")


@dataclass(frozen=True)
class _Style:
    body: float  # points
    levels: dict[float, int]  # size of headings → level


def blocks_of(pages: list[Page]) -> list[Block]:
    """The blocks of a whole document, in reading order."""
    running = _running(pages, _style(pages).body)
    cleaned = [_without(page, running) for page in pages]
    style = _style(cleaned)
    known = hyphenated(line.text for page in cleaned for line in page.lines)
    blocks: list[Block] = []
    for page in cleaned:
        for block in _page_blocks(page, style, known):
            _append(blocks, block, known)
    return blocks


def _running(pages: list[Page], body: float) -> set[str]:
    """Small print at the edge of half of the pages, or at the same height of three, apart from its digits."""
    seen: Counter[str] = Counter()
    placed: Counter[tuple[str, int]] = Counter()
    for page in pages:
        edge = [one for one in page.lines if _at_edge(one, page) and one.size <= body * LARGER]
        seen.update({_key(one) for one in edge})
        placed.update({(_key(one), round(one.y0)) for one in edge})
    often = {key for key, count in seen.items() if len(pages) > 1 and count >= max(2, len(pages) / 2)}
    return often | {key for (key, _), count in placed.items() if count > 2}  # noqa: PLR2004


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text.casefold())


def _at_edge(line: Line, page: Page) -> bool:
    return line.y0 > page.height * (1 - MARGIN) or line.y1 < page.height * MARGIN


def _without(page: Page, running: set[str]) -> Page:
    kept = [
        line
        for line in page.lines
        if not (_at_edge(line, page) and (_key(line) in running or PAGE_NUMBER.fullmatch(line.text)))
    ]
    return Page(page.number, page.width, page.height, kept, page.tables)


def _style(pages: list[Page]) -> _Style:
    letters: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0] if letters else 10.0
    sizes = sorted((size for size in letters if size > body * LARGER), reverse=True)
    return _Style(body, {size: min(level, 6) for level, size in enumerate(sizes, start=1)})


def _page_blocks(page: Page, style: _Style, known: set[str]) -> Iterator[Block]:
    paragraph: list[Line] = []
    for item in reading_order(page):
        if isinstance(item, Line) and _continues(paragraph, item, style):
            paragraph.append(item)
            continue
        yield from _paragraph(paragraph, page, style, known)
        paragraph = [item] if isinstance(item, Line) else []
        if isinstance(item, Ruled):
            yield from table_rows(item.rows, headed=item.headed, page=page.number)
        elif isinstance(item, list):
            bold = [[cell.bold for cell in row] for row in item]
            names = headed(bold[0], [one for row in bold[1:] for one in row], len(bold[0]))
            yield from table_rows([[cell.text for cell in row] for row in item], headed=names, page=page.number)
    yield from _paragraph(paragraph, page, style, known)


def _continues(paragraph: list[Line], line: Line, style: _Style) -> bool:
    if not paragraph:
        return True
    last = paragraph[-1]
    gap = last.y0 - line.y1
    if _level(last, style) != _level(line, style) or abs(last.size - line.size) > 0.6 or ITEM.match(line.text):  # noqa: PLR2004
        return False
    if gap < -line.size:  # it stands higher: a column ended, maybe in the middle of a sentence
        return not _level(line, style) and not last.text.endswith(SENTENCE_ENDS) and _beside(last, line)
    return gap < 0.75 * line.size


def _beside(last: Line, line: Line) -> bool:
    return line.x0 >= last.x1 or line.x1 <= last.x0


def _level(line: Line, style: _Style) -> int:
    """0 for body text; by size, or for a short bold line by its number."""
    if len(line.text) > LONGEST_HEADING:
        return 0
    if line.size in style.levels:
        return style.levels[line.size]
    deepest = len(style.levels) + 1
    bold_heading = line.bold and line.size >= style.body * 0.98 and not line.text.rstrip().endswith((".", ",", ";"))
    return min(deepest, 6) if bold_heading else 0


def _paragraph(lines: list[Line], page: Page, style: _Style, known: set[str]) -> Iterator[Block]:
    if not lines:
        return
    text = tidy(joined([line.text for line in lines], known))
    level = _level(lines[0], style)
    if not text:
        return
    if level and len(text) <= LONGEST_HEADING:
        yield Block("heading", text, level, page.number)
    elif ITEM.match(text):
        yield Block("item", ITEM.sub("", text), page=page.number)
    else:
        yield Block("paragraph", text, page=page.number)


def _append(blocks: list[Block], block: Block, known: set[str]) -> None:
    """Add `block`; a paragraph that a page break cut in mid-sentence is joined again."""
    last = blocks[-1] if blocks else None
    cut = (
        last is not None
        and last.page != block.page
        and last.kind in {"paragraph", "item"}
        and block.kind == "paragraph"
    )
    if last is not None and cut and not last.text.endswith(SENTENCE_ENDS) and block.text[:1].islower():
        blocks[-1] = Block(last.kind, joined([last.text, block.text], known), page=last.page)
    else:
        blocks.append(block)
