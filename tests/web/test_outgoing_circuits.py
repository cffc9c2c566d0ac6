"""Circuits for destinations: what one process sees, all others know."""

from web.outgoing.circuits import SharedCircuits


def test_circuits_are_shared_and_forget_when_it_works_again(committed: object) -> None:
    first, second = SharedCircuits(), SharedCircuits()
    opened = [circuits.failed("to:a", threshold=3, seconds=30) for circuits in (first, second, first)]
    assert opened == [False, False, True]
    assert list(second.resting()) == ["to:a"]
    assert 29 < second.resting()["to:a"] <= 30
    second.succeeded("to:a")
    assert first.resting() == {}
    assert not first.failed("to:a", threshold=3, seconds=30)
