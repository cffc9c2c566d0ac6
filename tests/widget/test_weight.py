"""What a page pays for the widget: bytes on the wire, requests, and the time until it shows. Counted in the browser."""

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.widget.conftest import Site, Visit, opened
from web.packed import NotJoinable, joined, packed

LIMIT = 15 * 1024
FILES = ["widget.js", "chat/start.js", "chat/strings/en.json", "widget.css"]

pytestmark = pytest.mark.browser


def test_packed_it_is_light_on_any_server() -> None:
    """Script and style sheet by themselves, file by file, as gzip packs them where nobody has set it (level 6)."""
    files = {path: content for path, content in packed().items() if not path.endswith(".json")}
    assert len(files) == 3
    assert sum(len(gzip.compress(content, 6)) for content in files.values()) <= LIMIT


def test_packed_it_is_the_same_each_time() -> None:
    assert packed() == packed()


def test_on_the_wire_it_is_light_in_every_language(visit: Visit, site: Site) -> None:
    """All that comes before the visitor has written, with the phrases: each file once, packed."""
    for lang in ("en", "es", "de", "ar"):
        page = visit()
        finished = requests(page)
        page.goto(f"{site.url}?lang={lang}")
        page.locator(".launcher").wait_for()
        files = [one for one in finished if "/widget/" in one.url]
        names = [one.url.removeprefix(f"{site.url}widget/") for one in files]
        assert sorted(names) == sorted(path.replace("en.json", f"{lang}.json") for path in FILES)
        code = [one for one in files if not one.url.endswith(".json")]
        assert sum(one.sizes()["responseBodySize"] for one in code) <= LIMIT
        page.close()


def test_nothing_of_it_holds_the_page_up(visit: Visit, site: Site) -> None:
    """No request of it blocks rendering, and the page has painted before the chat's own code is here."""
    page = visit()
    blocking = page.evaluate(
        "performance.getEntriesByType('resource').map(e => [new URL(e.name).pathname, e.renderBlockingStatus])"
    )
    assert {path: status for path, status in blocking if path.startswith("/widget/")} == {
        f"/widget/{path}": "non-blocking" for path in FILES
    }


def test_the_page_asks_the_backend_for_nothing_but_the_files(visit: Visit, site: Site) -> None:
    """Until the chat is opened; then for one thing, which a cache may keep."""
    page = visit()
    page.wait_for_timeout(300)
    assert site.script.calls == []
    opened_page = opened(visit)
    opened_page.wait_for_timeout(300)
    assert [call[:2] for call in site.script.calls] == [("GET", "/api/agent/about/test")]


def test_two_visitors_get_the_same_bytes(chromium: Browser, site: Site) -> None:
    """Nothing in page, script, style sheet or phrases is anybody's: all of it may lie in any cache."""
    seen = []
    for language in ("en-GB", "de-DE"):
        with chromium.new_context(locale=language) as context:
            page = context.new_page()
            finished = requests(page)
            page.goto(site.url)
            page.locator(".launcher").wait_for()
            seen.append({one.url: body for one in finished if (body := whole(one))})
    assert len(seen[0]) >= len(FILES) + 1
    assert seen[0] == seen[1]


def requests(page: Page) -> list[Request]:
    """What the page asks for from now on, as it has come."""
    finished: list[Request] = []

    def note(request: Request) -> None:
        finished.append(request)

    page.on("requestfinished", note)
    return finished


def whole(request: Request) -> bytes:
    """What came."""
    response = request.response()
    assert response is not None
    return response.body()


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_modules_are_joined_each_after_what_it_needs(tmp_path: Path) -> None:
    """Remarks and indentation go; texts that look like remarks stay."""
    start = """/* What this is. */
import { b } from "./b.js";
import { c } from "./c.js";

/** Says so. */
export function start() {
  // Because.
  return b("https://x.example/ // no remark in a text") + c; // the sum
}
"""
    needed = 'import { c } from "./c.js";\nexport const b = (a) => a + c;\n'
    made = joined(write(tmp_path, start=start, b=needed, c="export const c = 1;\n"))
    assert made == (
        "const c = 1;\nconst b = (a) => a + c;\nexport function start() {\n"
        'return b("https://x.example/ // no remark in a text") + c;\n}\n'
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("const a = 1;\n", "export function a() {}\n"),
        ("class A {}\n", "const A = 1;\n"),
        ("", "const a = `one\ntwo`;\n"),
    ],
)
def test_what_can_not_be_joined_says_so(tmp_path: Path, one: str, other: str) -> None:
    start = f'import {{ x }} from "./b.js";\n{one}'
    with pytest.raises(NotJoinable):
        joined(write(tmp_path, start=start, b=other))
