"""Notices to a site: signed as Standard Webhooks, to the address that the site's owner has set."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.errors import AddressRefused
from core.models import Site
from core.settings import Settings
from web.outgoing.claims import Claimed
from web.outgoing.destinations import IF_YOURS, checked
from web.outgoing.posting import Answer, post
from web.outgoing.signing import signed


@dataclass(frozen=True)
class Notices:
    """Carries what goes to "notices:SITE"."""

    clock: Callable[[], float] = time.time

    def pack(self, session: Session, claimed: Claimed, settings: Settings) -> Callable[[], Answer] | None:
        """A POST to the address as it is set now."""
        site = session.get(Site, claimed.destination.partition(":")[2])
        if site is None or not site.notices_url:
            return None
        url, secret = site.notices_url, site.notices_secret
        return lambda: self._post(url, secret, claimed, settings)

    def arrived(self, session: Session, claimed: Claimed, answer: Answer) -> None:
        """Nothing: what a receiver answers is not read."""

    def _post(self, url: str, secret: str, claimed: Claimed, settings: Settings) -> Answer:
        private = settings.outgoing_private_hosts
        body = json.dumps(claimed.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed(secret, key=claimed.key, body=body, at=int(self.clock()))
        headers["Idempotency-Key"] = claimed.key
        try:
            return post(checked(url, private), body, headers, seconds=settings.outgoing_seconds, private_hosts=private)
        except AddressRefused as error:
            raise AddressRefused(f"{error.detail} {IF_YOURS}") from error


NOTICES = Notices()
