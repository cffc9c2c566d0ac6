"""The data map names every table, once; and says nothing of tables that there are not."""

import re
from pathlib import Path

from core.models import metadata

MAP = Path(__file__).parents[2] / "docs/data-map.md"
ROW = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)


def named() -> list[str]:
    """The tables in the first column of its rows."""
    return [name for cell in ROW.findall(MAP.read_text()) for name in re.findall(r"`([a-z_]+)`", cell)]


def test_every_table_stands_in_the_map_once() -> None:
    found = named()
    assert len(found) == len(set(found)), "twice"
    assert set(found) == set(metadata.tables) | {"alembic_version"}


def test_the_map_says_of_what_hangs_on_a_conversation_that_it_goes_with_it() -> None:
    """And of nothing else."""
    said = {
        name
        for line in MAP.read_text().splitlines()
        if (cell := ROW.match(line)) and "ith the conversation" in line
        for name in re.findall(r"`([a-z_]+)`", cell[1])
    }
    hanging = {"threads"}
    while more := {
        table.name
        for table in metadata.sorted_tables
        if table.name not in hanging
        and any(key.column.table.name in hanging and key.ondelete == "CASCADE" for key in table.foreign_keys)
    }:
        hanging |= more
    assert hanging - {"threads"} == said
