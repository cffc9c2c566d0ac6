"""A post of WordPress by its REST API: what is published of it, as a page of its own without menus and widgets."""

import json
from datetime import UTC, datetime
from html import escape
from typing import Any

from kb.errors import DocumentUnreadable, SourceGone
from kb.sources.fetch import Limits, fetch

NOT_THERE = "The post is not published any more: it must not answer."


class NotAPost(DocumentUnreadable):
    """The address did not give a post: check that the site's REST API is open to its public posts."""


def read_post(address: str, limits: Limits, *, etag: str = "") -> tuple[bytes, str, datetime | None, str]:
    """(HTML, public address, when it was changed, what to ask again with) of the post at `address`.

    `address` is that of WordPress' REST API, such as `…/wp-json/wp/v2/pages/42`.
    Raises SourceGone where it is not public: a draft, private, or behind a password. Else as `fetch` does.
    """
    page = fetch(address, limits, etag=etag, to_index=False)  # the API says noindex of all that it gives
    try:
        post = json.loads(page.data)
    except (ValueError, RecursionError) as error:
        raise NotAPost from error
    if not isinstance(post, dict) or not isinstance(post.get("content"), dict):
        raise NotAPost
    if post.get("status", "publish") != "publish" or post["content"].get("protected"):
        raise SourceGone(NOT_THERE)
    return as_page(post), str(post.get("link") or ""), _moment(post.get("modified_gmt")), page.etag


def as_page(post: dict[str, Any]) -> bytes:
    """The post as HTML: its title as the one h1, its rendered content, and what the site's filter adds."""
    title = _rendered(post, "title")
    more = post.get("handrail")
    added = more.get("text", "") if isinstance(more, dict) else ""
    excerpt = "" if _rendered(post, "content").strip() else _rendered(post, "excerpt")
    # The title is HTML already: WordPress writes "&amp;" for what its author typed as "&".
    head = f"<!doctype html><html{_language(more)}><head><meta charset=utf-8></head><body><main><h1>{title}</h1>"
    return f"{head}\n{_rendered(post, 'content')}{excerpt}\n{added}</main></body></html>".encode()


def _language(more: Any) -> str:
    said = more.get("language", "") if isinstance(more, dict) else ""
    return f' lang="{escape(said)}"' if isinstance(said, str) and said else ""


def _rendered(post: dict[str, Any], name: str) -> str:
    part = post.get(name)
    said = part.get("rendered", "") if isinstance(part, dict) else ""
    return said if isinstance(said, str) else ""


def _moment(said: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(said).replace(tzinfo=UTC) if isinstance(said, str) else None
    except ValueError:
        return None
