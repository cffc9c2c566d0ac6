"""Both hosted clients at their limits: prompts that are too long, pauses that a service asks for, answers that cost."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from brain.client import BrainGarbled, BrainTimeout, BrainUnavailable, PromptTooLong, Said, Usage
from brain.overflow import OUTPUT_CHARS, shortened
from brain.retries import asked_pause
from tests.brain.asks import ask, drafting, found, unheard
from tests.brain.hosted import APIS, CLAUDE, EVENTS, OPENAI, Api, broken_off, chunk, stopped, text_delta

both = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)

OVERFLOWS = {
    "openai's code": (400, {"code": "context_length_exceeded", "message": "Too much."}),
    "openai's words": (400, {"message": "This model's maximum context length is 8192 tokens."}),
    "anthropic's words": (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
    "anthropic's limit": (413, {"type": "request_too_large", "message": "Request exceeds the maximum size"}),
    "llama.cpp's words": (400, {"message": "the request exceeds the available context size"}),
}
LONG = drafting(
    *("Hello?", "> Hello.", "Is it?", "> It is.", "Tea?", "> Tea.", "And now?"),
    outcomes=(found("tea", "tea " * 2_000),),
    summary="Wants tea.",
)


def refusing_long(api: Api, status: int, error: dict[str, str], most: int) -> tuple[list[int], Callable[..., object]]:
    """A server that refuses prompts above `most` bytes, and what it was sent."""
    sizes: list[int] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sizes.append(len(request.content))
        if len(request.content) > most:
            return httpx2.Response(status, json={"error": error})
        return httpx2.Response(200, headers=EVENTS, content=api.stream(*api.whole, api.end))

    return sizes, answer


@both
@pytest.mark.parametrize("words", OVERFLOWS)
def test_a_prompt_that_is_too_long_is_shortened_once(api: Api, words: str) -> None:
    sizes, answer = refusing_long(api, *OVERFLOWS[words], most=10_000)
    assert api.client(answer).think(LONG, unheard).text  # type: ignore[arg-type]
    assert len(sizes) == 2
    assert sizes[0] > 10_000 >= sizes[1]


@both
def test_a_prompt_that_is_still_too_long_fails_by_name(api: Api) -> None:
    sizes, answer = refusing_long(api, 400, {"message": "prompt is too long"}, most=10)
    with pytest.raises(PromptTooLong):
        api.client(answer).think(LONG, unheard)  # type: ignore[arg-type]
    assert len(sizes) == 2
    with pytest.raises(PromptTooLong):
        api.client(answer).think(ask("Nothing here can be left out."), unheard)  # type: ignore[arg-type]
    assert len(sizes) == 3


def test_what_is_left_out_is_old_and_what_the_visitor_says_now_stays() -> None:
    short = shortened(LONG)
    assert (short.summary, short.memory[-1]) == ("", LONG.memory[-1])
    assert len(short.memory) == 3
    assert len(short.outcomes[0].output) < OUTPUT_CHARS + 50
    burst = (Said("agent", "a"), *(Said("visitor", str(number)) for number in range(9)))
    assert shortened(ask("x").__class__("plan", "S", burst)).memory[-9:] == burst[1:]


@both
def test_an_error_about_length_inside_the_stream_counts_too(api: Api) -> None:
    bodies = [api.stream({"error": {"message": "prompt is too long"}}), api.stream(*api.whole, api.end)]
    brain = api.client(lambda _: httpx2.Response(200, headers=EVENTS, content=bodies.pop(0)))
    assert brain.think(LONG, unheard).text
    assert not bodies


def test_a_window_that_is_full_before_the_first_word_is_a_prompt_too_long() -> None:
    full = CLAUDE.stream(CLAUDE.whole[0], stopped("model_context_window_exceeded"), CLAUDE.end)
    bodies = [full, CLAUDE.stream(*CLAUDE.whole, CLAUDE.end)]
    brain = CLAUDE.client(lambda _: httpx2.Response(200, headers=EVENTS, content=bodies.pop(0)))
    assert brain.think(LONG, unheard).usage == Usage(22, 14)  # both were paid for
    cut = CLAUDE.served(text_delta("I"), stopped("model_context_window_exceeded"), CLAUDE.end)
    with pytest.raises(BrainGarbled):
        cut.think(LONG, unheard)


NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
PAUSES = {
    "2": 2.0,
    "0.5": 0.5,
    format_datetime(NOW + timedelta(seconds=90), usegmt=True): 90.0,
    format_datetime(NOW - timedelta(days=1), usegmt=True): 0.0,
    "-3": None,
    "nan": None,
    "soon": None,
    "": None,
}


@pytest.mark.parametrize("text", PAUSES)
def test_a_pause_is_read_in_seconds_or_as_a_date(text: str) -> None:
    assert asked_pause({"retry-after": text}, lambda: NOW) == PAUSES[text]


def test_milliseconds_win() -> None:
    assert asked_pause({"retry-after": "1", "retry-after-ms": "30"}) == 0.03
    assert asked_pause({"retry-after": "2", "retry-after-ms": "much"}) == 2.0
    assert asked_pause({}) is None


@both
@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_short_pause_is_waited_for_and_a_long_one_is_told_to_the_caller(api: Api, status: int) -> None:
    tries: list[int] = []

    def answer(_: httpx2.Request) -> httpx2.Response:
        tries.append(status)
        headers = {"retry-after-ms": "10"} if len(tries) == 1 else {"retry-after": "30"}
        return httpx2.Response(status, headers=headers, json={"error": {"message": "no"}})

    with pytest.raises(BrainUnavailable) as caught:
        api.client(answer).think(ask("tea?"), unheard)
    assert len(tries) == 2
    assert caught.value.retry_after_s == 30
    assert caught.value.usage is None


@both
def test_a_service_that_says_do_not_retry_is_not_asked_again(api: Api) -> None:
    tries: list[int] = []

    def answer(_: httpx2.Request) -> httpx2.Response:
        tries.append(1)
        return httpx2.Response(503, headers={"x-should-retry": "false"}, json={})

    with pytest.raises(BrainUnavailable):
        api.client(answer).think(ask("tea?"), unheard)
    assert len(tries) == 1


@both
@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "image/png"])
def test_a_page_of_a_proxy_is_no_answer(api: Api, kind: str) -> None:
    page = httpx2.Response(200, headers={"content-type": kind}, content=b"<html>Please sign in</html>")
    with pytest.raises(BrainGarbled):
        api.client(lambda _: page).think(ask("tea?"), unheard)


@both
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"nonsense", b'{"choices": []}', b'{"error": "x"}', b"\xff\xfe"])
def test_json_that_is_no_answer_is_garbled_or_refused(api: Api, body: bytes) -> None:
    response = httpx2.Response(200, headers={"content-type": "application/json"}, content=body)
    with pytest.raises(BrainUnavailable):
        api.client(lambda _: response).think(ask("tea?"), unheard)


@both
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_key(api: Api, status: int) -> None:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.host)
        return httpx2.Response(status, headers={"location": "http://elsewhere.test/v1"})

    with pytest.raises(BrainUnavailable):
        api.client(answer).think(ask("tea?"), unheard)
    assert "elsewhere.test" not in seen


@both
def test_an_answer_that_breaks_off_says_what_it_used(api: Api) -> None:
    begun = api.stream(*api.whole[: 3 if api is OPENAI else 4])
    with pytest.raises(BrainUnavailable) as caught:
        api.client(lambda _: broken_off(begun, httpx2.ReadError("cut"))).think(ask("tea?"), unheard)
    used = caught.value.usage
    assert used is not None
    assert used.input_tokens > 0
    assert used.output_tokens > 0
    assert used.estimated


@both
def test_a_question_that_was_sent_and_never_answered_counts_as_read(api: Api) -> None:
    def failing(error: Exception) -> Usage | None:
        def answer(_: httpx2.Request) -> httpx2.Response:
            raise error

        with pytest.raises(BrainTimeout) as caught:
            api.client(answer).think(ask("tea?"), unheard)
        return caught.value.usage

    sent = failing(httpx2.ReadTimeout("silent"))
    assert sent is not None
    assert sent.input_tokens > 100
    assert failing(httpx2.ConnectTimeout("slow")) is None


ABSURD = [-5, "many", 1e300, 10**30, True, None, [1], {}]


@both
@pytest.mark.parametrize("value", ABSURD, ids=repr)
def test_absurd_counts_are_replaced_by_an_estimate(api: Api, value: object) -> None:
    if api is OPENAI:
        pieces = (*api.whole[:-1], {"choices": [], "usage": {"prompt_tokens": value, "completion_tokens": value}})
    else:
        start = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": value}}}
        pieces = (start, *api.whole[1:-1], {**stopped("end_turn"), "usage": {"output_tokens": value}})
    usage = api.served(*pieces, api.end).think(ask("tea?"), unheard).usage
    assert usage.estimated
    assert usage.input_tokens > 100
    assert usage.output_tokens == 5


@both
def test_a_text_without_end_is_garbled(api: Api) -> None:
    long = "word " * 2_000
    pieces = [chunk(content=long) if api is OPENAI else text_delta(long)] * 20
    with pytest.raises(BrainGarbled):
        api.served(*pieces, api.end).think(ask("tea?"), unheard)


@both
def test_what_no_database_takes_is_not_heard(api: Api) -> None:
    text = "Free\x00 \ud83d now."
    pieces = (chunk(content=text), chunk("stop")) if api is OPENAI else (text_delta(text), stopped("end_turn"))
    assert api.served(*pieces, api.end).think(ask("tea?"), unheard).text == "Free ? now."


@both
def test_an_answer_that_was_ended_stands_however_its_stream_ends(api: Api) -> None:
    complete = api.stream(*(api.whole[:4] if api is OPENAI else api.whole))
    for error in (httpx2.ReadTimeout("silent"), httpx2.RemoteProtocolError("cut")):
        brain = api.client(lambda _, error=error: broken_off(complete, error))  # type: ignore[misc]
        assert brain.think(ask("tea?"), unheard).text == "Free over 50 [c1]."


def test_a_refusal_in_words_of_its_own_field_is_one() -> None:
    with pytest.raises(BrainUnavailable, match="refused"):
        OPENAI.served(chunk(refusal="I can't"), chunk("stop"), OPENAI.end).think(ask("tea?"), unheard)


@pytest.mark.parametrize("end", ["error", "abort", "pause_turn", "length", "max_tokens"])
def test_an_end_that_is_none_is_cut_off(end: str) -> None:
    with pytest.raises(BrainGarbled):
        OPENAI.served(chunk(content="I"), chunk(end), OPENAI.end).think(ask("tea?"), unheard)


@both
def test_no_choices_are_no_answer(api: Api) -> None:
    empty: dict[str, object] = {"choices": []} if api is OPENAI else {"type": "message_stop"}
    with pytest.raises(BrainGarbled):
        api.served(*[empty] * 3, api.end).think(ask("tea?"), unheard)


def picky(api: Api, field: str, words: str) -> tuple[list[dict[str, object]], Callable[..., object]]:
    """A server that refuses `field`, in `words`."""
    seen: list[dict[str, object]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content))
        if f'"{field}":' in request.content.decode():
            return httpx2.Response(400, json={"error": {"message": words}})
        return httpx2.Response(200, headers=EVENTS, content=api.stream(*api.whole, api.end))

    return seen, answer


def test_the_limit_of_an_answer_has_two_names_and_stays() -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    seen, answer = picky(OPENAI, "max_tokens", words)
    OPENAI.client(answer, openai_base_url="http://model.test/v1").think(ask("tea?"), unheard)  # type: ignore[arg-type]
    assert ["max_tokens" in body for body in seen] == [True, False]
    assert seen[-1]["max_completion_tokens"] == 700


@both
def test_a_server_without_strict_schemas_gets_loose_ones(api: Api) -> None:
    seen, answer = picky(api, "strict", "tools.0.strict: Extra inputs are not permitted")
    api.client(answer).think(ask("tea?"), unheard)  # type: ignore[arg-type]
    assert ["strict" in json.dumps(body) for body in seen] == [True, False]


def test_conversations_are_not_to_be_kept_by_whoever_runs_the_model() -> None:
    """A server that knows no such field is spared it; with OpenAI itself no error leaves it out."""
    words = "Unrecognized request argument supplied: store"
    seen, answer = picky(OPENAI, "store", words)
    OPENAI.client(answer, openai_base_url="http://model.test/v1").think(ask("tea?"), unheard)  # type: ignore[arg-type]
    assert [body.get("store", "left out") for body in seen] == [False, "left out"]
    seen, answer = picky(OPENAI, "store", words)
    with pytest.raises(BrainUnavailable):
        OPENAI.client(answer).think(ask("tea?"), unheard)  # type: ignore[arg-type]
    assert {str(body["store"]) for body in seen} == {"False"}
