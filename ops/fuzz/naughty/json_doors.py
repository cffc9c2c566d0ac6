"""The fields of the doors that take JSON, found in the bodies that each of them takes; and their paths and headers."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2

from ops.fuzz.house import API_KEY, SITE, House
from ops.fuzz.naughty.run import Field
from ops.fuzz.signing import slack_headers, wordpress_headers

Body = dict[str, Any]
Headers = Callable[[bytes], dict[str, str]]
VISITED = ("thread/{}", "thread/{}/transcript", "thread/{}/events", "about/{}", "thread/{}/transcript?format=html")


def fields(house: House, client: httpx2.Client) -> Iterator[Field]:
    """Each text field of each body, every id in a path, and what headers say."""
    ana = house.visitor()
    answer = house.answered(ana)

    def bearer(_: bytes) -> dict[str, str]:
        return ana.headers

    for path, body in visitors_bodies(ana.thread_id, answer).items():
        yield from _places(client, path, body, bearer)
    query = {"site_id": SITE, "question": "Norway?", "api_key": f"{API_KEY}-{SITE}"}
    yield from _places(client, "/rag/query", query, lambda _: {})
    for path, body in SIGNED.items():
        yield from _places(client, path, body, _signing(path))
    for form in VISITED:
        yield _at(client, f"/api/agent/{form}", ana.headers)
    for path in ("/webhooks/wordpress/{}", "/webhook/wp-media/{}", "/widget/{}", "/{}"):
        yield _at(client, path, {})
    for header in (
        "Authorization",
        "X-API-Key",
        "Last-Event-ID",
        "X-Request-ID",
        "X-Forwarded-For",
        "Origin",
        "Cookie",
    ):
        yield _header(client, header, ana.thread_id)


def visitors_bodies(thread_id: str, message_id: str) -> dict[str, Body]:
    """What a visitor sends, by door. Every door of the contract with a body must be here or in `SIGNED`: tested."""
    letter = {"thread_id": thread_id, "name": "Ana", "email": "ana@example.com", "question": "Where is it?"}
    return {
        "/api/agent/session": {"site_id": SITE, "thread_id": thread_id, "identity_token": "none"},
        "/api/agent/messages": {"thread_id": thread_id, "user_msg": "Hello", "client_msg_id": "m1"},
        "/api/agent/handoff": {"thread_id": thread_id, "reason": "I want a person."},
        "/api/agent/feedback": {"message_id": message_id, "thumbs": "up", "tags": ["quick"]},
        "/api/agent/contact": letter | {"client_msg_id": "c1"},
        "/api/agent/transcript": {"thread_id": thread_id, "email": "ana@example.com"},
    }


SIGNED: dict[str, Body] = {
    "/webhooks/wordpress": {
        "id": "e1",
        "site_id": SITE,
        "event": "post.updated",
        "subject": {"type": "page", "id": "42"},
        "occurred_at": "2026-11-22T12:00:00Z",
        "actor": "ada",
        "data": {"link": "https://shop.example/returns", "title": "Returns"},
    },
    "/webhook/wp-media": {
        "site_id": SITE,
        "file_url": "https://shop.example/a.pdf",
        "title": "A",
        "attachment_id": "7",
    },
    "/webhooks/wordpress/privacy/export": {"event": "privacy.export", "site_id": SITE, "email": "ana@example.com"},
    "/webhooks/wordpress/privacy/erase": {"event": "privacy.erase", "site_id": SITE, "email": "zoe@example.com"},
    "/slack/events": {"type": "event_callback", "event_id": "E1", "event": {"type": "message", "text": "Hi"}},
}
FRESH = ("client_msg_id", "id")  # or the second of two would be known


def _signing(path: str) -> Headers:
    if path.startswith("/slack/"):
        return slack_headers
    return lambda raw: wordpress_headers(raw, stamped=not path.startswith("/webhook/"))


def _places(client: httpx2.Client, path: str, body: Body, headers: Headers) -> Iterator[Field]:
    for place in text_places(body):
        yield Field(f"{path} {'.'.join(map(str, place))}", _sending(client, path, body, place, headers))


def _sending(
    client: httpx2.Client, path: str, body: Body, place: tuple[Any, ...], headers: Headers
) -> Callable[[str], httpx2.Response]:
    def send(text: str) -> httpx2.Response:
        changed = copy.deepcopy(body) | {name: uuid4().hex for name in FRESH if name in body}
        inner: Any = changed
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = text
        raw = json.dumps(changed).encode()
        return client.post(path, content=raw, headers={"Content-Type": "application/json", **headers(raw)})

    return send


def text_places(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in `body` texts stand."""
    if isinstance(body, str):
        yield before
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for step, inner in items:
        yield from text_places(inner, (*before, step))


def _at(client: httpx2.Client, form: str, headers: dict[str, str]) -> Field:
    def send(text: str) -> httpx2.Response:
        # A dot or two alone is taken out of a path by the client already.
        return client.get(form.format(quote(text, safe="", errors="replace")), headers=headers)

    return Field(form, send)


def _header(client: httpx2.Client, name: str, thread_id: str) -> Field:
    def send(text: str) -> httpx2.Response:
        value = text.encode("utf-8", "replace").translate(None, b"\r\n\x00")  # with those nothing can be sent at all
        return client.get(f"/api/agent/thread/{thread_id}", headers=[(name.encode(), value.strip())])

    return Field(f"header {name}", send)
