"""Every error that Handrail raises on purpose, in one tree.

    HandrailError
    ├── BadRequest (422)          what was sent can't be used
    │   ├── MessageEmpty, MessageTooLong (413), MessageNotText
    │   ├── SourceRefused         a document source that may not be read
    │   └── AddressRefused        an address that may not be called
    ├── NotAllowed (401)
    │   ├── TokenMissing, TokenInvalid, TokenExpired
    │   ├── ApiKeyInvalid
    │   └── RoleMissing (403)     known, but not for this
    ├── NotFound (404)
    │   └── SiteNotFound, ThreadNotFound, MessageNotFound, TurnNotFound, HandoffNotFound, DraftNotFound,
    │       DocumentNotFound
    ├── Conflict (409)            somebody else was first
    │   └── HandoffClosed         it was returned or resolved
    ├── TooManyRequests (429)
    ├── Unavailable (503)         a part that we need is away
    │   └── HostUnknown
    └── SettingsRefused           the configuration is unsafe or incomplete

The class name is the `error` of an HTTP answer; the docstring is its `detail` unless a better one is given.
"""

from http import HTTPStatus
from inspect import cleandoc
from typing import ClassVar


class HandrailError(Exception):
    """Something went wrong inside Handrail; the log has the cause."""

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str | None = None) -> None:
        """Keep `detail`, or the first paragraph of the class's docstring."""
        self.detail = detail or cleandoc(type(self).__doc__ or "").split("\n\n")[0]
        super().__init__(self.detail)


class BadRequest(HandrailError):
    """The request can't be used as it is."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class MessageEmpty(BadRequest):
    """The message is empty: write a question and send it again."""


class MessageTooLong(BadRequest):
    """The message is too long: shorten it, or split it into several messages."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class MessageNotText(BadRequest):
    """The message is not readable text: send plain text in UTF-8."""


class SourceRefused(BadRequest):
    """This source may not be read."""


class AddressRefused(BadRequest):
    """This address may not be called."""


class NotAllowed(HandrailError):
    """You may not do this."""

    status = HTTPStatus.UNAUTHORIZED


class TokenMissing(NotAllowed):
    """A visitor token is needed: open a session with POST /api/agent/session and send its token as Bearer."""


class TokenInvalid(NotAllowed):
    """The visitor token is not valid: open a new session with POST /api/agent/session."""


class TokenExpired(NotAllowed):
    """The visitor token has expired: renew it with POST /api/agent/session."""


class ApiKeyInvalid(NotAllowed):
    """The API key is missing or wrong for this site: send it as `api_key` or in the X-API-Key header."""


class RoleMissing(NotAllowed):
    """Your role on this site does not allow this: ask an admin of the site (`handrail staff role`)."""

    status = HTTPStatus.FORBIDDEN


class NotFound(HandrailError):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND


class SiteNotFound(NotFound):
    """There is no such site: check `site_id`, or make it with `handrail site create`."""


class ThreadNotFound(NotFound):
    """There is no such conversation for this visitor: start a new one with POST /api/agent/session."""


class MessageNotFound(NotFound):
    """There is no such message in this visitor's conversations."""


class TurnNotFound(NotFound):
    """There is no such turn: `handrail replay --all` goes through those that are stored."""


class HandoffNotFound(NotFound):
    """Nobody is waiting under this number: `handrail desk` lists the queue."""


class DraftNotFound(NotFound):
    """No draft waits under this name: `handrail desk drafts` lists those that do."""


class DocumentNotFound(NotFound):
    """There is no such document on this site."""


class Conflict(HandrailError):
    """Somebody else was first."""

    status = HTTPStatus.CONFLICT


class HandoffClosed(Conflict):
    """This conversation was returned to the assistant, or resolved: take it again to answer."""


class TooManyRequests(HandrailError):
    """Too many requests: wait a moment, then try again."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, detail: str | None = None, *, retry_after_s: int = 1) -> None:
        """Say after how many seconds to try again."""
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Unavailable(HandrailError):
    """A part of Handrail is away for the moment: try again shortly."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class HostUnknown(Unavailable):
    """The host is not known: check the address."""


class SettingsRefused(HandrailError):
    """The settings are unsafe or incomplete."""
