"""What each event leads to: a document is read again or stops answering, an order is kept, all is asked for anew."""

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadRequest, SourceRefused
from core.models import Site, WebhookEvent
from kb.documents.registering import register, remove
from kb.sources.source import EVERY_CHANNEL, Source
from tools.importer import forget_order, keep_order
from web.slack.acts import SLACK_ACTS

EARLIER = 200  # events about one thing that are looked at, the newest

Act = Callable[[Session, Site, WebhookEvent], str]


def act(session: Session, event: WebhookEvent) -> str:
    """Carry `event` out. Returns why there was nothing to do, or "". Raises HandrailError where it can't be done."""
    site = session.get_one(Site, event.site_id)
    perform = ACTS.get(event.action) or SLACK_ACTS[event.action]
    return perform(session, site, event)


def _read_post(session: Session, site: Site, event: WebhookEvent) -> str:
    address = _text(event, "rest_url")
    _refuse_elsewhere(site, address)
    source = Source(
        "wordpress", locator_of(event), address=address, url=_text(event, "link"), channels=(EVERY_CHANNEL,)
    )
    register(session, site_id=site.id, source=source)
    return ""


def _read_file(session: Session, site: Site, event: WebhookEvent) -> str:
    address = _text(event, "file_url")
    title = str(event.data.get("title") or "")[:300]
    register(
        session, site_id=site.id, source=Source("url", locator_of(event), address=address, url=address, title=title)
    )
    return ""


def _remove(session: Session, site: Site, event: WebhookEvent) -> str:
    reason = f"{event.action.replace('.', ' ')} in WordPress"
    return "" if remove(session, site_id=site.id, locator=locator_of(event), reason=reason) else "It was not known."


def _keep_order(session: Session, site: Site, event: WebhookEvent) -> str:
    order = event.data.get("order")
    if not isinstance(order, dict):
        raise BadRequest("The event has no `data.order`: send the order as WooCommerce's REST API writes it.")
    keep_order(session, site.id, order)
    return ""


def _forget_order(session: Session, site: Site, event: WebhookEvent) -> str:
    number = event.data.get("number") or _number_told(session, event)
    # Its id is no number: a shop that counts its orders in its own way has another order under it.
    known = isinstance(number, str | int) and forget_order(session, site.id, str(number))
    return "" if known else "It was not known."


def _number_told(session: Session, event: WebhookEvent) -> str | None:
    """The number under which the same order was told of last."""
    ours = (WebhookEvent.site_id == event.site_id, WebhookEvent.subject == event.subject)
    told = session.scalars(select(WebhookEvent.data).where(*ours).order_by(WebhookEvent.position.desc()).limit(EARLIER))
    numbers = (data["order"].get("number") for data in told if isinstance(data.get("order"), dict))
    return next((str(number) for number in numbers if number is not None), None)


def _nothing(_: Session, __: Site, ___: WebhookEvent) -> str:
    return ""


ACTS: dict[str, Act] = {
    "post.published": _read_post,
    "post.updated": _read_post,
    "post.unpublished": _remove,
    "post.trashed": _remove,
    "post.deleted": _remove,
    "media.added": _read_file,
    "media.updated": _read_file,
    "media.deleted": _remove,
    "order.updated": _keep_order,
    "order.deleted": _forget_order,
    "site.ping": _nothing,
}
"""By action. To add one: write what it leads to, and add it here and in `wordpress.EVENTS`."""


def locator_of(event: WebhookEvent) -> str:
    """What the document is called that `event` is about: one thing keeps its name when its address changes."""
    return f"wordpress:{event.subject}"


def _text(event: WebhookEvent, name: str) -> str:
    value = event.data.get(name)
    if not isinstance(value, str) or not value.startswith(("https://", "http://")) or len(value) > 2_000:  # noqa: PLR2004
        raise BadRequest(f"The event has no `data.{name}`: it must be a web address.")
    return value


def _refuse_elsewhere(site: Site, address: str) -> None:
    """Posts are read from the site itself and from nowhere else, whoever holds its secret."""
    if not site.wordpress_url:
        raise SourceRefused(f"It is not known where {site.id} lies: run `handrail site webhooks {site.id} URL`.")
    ours, theirs = urlsplit(site.wordpress_url), urlsplit(address)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise SourceRefused(f"The post lies at {theirs.netloc}, but the site at {ours.netloc}: it is not read.")
