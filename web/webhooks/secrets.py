"""The secrets that a site's webhooks are signed with: the present one, and the one before while it is being rotated."""

import secrets
import threading
import time
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from core.db import reading
from core.errors import Unavailable
from core.log import get_logger
from core.models import Site

log = get_logger(__name__)

KEPT_SECONDS = 5.0  # a new secret counts in every process after this


class Secrets:
    """Looks them up, and remembers for a few seconds; unknown sites are remembered, too."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def remembered(self, site_id: str) -> tuple[str, ...] | None:
        """What was looked up a moment ago; None: look it up."""
        until, found = self._known.get(site_id, (0.0, ()))
        return found if time.monotonic() < until else None

    def look_up(self, site_id: str) -> tuple[str, ...]:
        """The secrets of `site_id`; none where there is no such site, or where its webhooks are switched off.

        Raises Unavailable.
        """
        wanted = select(Site.webhook_secret, Site.webhook_secret_before, Site.webhook_rotated_until)
        try:
            with reading() as session:
                row = session.execute(wanted.where(Site.id == site_id)).one_or_none()
        except (DBAPIError, NoConnection) as error:
            log.warning("webhook_secret_not_read", cause=type(error).__name__)
            raise Unavailable("The database is away: send this event again.") from error
        found: tuple[str, ...] = ()
        if row is not None and row.webhook_secret:
            rotating = row.webhook_rotated_until is not None and row.webhook_rotated_until > datetime.now(UTC)
            before = row.webhook_secret_before if rotating else ""
            found = (row.webhook_secret, before) if before else (row.webhook_secret,)
        with self._lock:
            if len(self._known) > 1_000:  # noqa: PLR2004 - made-up names must not fill memory
                self._known.clear()
            self._known[site_id] = (time.monotonic() + KEPT_SECONDS, found)
        return found


def make_secret() -> str:
    """A new secret: 43 characters that fit into a PHP constant without quoting."""
    return secrets.token_urlsafe(32)
