"""The plugin's REST routes: who may call, what they say, and that nobody keeps the answer."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.web.receiver import SECRET as NOTICES
from tests.wordpress.backend import SITE
from tests.wordpress.plugin import IDENTITY, Shop
from web.auth import read_identity

pytestmark = [pytest.mark.xdist_group("wordpress")]


def ours(shop: Shop, **changed: str) -> dict[str, str]:
    """The headers that a browser sends from one of the site's own pages."""
    return {"Origin": shop.site.url, "Sec-Fetch-Site": "same-origin", "X-Handrail": "1"} | changed


def notice(body: dict[str, Any] | bytes, key: str = "msg_1", at: float = 0, secret: str = NOTICES) -> dict[str, Any]:
    """A notice, signed by the rule of Standard Webhooks."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(time.time() + at))
    code = hmac.digest(base64.b64decode(secret[6:]), f"{key}.{stamp}.".encode() + raw, hashlib.sha256)
    signature = "v1,bm90IHRoaXM= v1," + base64.b64encode(code).decode()
    return {
        "content": raw,
        "headers": {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": signature,
        },
    }


TICKET = {"type": "ticket.opened", "site": SITE, "number": 1042, "subject": "Lost <b>parcel</b>", "priority": "normal"}


def test_a_customer_who_is_logged_in_gets_a_token_that_the_backend_believes(shop: Shop) -> None:
    """Without a nonce, as the page has none; and no other site can read the answer."""
    answer = shop.call("identity", headers=ours(shop), cookies=shop.site.log_in())
    assert answer.status_code == 200, answer.text
    assert read_identity(IDENTITY, answer.json()["token"], now=datetime.now(UTC)) == "admin@shop.example"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_a_guest_is_nobody(shop: Shop) -> None:
    answer = shop.call("identity", headers=ours(shop))
    assert (answer.status_code, answer.json()) == (200, {"token": None})
    forged = {"wordpress_logged_in_" + "0" * 32: "admin|1999999999|x|y"}
    assert shop.call("identity", headers=ours(shop), cookies=forged).json() == {"token": None}


@pytest.mark.parametrize(
    "changed",
    [{"Origin": "https://evil.example"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}, {"X-Handrail": "0"}],
    ids=str,
)
def test_another_site_gets_no_token_though_the_browser_sends_the_cookies(shop: Shop, changed: dict[str, str]) -> None:
    answer = shop.call("identity", headers=ours(shop, **changed), cookies=shop.site.log_in())
    assert answer.status_code in {401, 403}
    assert "token" not in answer.json()


def test_tokens_are_not_given_without_end(shop: Shop) -> None:
    cookies = shop.site.log_in()
    with httpx2.Client(base_url=shop.site.url, cookies=cookies, headers=ours(shop), timeout=30) as browser:
        answers = [browser.post("/wp-json/handrail/v1/identity") for _ in range(62)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 0 < int(refused[-1].headers["retry-after"]) <= 60
    assert answers[29].status_code == 200


def test_a_notice_is_shown_in_wp_admin_once(shop: Shop) -> None:
    """Known keys are answered with 2xx; markup becomes text; "seen" puts it away."""
    assert shop.call("notices", **notice(TICKET)).status_code == 202
    again = shop.call("notices", **notice(TICKET))
    assert (again.status_code, again.json()) == (200, {"state": "known"})
    with httpx2.Client(base_url=shop.site.url, cookies=shop.site.log_in(), timeout=30) as admin:
        page = admin.get("/wp-admin/").text
        assert page.count("Ticket 1042 was opened: Lost parcel") == 1
        nonce = page.split('value="handrail_seen"')[0].rsplit('name="_wpnonce" value="', 1)[1].split('"')[0]
        assert admin.post("/wp-admin/admin-post.php", data={"action": "handrail_seen"}).status_code == 403
        admin.post("/wp-admin/admin-post.php", data={"action": "handrail_seen", "_wpnonce": nonce})
        assert "Ticket 1042" not in admin.get("/wp-admin/").text
        assert "Ticket 1042" in admin.get("/wp-admin/options-general.php?page=handrail&tab=notices").text


def test_a_notice_is_mailed_to_whoever_is_to_be_told(shop: Shop) -> None:
    shop.set(notice_email="desk@shop.example")
    shop.call(
        "notices", **notice({"type": "handoff.queued", "site": SITE, "number": 7, "reason": "Asked for a person."})
    )
    [mail] = shop.site.mail()
    assert mail["to"] == "desk@shop.example"
    assert "A visitor waits for a person: Asked for a person." in mail["message"]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda: notice(TICKET, secret="whsec_" + base64.b64encode(b"another").decode()), 401),
        (lambda: notice(TICKET, at=-400), 401),
        (lambda: notice(TICKET, at=400), 401),
        (lambda: notice(TICKET) | {"content": b"{}"}, 401),
        (lambda: notice(TICKET) | {"headers": {}}, 401),
        (lambda: notice(TICKET | {"reason": "x" * 70_000}), 401),
        (lambda: notice(b"[]"), 400),
        (lambda: notice(b"\xff\xfe"), 400),
        (lambda: notice(TICKET | {"site": "another"}), 400),
    ],
    ids=["another key", "old", "ahead", "another body", "unsigned", "large", "a list", "no text", "another site"],
)
def test_what_is_no_notice_of_ours_is_refused(shop: Shop, call: Callable[[], dict[str, Any]], status: int) -> None:
    assert shop.call("notices", **call()).status_code == status
    assert shop.php("echo count( Notices::all() );") == "0"


@pytest.mark.parametrize("ticket", ["", "9999999999.abc", "1.abc", "x"])
def test_nobody_else_makes_the_site_send(shop: Shop, ticket: str) -> None:
    assert shop.call("send", json={"ticket": ticket}).status_code == 401


def test_an_old_ticket_is_worth_nothing(shop: Shop) -> None:
    ticket = shop.php("echo Signature::ticket( time() - 1 ), ' ', Signature::ticket( time() + 9 );").split()
    assert [shop.call("send", json={"ticket": one}).status_code for one in ticket] == [401, 202]


def test_only_the_administrator_tests_and_indexes(shop: Shop) -> None:
    """And what they are answered says what to do."""
    for path, body in (("connection", {}), ("indexing", {"act": "start"})):
        assert shop.call(path, json=body).status_code == 401
    assert shop.call("indexing", method="GET").status_code == 401
    found = shop.call("connection", admin=True, json={})
    assert found.json()["ok"], found.text
    assert len(found.json()["steps"]) == 5
    assert "no-store" in found.headers["cache-control"]
    assert shop.call("indexing", admin=True, json={"act": "explode"}).status_code == 400
    assert shop.call("indexing", admin=True, json={"act": "start"}).json()["is_over"]


def test_the_connection_test_says_what_is_wrong(shop: Shop) -> None:
    """The first step that fails ends it, with advice."""
    shop.backend.answers = [(401, 0)]
    steps = json.loads(shop.php("echo wp_json_encode( Connection::test()['steps'] );"))
    assert [step["ok"] for step in steps] == [True, True, False]
    assert "The secret or the name of the site" in steps[2]["detail"]
    shop.set(backend="http://127.0.0.1:9")
    steps = json.loads(shop.php("echo wp_json_encode( Connection::test()['steps'] );"))
    assert [step["ok"] for step in steps] == [True, False]
    shop.set(backend="")
    steps = json.loads(shop.php("echo wp_json_encode( Connection::test()['steps'] );"))
    assert steps[0]["detail"] == "Missing: the address of Handrail."


def test_every_route_says_what_it_takes_and_gives(shop: Shop) -> None:
    """A schema for each, as WordPress' own routes have."""
    for path in ("identity", "notices", "connection", "indexing", "send"):
        schema = shop.call(path, method="OPTIONS").json()["schema"]
        assert schema["title"] == f"handrail-{path}"
