"""The outermost layer of every request: its id, the body's limits, security headers, and what it took.

Pure ASGI, because a streaming answer must pass through it piece by piece.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import tracing
from core.errors import BadRequest, HandrailError
from core.log import bound, get_logger
from core.phases import Spent, measured, server_timing
from web import faults, metrics

log = get_logger(__name__)

BODY_SECONDS = 15.0  # for the whole body: a sender that drips is cut off
SLOWEST = 128 * 1024  # bytes a second of a large one, beyond that

SECURITY_HEADERS = {  # as they go onto the wire, unless an answer has its own
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"strict-origin-when-cross-origin",
    b"x-frame-options": b"SAMEORIGIN",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
POLICY = b"content-security-policy"
NOTHING = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"  # for what is no page
# For a page that has no other, such as a shop's around this API.
PAGES = b"default-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; object-src 'none'"
HSTS = (b"strict-transport-security", b"max-age=31536000")
PREFLIGHT_HEADERS = {name.decode(): value.decode() for name, value in SECURITY_HEADERS.items()}


class BodyTooLarge(BadRequest):
    """The body is too large: send less at once."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class BodyTooSlow(BadRequest):
    """The body did not arrive in time: send it again."""

    status = HTTPStatus.REQUEST_TIMEOUT


class Edge:
    """Wraps the application: `max_bytes` is the largest body that it reads; `larger` has others by the path's start."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        larger: Mapping[str, int] = MappingProxyType({}),
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """Wrap `app`."""
        self.app, self.max_bytes, self.larger, self.body_seconds = app, max_bytes, larger, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = tracing.sane(_header(scope, b"x-request-id").decode("latin-1"))
        opening = tracing.server_span("request", method=metrics.method_name(scope))
        with bound(request_id=request_id), measured() as spent, opening as opened:
            answer = _Answer(scope, send, request_id, spent)
            await self._handle(scope, receive, answer)
            opened.note(route=metrics.route_name(scope), status=answer.status or 500)

    async def _handle(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            most = self._most(scope["path"])
            _refuse_large(scope, most)
            await self.app(scope, self._limited(receive, answer, most), answer)
        except HandrailError as error:
            answer.refusal = answer.refusal or error
        except Exception:
            log.exception("unexpected", path=scope["path"])
            answer.refusal = answer.refusal or HandrailError()
        finally:
            await answer.finish(receive)
            seconds = answer.seconds()
            route, method = metrics.route_name(scope), metrics.method_name(scope)
            metrics.count_request(route, method, answer.status or 500, seconds)

    def _most(self, path: str) -> int:
        return next((most for start, most in self.larger.items() if path.startswith(start)), self.max_bytes)

    def _limited(self, receive: Receive, answer: "_Answer", most: int) -> Callable[[], Awaitable[Message]]:
        read, complete, until = 0, False, time.monotonic() + self.body_seconds
        until += max(most - self.max_bytes, 0) / SLOWEST

        async def limited() -> Message:
            nonlocal read, complete
            if complete:  # what follows is only news of a disconnection
                return await receive()
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                raise answer.refuse(BodyTooSlow()) from None
            read += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if read > most:
                raise answer.refuse(BodyTooLarge())
            return message

        return limited


class _Answer:
    """`send`, adding our headers to the answer's start and remembering its status."""

    def __init__(self, scope: Scope, send: Send, request_id: str, spent: Spent) -> None:
        self.scope, self.send, self.request_id, self.spent = scope, send, request_id, spent
        self.status, self.started = 0, time.perf_counter()
        self.refusal: HandrailError | None = None

    async def __call__(self, message: Message) -> None:
        if self.refusal is not None and not self.status:
            return  # what the application makes of a body that was cut off says nothing to anybody
        if message["type"] == "http.response.start":
            self.status = message["status"]
            ours = {
                b"x-request-id": self.request_id.encode(),
                b"server-timing": server_timing(self.spent, self.seconds()).encode(),
            }
            theirs = [pair for pair in message.get("headers", ()) if pair[0] not in ours]
            message["headers"] = [*theirs, *ours.items(), *_lacking(dict(theirs), self.scope["scheme"])]
        await self.send(message)

    def refuse(self, error: HandrailError) -> HandrailError:
        """Note that the request is refused, whoever catches the error on its way out."""
        self.refusal = self.refusal or error
        return error

    def seconds(self) -> float:
        """Since the request came."""
        return time.perf_counter() - self.started

    async def finish(self, receive: Receive) -> None:
        """Send the refusal. Once an answer has begun it can only be cut off."""
        if self.refusal is not None and not self.status:
            refusal, self.refusal = self.refusal, None
            await faults.answer(refusal)(self.scope, receive, self)


def _lacking(theirs: Mapping[bytes, bytes], scheme: str) -> Iterator[tuple[bytes, bytes]]:
    """The security headers that an answer does not have."""
    yield from (pair for pair in SECURITY_HEADERS.items() if pair[0] not in theirs)
    if POLICY not in theirs:
        yield POLICY, PAGES if theirs.get(b"content-type", b"").startswith(b"text/html") else NOTHING
    if scheme == "https" and HSTS[0] not in theirs:
        yield HSTS


def _refuse_large(scope: Scope, most: int) -> None:
    length = _header(scope, b"content-length")
    if length.isdigit() and int(length) > most:
        raise BodyTooLarge


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
