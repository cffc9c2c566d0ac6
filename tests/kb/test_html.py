"""Pages as themes, shops, page builders and help desks make them: what their owners say, and nothing else."""

import re
from itertools import count
from pathlib import Path

import pytest

from kb.errors import HtmlWithoutText, NotText, TooLarge
from kb.loaders import Block, load

PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))
WANTED, NOISE = "✓", "✗"  # each stands in a text of the pages that is wanted, or not


def page(body: str, head: str = "") -> tuple[Block, ...]:
    return load(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode(), "page").blocks


def texts(body: str, head: str = "") -> list[str]:
    return [block.text for block in page(body, head)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_all_that_is_wanted_is_read_and_nothing_else(path: Path) -> None:
    numbers = count()
    said = re.sub(f"[{WANTED}{NOISE}]", lambda mark: f" {mark.group()}{next(numbers)};", path.read_text("utf-8"))
    read = "\n".join(block.text for block in load(said.encode(), path.name).blocks)
    assert {mark for mark in re.findall(f"{WANTED}\\d+;", said) if mark not in read} == set()
    assert set(re.findall(f"{NOISE}\\d+;", read)) == set()


@pytest.mark.parametrize(
    "thread",
    [
        '<div id="comments"><ol><li id="comment-1"><p>I got 90 days</p></li></ol></div>',
        '<section class="comments-area"><p>I got 90 days</p></section>',
        '<div class="wp-block-comments"><p>I got 90 days</p></div>',
        '<div itemprop="review"><p>I got 90 days</p></div>',
        '<ul class="commentlist"><li>I got 90 days</li></ul>',
        '<div id="disqus_thread" class="disqus"><p>I got 90 days</p></div>',
        '<article id="div-comment-3"><p>I got 90 days</p></article>',
    ],
)
def test_what_visitors_wrote_never_enters_however_much_it_is(thread: str) -> None:
    assert texts(
        f"<main><h1>Returns</h1><p>Sixty days.</p>{thread.replace('days', 'days and more. ' * 99)}</main>"
    ) == [
        "Returns",
        "Sixty days.",
    ]


def test_a_chapter_about_comments_and_cookies_is_no_thread_and_no_banner() -> None:
    body = '<section id="comments"><h2 id="cookies">Cookies</h2><p>We keep comments a year.</p></section>'
    assert texts(f"<main>{body}</main>") == ["Cookies", "We keep comments a year."]


def test_what_the_theme_says_of_an_article_is_left_out_and_what_the_article_says_is_not() -> None:
    body = (
        '<p class="entry-meta">By Kari</p><div class="entry-content"><p class="entry-meta">Valid since May.</p></div>'
    )
    assert texts(f"<main>{body}</main>") == ["Valid since May."]


def test_a_page_whose_wrapper_is_called_like_a_sidebar_is_read() -> None:
    assert texts('<div class="sidebar"><form><h1>Hours</h1><p>Nine to five.</p></form></div>') == [
        "Hours",
        "Nine to five.",
    ]


def test_tables_repeat_their_headers_and_words_are_not_torn() -> None:
    table = """<table><tr><th rowspan=2>Zone</th><th colspan=2>Parcel</th></tr><tr><th>small</th><th>large</th></tr>
    <tr><td><b>N</b>orth</td><td>4</td><td>7</td></tr><tr><td colspan=3>Islands: 3 more</td></tr></table>"""
    assert page(f"<main>{table}</main>") == (
        Block("row", "Zone: North | Parcel small: 4 | Parcel large: 7"),
        Block("paragraph", "Islands: 3 more"),
    )


def test_an_answer_stays_with_its_question_and_lists_keep_their_depth() -> None:
    body = """<details id="q1"><summary>Gas?</summary><p>No.</p><p>Never.</p></details>
    <dl><dt>Zip:</dt><dd>Ten years</dd><dd>if metal</dd></dl><ol><li>Pack<ul><li>in paper</li></ul></li></ol>"""
    assert page(f"<main>{body}</main>") == (
        Block("paragraph", "Gas? No.", anchor="q1"),
        Block("paragraph", "Never.", anchor="q1"),
        Block("item", "Zip: Ten years", anchor="q1"),
        Block("item", "if metal", anchor="q1"),
        Block("item", "Pack", anchor="q1"),
        Block("item", "in paper", 1, anchor="q1"),
    )


def test_code_keeps_its_lines_and_pictures_what_they_show() -> None:
    body = """<pre>a = 1\n  b  = 2</pre><p><img alt="The valve is at the left of the bag"></p><img alt="IMG_2031.jpg">
    <p>Done <img class="wp-smiley" alt="🎉"></p>"""
    assert texts(f"<main>{body}</main>") == ["a = 1\n b = 2", "The valve is at the left of the bag", "Done 🎉"]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (
            "Monday: 9 to 5<br>Tuesday: closed<br />\n  Sunday: closed",
            "Monday: 9 to 5\nTuesday: closed\nSunday: closed",
        ),
        (
            "<b>Fjordlight</b><br>12 Harbour\nStreet<br><br>5003 <i>Bergen</i><br>",
            "Fjordlight\n12 Harbour Street\n5003 Bergen",
        ),
        ("Fjordlight,<br>12 Harbour Street,<br>Bergen", "Fjordlight, 12 Harbour Street, Bergen"),
        ("You can return<br>what you did not use.", "You can return what you did not use."),
        ("العنوان،<br>بيرغن", "العنوان، بيرغن"),
        ("<br><br>", ""),
    ],
)
def test_a_break_ends_a_line_unless_the_sentence_goes_on(body: str, lines: str) -> None:
    """As addresses and lists of facts are written; headings and cells of tables stay on one line."""
    assert texts(f"<p>First.</p><p>{body}</p>") == ["First.", *filter(None, [lines])]
    assert texts(f"<ul><li>{body}</li></ul><p>Last.</p>") == [*filter(None, [lines]), "Last."]
    assert texts("<h2>Our<br>shop</h2><p>Here.</p>") == ["Our shop", "Here."]


def test_a_title_may_hold_the_end_of_a_script() -> None:
    loaded = load(b"<!doctype html><title>What </script> does | Docs</title><script>x('</b>')</script><p>Ends it.", "a")
    assert (loaded.title, [block.text for block in loaded.blocks]) == ("What </script> does", ["Ends it."])


def test_what_search_engines_are_told_is_read_where_nobody_sees_it_and_only_once() -> None:
    told = '{"@type": ["FAQPage"], "mainEntity": [%s, %s]}'
    pair = '{"@type": "Question", "name": "%s", "acceptedAnswer": {"text": "%s"}}'
    told %= (pair % ("Gas?", "<p>No, never.</p>"), pair % ("Tents?", "Yes."))
    script = f'<script type="application/ld+json">{told}</script>'
    assert texts("<main><h2>Gas?</h2><p>No, <b>never</b>.</p></main>", script) == [
        "Gas?",
        "No, never.",
        "Tents?",
        "Yes.",
    ]
    broken = '<script type="application/ld+json">{"@type": </script>' + script.replace("FAQPage", "Review")
    assert texts("<p>Hello there.</p>", broken) == ["Hello there."]


@pytest.mark.parametrize(
    ("said", "charset", "declared"),
    [
        ("返品は六十日以内です。", "utf-8", ""),
        ("返品は六十日以内です。", "shift_jis", "shift_jis"),
        ("سياسة الإرجاع ستون يوما", "utf-8", "iso-8859-1"),
        ("退货期限为六十天😀", "gb18030", "gb2312"),
        ("Возврат", "windows-1251", "windows-1251"),
        ("Größe 43 kostet 15 €", "cp1252", "utf-8"),
        ("Größe 43 kostet 15 €", "cp1252", "no-such-thing"),
        ("می‌روم 👩‍👩‍👧", "utf-8", "utf-8"),
    ],
)
def test_every_script_is_read_also_where_the_page_is_wrong_about_itself(said: str, charset: str, declared: str) -> None:
    html = f'<html><head><meta charset="{declared}"></head><body><p>{said}</p></body></html>'
    assert [block.text for block in load(html.encode(charset), "page.html").blocks] == [said]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<!doctype html><p>Hi</p>".ljust(26 * 1024 * 1024), TooLarge),
        (b"<html><body></body></html>", HtmlWithoutText),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), NotText),
        (bytes(range(256)) * 20, NotText),
        (b"<!--" * 200_000 + b"<html><p>x", HtmlWithoutText),
    ],
)
def test_what_is_no_page_says_so(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        load(data, "page.html")


def test_hostile_pages_end_soon() -> None:
    assert texts("<p>before</p>" + "<div class='menu'>" * 100_000 + "deep")[0] == "before"
    assert texts("<p>" + "word " * 200_000)[0].count("word") == 200_000
    spans = "<td colspan=1000 rowspan=1000>a</td>" * 2_000
    assert sum(map(len, texts(f"<main><table><tr>{spans}</tr>{'<tr><td>x</td></tr>' * 99}</table></main>"))) < 1_000_000
