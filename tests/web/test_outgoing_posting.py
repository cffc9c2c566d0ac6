"""One POST: signed, guarded, bounded in time and size, whatever the other side does."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from core.errors import AddressRefused, HostUnknown
from tests.web import receiver as answers
from tests.web.receiver import SECRET, Receiver, Reply, receiving
from web.outgoing.posting import Answer, NoAnswer, post
from web.outgoing.signing import SecretRefused, make_secret, signed

OURS = ("127.0.0.1",)
BODY = '{"text":"ü"}'.encode()


@pytest.fixture
def there() -> Iterator[Receiver]:
    """A receiver."""
    with receiving() as found:
        yield found


def send(receiver: Receiver, *, seconds: float = 5.0) -> Answer:
    headers = signed(SECRET, key="ticket:1", body=BODY, at=int(time.time()))
    return post(receiver.url, BODY, headers, seconds=seconds, private_hosts=OURS)


def test_the_receiver_can_verify_it_to_the_byte(there: Receiver) -> None:
    assert send(there) == Answer(200)
    (request,) = there.requests
    assert request.raw == BODY
    assert request.verified()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == there.url.split("/")[2]
    assert request.headers["user-agent"].startswith("Handrail/")


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    # From the reference libraries' tests of Standard Webhooks.
    headers = signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        key="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        at=1614265330,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_made_strong_and_weak_ones_refused() -> None:
    assert signed(make_secret(), key="k", body=b"", at=1)
    for weak in ("", "whsec_", "whsec_short", "whsec_!!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_ü"):
        with pytest.raises(SecretRefused):
            signed(weak, key="k", body=b"", at=1)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (answers.status(404), Answer(404)),
        (answers.status(429, Retry_After="7"), Answer(429, retry_after="7")),
        (
            answers.status(302, Location="https://elsewhere.example/"),
            Answer(302, location="https://elsewhere.example/"),
        ),
    ],
)
def test_what_it_answers_is_told_and_no_redirect_followed(there: Receiver, reply: Reply, answer: Answer) -> None:
    there.replies = [reply]
    assert send(there) == answer
    assert len(there.requests) == 1


@pytest.mark.parametrize("reply", [answers.slow(30), answers.dripping_head], ids=["slow", "dripping"])
def test_an_answer_that_does_not_come_ends_in_time(there: Receiver, reply: Reply) -> None:
    there.replies = [reply]
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"^127\.0\.0\.1 did not answer within 0\.6 s\.$"):
        send(there, seconds=0.6)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("reply", "seconds"), [(answers.dripping_body, 0.6), (answers.huge, 30)], ids=["dripping", "huge"]
)
def test_a_body_that_does_not_end_is_left_and_its_status_counts(there: Receiver, reply: Reply, seconds: float) -> None:
    there.replies = [reply]
    began = time.monotonic()
    assert send(there, seconds=seconds) == Answer(200)
    assert time.monotonic() - began < 3


def test_a_greeting_over_tls_that_does_not_come_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match="within"):
            post(f"https://127.0.0.1:{silent.getsockname()[1]}/", BODY, {}, seconds=0.6, private_hosts=OURS)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("reply", [answers.hanging_up, answers.garbage], ids=["hanging up", "garbage"])
def test_no_http_is_no_answer(there: Receiver, reply: Reply) -> None:
    there.replies = [reply]
    with pytest.raises(NoAnswer, match="did not answer"):
        send(there)


def test_nobody_at_home_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="refused"):
        post("http://127.0.0.1:9/", BODY, {}, seconds=2, private_hosts=OURS)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "http://localhost/"]
)
def test_private_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused, match="private address"):
        post(url, BODY, {}, seconds=2, private_hosts=())


def test_a_host_that_nobody_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(HostUnknown):
        post("https://no-such-host.invalid/", BODY, {}, seconds=2, private_hosts=())


def test_nothing_is_left_behind(there: Receiver) -> None:
    there.replies = [answers.dripping_head, answers.hanging_up]
    before = threading.active_count()
    for seconds in (0.2, 1.0, 1.0):
        try:
            send(there, seconds=seconds)
        except NoAnswer:
            continue
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert threading.active_count() <= before
