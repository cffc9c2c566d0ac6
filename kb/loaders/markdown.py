"""Markdown, with tables: parsed by markdown-it, never by line patterns."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from kb.loaders.html import load_fragment
from kb.loaders.loaded import Block, Loaded, Loader, table_rows, tidy
from kb.loaders.text import decode

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


def load_markdown(data: bytes) -> Loaded:
    """Headings, paragraphs, list items (`level` tells how deep, from 0), table rows; raw HTML is read as HTML."""
    text = decode(data)
    front = FRONT_MATTER.match(text)
    tokens = MarkdownIt("commonmark").enable("table").parse(text[front.end() :] if front else text)
    blocks = tuple(_blocks(tokens))
    said = front.group(1) if front else ""
    named = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", said, re.MULTILINE)
    language = re.search(r"^lang(?:uage)?:\s*[\"']?([a-z]{2})\b", said, re.MULTILINE | re.IGNORECASE)
    top = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    return Loaded(named.group(1) if named else top, blocks, language.group(1).lower() if language else "")


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    lists = 0
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "table_open":
            end = next(at for at in range(position, len(tokens)) if tokens[at].type == "table_close")
            yield from table_rows(_cells(tokens[position:end]))
            position = end
        elif token.type == "heading_open":
            yield Block("heading", _plain(tokens[position + 1]), int(token.tag[1]))
            position += 1
        elif token.type in {"list_item_open", "list_item_close"}:
            lists += 1 if token.nesting == 1 else -1
        elif token.type == "inline" and _plain(token):
            yield Block("item", _plain(token), lists - 1) if lists else Block("paragraph", _plain(token))
        elif token.type in {"fence", "code_block"} and token.content.strip():
            yield Block("paragraph", token.content.strip())
        elif token.type == "html_block":
            yield from load_fragment(token.content)
        position += 1


def _cells(tokens: list[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_plain(token))
    return rows


def _plain(token: Token) -> str:
    """The words of an inline token: link texts without addresses, pictures by their alternative text."""
    parts = []
    for child in token.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.type != "html_inline":
            parts.append(child.content)
    return tidy("".join(parts))


MARKDOWN = Loader(
    "markdown",
    (".md", ".markdown", ".mdown"),
    ("text/markdown", "text/x-markdown"),
    looks_like=lambda _: False,
    load=load_markdown,
)
