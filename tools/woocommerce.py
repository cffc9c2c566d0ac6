"""Orders from a shop's WooCommerce REST API, version 3, read with a key that may only read."""

import os
from functools import lru_cache
from urllib.parse import urlsplit

import httpx2
from pydantic import TypeAdapter, ValidationError

from core import bounded
from core.deadline import Deadline
from core.errors import SettingsRefused
from core.log import get_logger
from core.settings import Settings
from core.tracing import HOOKS
from tools.address import same
from tools.orders import NEWEST, OrderRecord
from tools.shop_order import ShopOrder
from tools.tool import Caller, ToolFailed

log = get_logger(__name__)

# No more of an order leaves the shop than this.
FIELDS = "number,status,currency,date_created_gmt,total,billing.email,line_items,shipping_lines,meta_data"
PAGE = 100  # WooCommerce's largest
BODY_MAX_BYTES = 4 * 1024 * 1024
UNFINISHED = {"checkout-draft", "auto-draft", "trash"}  # carts, not orders
CONNECT_S = 1.0
ENCODINGS = {"", "identity", "gzip"}  # others may unpack to anything
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

_orders = TypeAdapter(tuple[ShopOrder, ...])


class WooCommerce:
    """An OrderSource. `client` brings base URL and credentials."""

    def __init__(self, client: httpx2.Client) -> None:
        """Use `client` for all requests."""
        self.client = client

    def find(self, caller: Caller, *, email: str, number: str | None) -> tuple[OrderRecord, ...]:
        """See OrderSource. The shop is asked by e-mail alone, so a guessed number changes nothing on the wire.

        WooCommerce searches loosely, and its order numbers need not be its ids: both are compared here.
        """
        records = [order.record() for order in self._search(caller, email) if order.status not in UNFINISHED]
        own = [record for record in records if same(record.email, email)]
        if number is None:
            return tuple(own[:NEWEST])
        return tuple(record for record in own if record.number == number)[:1]

    def _search(self, caller: Caller, email: str) -> tuple[ShopOrder, ...]:
        params: dict[str, str | int] = {"search": email, "per_page": PAGE, "orderby": "date", "order": "desc"}
        body = self._get(params | {"_fields": FIELDS}, caller.until)
        try:
            return _orders.validate_json(body)
        except ValidationError as error:
            log.warning("woocommerce_unreadable", faults=error.error_count(), size=len(body))
            raise ToolFailed("The shop's order service gave an answer that can't be read.") from error

    def _get(self, params: dict[str, str | int], deadline: Deadline) -> bytes:
        # In force: connecting, TLS and each read get what is left, so that a server that drips is cut off, too.
        seconds = deadline.left()
        timeout = httpx2.Timeout(seconds, connect=min(CONNECT_S, seconds))
        try:
            with (
                deadline.in_force(),
                self.client.stream("GET", "wp-json/wc/v3/orders", params=params, timeout=timeout) as response,
            ):
                if response.status_code != httpx2.codes.OK:
                    log.warning("woocommerce_refused", status=response.status_code)
                    raise ToolFailed("The shop's order service is out of order at the moment.")
                return _body(response, deadline)
        except httpx2.TimeoutException as error:
            raise ToolFailed("The shop's order service took too long to answer.") from error
        except httpx2.HTTPError as error:
            log.warning("woocommerce_unreachable", cause=type(error).__name__)
            raise ToolFailed("The shop's order service can't be reached at the moment.") from error


def _body(response: httpx2.Response, deadline: Deadline) -> bytes:
    if response.headers.get("content-encoding", "").strip().lower() not in ENCODINGS:
        raise ToolFailed("The shop's order service gave an answer that can't be read.")
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if deadline.passed:
            raise ToolFailed("The shop's order service took too long to answer.")
        if len(body) > BODY_MAX_BYTES:
            raise ToolFailed("The shop's order service gave an answer that is too large.")
    return bytes(body)


def connect(url: str, key: str, secret: str, transport: httpx2.BaseTransport | None = None) -> WooCommerce:
    """A client for the shop at `url`. Raises SettingsRefused where the key would travel in the clear."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise SettingsRefused("HANDRAIL_WOOCOMMERCE_URL must begin with https://, because the key is sent with it.")
    return WooCommerce(
        httpx2.Client(
            base_url=url.rstrip("/") + "/",
            auth=httpx2.BasicAuth(key, secret),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Handrail"},
            transport=transport or bounded.Transport(),
            event_hooks=HOOKS,
            follow_redirects=False,  # the key goes to this shop and nowhere else
        )
    )


@lru_cache(maxsize=2)
def _shop(url: str, key: str, secret: str, pid: int) -> WooCommerce:  # one per process: sockets can't be shared
    del pid
    return connect(url, key, secret)


def shop(settings: Settings) -> WooCommerce:
    """This process's client for the configured shop."""
    key, secret = settings.woocommerce_key.get_secret_value(), settings.woocommerce_secret.get_secret_value()
    return _shop(settings.woocommerce_url, key, secret, os.getpid())
