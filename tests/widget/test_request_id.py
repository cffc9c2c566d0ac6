"""The id that a request has from the browser on."""

import pytest
from playwright.sync_api import Request, expect

from core.tracing import SANE
from tests.widget.conftest import Site, Visit, ask, launcher

pytestmark = pytest.mark.browser


def test_each_call_has_an_id_of_its_own_but_for_what_a_cache_may_keep(visit: Visit, site: Site) -> None:
    page = visit()
    made: list[Request] = []

    def note(request: Request) -> None:
        made.append(request)

    page.on("request", note)
    launcher(page).click()
    ask(page, "How long do I have to return this?")
    expect(page.get_by_text("within 30 days.", exact=False).first).to_be_visible()
    calls = {one.url.partition("/api/agent/")[2]: one.headers.get("x-request-id", "") for one in made}
    ids = [given for path, given in calls.items() if path and not path.startswith("about/")]
    assert len(ids) >= 3
    assert all(SANE.fullmatch(given) for given in ids)
    assert len(set(ids)) == len(ids)
    assert [given for path, given in calls.items() if path.startswith("about/")] == [""]
