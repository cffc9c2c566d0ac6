"""What an open page hears: of its own sites alone, once, and that it must look for itself when something was missed."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from fastapi import Request
from sqlalchemy.orm import Session

from core.models import Site
from core.settings import get_settings
from tests.conftest import SITE
from tests.web.desk.staff import make_staff
from web.desk import live
from web.desk.ear import LONGEST_QUEUE, LOOK, Ear, Listener
from web.desk.entry import Visit
from web.desk.rights import Right, Roles
from web.desk.sessions import Login


def told(site: str, kind: str) -> dict[str, str]:
    return {
        "type": "pmessage",
        "channel": f"desk:{site}",
        "data": json.dumps({"kind": kind, "thread": "t", "note": "n"}),
    }


def with_ear(act: Callable[[Ear], Awaitable[None]]) -> None:
    async def run() -> None:
        ear = Ear("redis://nowhere")
        try:
            await act(ear)
        finally:
            await ear.stop()

    asyncio.run(run())


def test_a_page_hears_of_its_own_sites_alone_and_ids_alone() -> None:
    async def act(ear: Ear) -> None:
        async with ear.listener(frozenset({"a"})) as listener:
            for site, kind in (("a", "note"), ("b", "message"), ("a", "note")):
                ear._dispatch(told(site, kind))
            assert await listener.next(1) == ['{"kind": "note", "thread": "t"}']
            assert await listener.next(0) == []
        assert ear.listening == 0

    with_ear(act)


def test_a_page_looks_for_itself_after_a_break_and_when_it_is_far_behind() -> None:
    async def act(ear: Ear) -> None:
        async with ear.listener(frozenset({"a"})) as listener:
            ear._dispatch({"type": "psubscribe", "channel": "desk:*", "data": "1"})
            assert ear.up
            assert await listener.next(1) == [LOOK]
        slow = Listener(frozenset({"a"}))
        for n in range(LONGEST_QUEUE + 1):
            slow.hear(str(n))
        assert await slow.next(1) == [LOOK]

    with_ear(act)


def test_a_stream_ends_with_the_role(session: Session, site: Site) -> None:
    """The account has no role any more when the stream looks again."""
    staff_id = make_staff("ada@shop.example")
    roles = Roles({SITE: "agent"}, {SITE: "Test Shop"})  # as they were when the page was opened
    login = Login(staff_id, "ada@shop.example", "Ada", roles, "0" * 64, "word", has_password=True)
    request = Request(
        {"type": "http", "method": "GET", "path": "/", "headers": [], "scheme": "http", "server": ("x", 80)}
    )
    visit = Visit(request, get_settings(), login, Right.READ)

    async def act(ear: Ear) -> None:
        lines = live.lines(ear, visit, check_s=0)
        assert await anext(lines) == b": listening\n\n"
        ear._tell_everybody()
        assert b"event: ended" in await anext(lines)
        assert [line async for line in lines] == []

    with_ear(act)
