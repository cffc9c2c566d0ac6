"""Markdown and plain text, also where they are long, deep, or not what they are called."""

from time import monotonic

import pytest

from kb.errors import FileEmpty, NotText
from kb.loaders import Block, load


def test_markdown_reads_front_matter_raw_html_and_nested_lists() -> None:
    text = """---
title: "Sending back"
lang: de-DE
draft: false
---
Intro <b>now</b>.

<details><summary>Gas?</summary><p>No.</p></details>

<!-- not
yet -->

<script>track()</script>

- Pack
  - in paper
"""
    loaded = load(text.encode(), "returns.md")
    assert (loaded.title, loaded.language) == ("Sending back", "de")
    assert [(block.kind, block.text, block.level) for block in loaded.blocks] == [
        ("paragraph", "Intro now.", 0),
        ("paragraph", "Gas? No.", 0),
        ("item", "Pack", 0),
        ("item", "in paper", 1),
    ]


def test_a_huge_table_keeps_its_header_in_every_row() -> None:
    rows = "".join(f"| Article {n} | {n} EUR |\n" for n in range(3_000))
    blocks = load(f"| Name | Price |\n|---|---|\n{rows}".encode(), "prices.md").blocks
    assert len(blocks) == 3_000
    assert blocks[-1] == Block("row", "Name: Article 2999 | Price: 2999 EUR")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
@pytest.mark.parametrize(
    "text", ["word " * 200_000, "w" * 1_000_000, "字" * 300_000, "كلمة " * 100_000, "😀" * 200_000]
)
def test_one_line_of_a_megabyte_is_one_block(name: str, text: str) -> None:
    began = monotonic()
    [block] = load(text.encode(), name).blocks
    assert block.text == text.strip()
    assert monotonic() - began < 20


def test_many_short_lines_of_one_paragraph_take_no_longer_the_more_they_are() -> None:
    began = monotonic()
    [block] = load(b"and so on\n" * 200_000, "a.txt").blocks
    assert len(block.text) == 200_000 * 10 - 1
    assert monotonic() - began < 20


@pytest.mark.parametrize("text", ["> " * 20_000 + "x", "[" * 20_000, "*a " * 20_000, "<div>" * 20_000 + "x"])
def test_hostile_markdown_ends_soon(text: str) -> None:
    began = monotonic()
    load(text.encode(), "a.md")
    assert monotonic() - began < 20


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv"])
def test_what_is_empty_or_binary_says_so_in_every_format(name: str) -> None:
    with pytest.raises(FileEmpty):
        load(b"\n \n", name)
    with pytest.raises(NotText):
        load(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)), name)
