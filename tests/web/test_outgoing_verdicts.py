"""What each end of an attempt means: sent, later, or dead with a plain reason."""

from datetime import UTC, datetime

import pytest

from core.errors import AddressRefused, HandrailError, HostUnknown
from core.settings import Settings
from web.outgoing.posting import Answer, NoAnswer
from web.outgoing.verdicts import Dead, Later, Sent, Verdict, judge, waited

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def most(_: float, longest: float) -> float:
    """Chance at its worst."""
    return longest


def verdict(outcome: Answer | HandrailError | int, attempt: int = 1) -> Verdict:
    outcome = Answer(outcome) if isinstance(outcome, int) else outcome
    return judge(outcome, attempt, NOW, Settings(), most)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_has_arrived(status: int) -> None:
    assert verdict(status) == Sent()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 410, 413, 415, 422, 451, 301, 308, 304, 101])
def test_what_would_be_refused_again_is_dead_at_once(status: int) -> None:
    found = verdict(status)
    assert isinstance(found, Dead)
    assert str(status) in found.reason
    assert found.alive


@pytest.mark.parametrize("status", [408, 409, 425, 429, 302, 303, 307, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    found = verdict(status)
    assert isinstance(found, Later)
    assert found.seconds == 5.0
    assert found.alive == (status not in {408, 429} and status < 500)


def test_waits_grow_up_to_an_hour_and_the_last_attempt_is_the_last() -> None:
    ends = [verdict(500, attempt) for attempt in range(1, 9)]
    waits = [end.seconds for end in ends if isinstance(end, Later)]
    assert waits == [5, 20, 80, 320, 1280, 3600, 3600]
    assert ends[-1] == Dead("It answered with HTTP 500. That was attempt 8, the last one.", alive=False)


def test_the_wait_is_drawn_from_the_whole_range() -> None:
    drawn: list[tuple[float, float]] = []

    def chance(low: float, high: float) -> float:
        drawn.append((low, high))
        return 1.5

    found = judge(Answer(500), 2, NOW, Settings(), chance)
    assert drawn == [(0.0, 20.0)]
    assert isinstance(found, Later)
    assert found.seconds == 1.5


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 13:01:30 +0100", 90),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("1.5", 0),
        ("٣", 0),
        ("Sun, 22 Nov 99999999999999999999 12:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:00 +999999", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header: str, seconds: float) -> None:
    assert waited(header, NOW) == seconds


@pytest.mark.parametrize("status", [429, 503, 302])
def test_what_the_receiver_asks_for_is_waited_and_bounded(status: int) -> None:
    polite = verdict(Answer(status, retry_after="120"))
    endless = verdict(Answer(status, retry_after="99999999999999"))
    assert isinstance(polite, Later)
    assert isinstance(endless, Later)
    assert (polite.seconds, polite.quiet_s) == (120, 120)
    assert (endless.seconds, endless.quiet_s) == (3600, 3600)


def test_a_redirect_says_where_it_leads() -> None:
    found = verdict(Answer(301, location="https://shop.example/\r\nnew" + "x" * 1000))
    assert isinstance(found, Dead)
    assert found.reason.startswith("It redirects to https://shop.example/newxxx")
    assert "set the address" in found.reason
    assert len(found.reason) < 320


def test_no_answer_and_an_unknown_host_are_tried_again_and_a_refused_address_is_not() -> None:
    assert verdict(NoAnswer("x did not answer.")) == Later("x did not answer.", 5.0)
    assert verdict(HostUnknown("No host.")) == Later("No host.", 5.0)
    assert verdict(AddressRefused("Private.")) == Dead("Private.")
