"""A change of the machine's behaviour is a diff that somebody reads."""

from pathlib import Path

from orchestrator import table


def test_the_committed_table_is_what_the_machine_does() -> None:
    committed = Path(table.__file__).with_name("TRANSITIONS.md").read_text()
    assert committed == table.draw(), "run: python -m orchestrator.table > orchestrator/TRANSITIONS.md"
