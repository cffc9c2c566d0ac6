"""Signatures, words and windows of Slack: pure."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HandrailError
from ops.slack.contract import check_message, check_view
from ops.slack.fake import SECRET, signed
from ops.slack.manifest import filled, parsed
from ops.slack.workspace import Message
from web.slack import blocks, views
from web.slack.brief import Evidence, Line, Source
from web.slack.verifying import verify
from web.slack.views import Writing
from web.slack.words import escaped, linked, literal, pieces, plain, short, unescaped, unlinked

NOW = 1_800_000_000.0
BODY = b"payload=%7B%7D"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def heads(**changed: str) -> dict[str, str]:
    return {name.lower(): value for name, value in signed(BODY, at=NOW).items()} | changed


def test_what_slack_signed_is_believed() -> None:
    assert verify(BODY, heads(), [SECRET], NOW + 299) == int(NOW)
    assert verify(BODY, heads(), ["", SECRET], NOW - 299) == int(NOW)


@pytest.mark.parametrize(
    ("headers", "secrets", "now"),
    [
        ({}, [SECRET], NOW),
        (heads(), ["another"], NOW),
        (heads(), [], NOW),
        (heads(), ["", ""], NOW),
        (heads(), [SECRET], NOW + 301),
        (heads(), [SECRET], NOW - 301),
        (heads(**{"x-slack-request-timestamp": "soon"}), [SECRET], NOW),
        (heads(**{"x-slack-request-timestamp": str(int(NOW) + 1)}), [SECRET], NOW),
        (heads(**{"x-slack-request-timestamp": "9" * 400}), [SECRET], NOW),
        (heads(**{"x-slack-signature": "v0=é"}), [SECRET], NOW),
        (heads(**{"x-slack-signature": heads()["x-slack-signature"][3:]}), [SECRET], NOW),
        (heads(**{"x-slack-signature": "v0="}), [SECRET], NOW),
    ],
)
def test_what_anybody_else_signed_is_not(headers: dict[str, str], secrets: list[str], now: float) -> None:
    with pytest.raises(HandrailError):
        verify(BODY, headers, secrets, now)
    with pytest.raises(HandrailError):
        verify(BODY + b" ", heads(), [SECRET], NOW)


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_no_words_become_markup(words: str) -> None:
    shown = Message("C", "1", "U", escaped(words), [{"type": "section", "text": literal(words)}])
    assert shown.pings == []
    assert "<" not in shown.text
    assert unescaped(escaped(words)) == words
    assert unlinked(unlinked(words)) == unlinked(words)
    check_message({"text": "x", "blocks": shown.blocks})


@settings(max_examples=60)
@given(st.text(max_size=900), st.integers(10, 300))
def test_pieces_lose_no_word(words: str, most: int) -> None:
    parts = pieces(words, most)
    assert all(len(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(words.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U0BOT> How &lt;long&gt;?", "How <long>?"),
        ("ask <@U1|ada> in <#C1|help> <!here> <!subteam^S1|@team>", "ask @ada in #help @here @team"),
        (
            "<https://a.example/x> <https://a.example|a.example> <https://a.example|this>",
            "https://a.example/x https://a.example this (https://a.example)",
        ),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("a &amp;lt; b", "a &lt; b"),
    ],
)
def test_what_is_written_in_slack_is_read_as_it_was_seen(text: str, said: str) -> None:
    assert plain(text, "U0BOT") == said


@pytest.mark.parametrize("url", ["javascript:x", "https://a.example/>x", "https://a.example/|x", "", "https://a b"])
def test_only_web_addresses_become_links(url: str) -> None:
    assert linked(url, "Here <!channel>") == "Here &lt;!channel&gt;"


def test_the_longest_message_fits() -> None:
    source = {"n": 1, "title": "T" * 400, "section": "S" * 400, "link": "https://a.example/" + "x" * 650}
    line = Line("agent", "", "<&> https://a.example " * 200, AT)
    shown = [*blocks.so_far([line] * 5), *blocks.message(line, [source] * 9)]
    check_message({"text": blocks.message_text(line), "blocks": shown})
    told = Evidence(("q" * 500,) * 9, (Source("T" * 400, source["link"]),) * 1, (), ("x" * 900,) * 9)  # type: ignore[arg-type]
    assert all(len(each) < 3_000 for each in blocks.evidence(told))


def test_windows_fit_and_remember_what_was_seen() -> None:
    for view in (
        views.reply("0" * 36, "a" * 9_000, note="n"),
        views.edit("x.1", "y" * 3_000),
        views.refuse("x.1"),
        views.preview(Writing("reply", "0" * 36), "z" * 3_000, "Ada"),
    ):
        check_view(view)
    shown = views.preview(Writing("reply", "1"), "Hello", "Ada")
    assert Writing.read(shown) == Writing("reply", "1", views.fingerprint("Hello"))


def test_the_manifest_has_one_address_and_every_scope_that_is_used() -> None:
    assert "${URL}" not in filled("https://help.shop.example/")
    assert filled("https://help.shop.example/").count("https://help.shop.example/slack/") == 3
    with pytest.raises(HandrailError):
        filled("http://help.shop.example")
    found = parsed()
    assert found["settings"]["event_subscriptions"]["bot_events"] == sorted(
        found["settings"]["event_subscriptions"]["bot_events"]
    )


def test_shortening_says_so() -> None:
    assert short("a  b\nc", 9) == "a b c"
    assert short("abcdef", 4) == "abc…"
    assert json.dumps(literal("")) == '{"type": "plain_text", "text": " ", "emoji": false}'
