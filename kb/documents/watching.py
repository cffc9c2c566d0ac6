"""A site's owner is told, once each time, when its index has become stale or empty, so that search is switched off."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import outbox
from core.db import transaction
from core.log import get_logger
from core.models import Site
from kb.documents.freshness import Freshness, all_freshness

log = get_logger(__name__)

WHAT = {
    "stale": "No document was read for too long, so nothing is answered from them: is `handrail worker index` running?",
    "empty": "No document is live any more, so nothing is answered from them: run `handrail kb status`.",
}


def watch_indexes() -> int:
    """Look at every site; tell of those whose index has changed for the worse. Returns how many were told of."""
    with transaction() as session:
        told = dict(session.execute(select(Site.id, Site.index_told)).all())
        found = all_freshness(session)
    return sum(_tell(site) for site, state in found.items() if _word(state) != told.get(site, ""))


def _word(state: Freshness) -> str:
    return "" if state.kind == "ok" else state.kind


def _tell(site_id: str) -> bool:
    """Look again with the site's row locked: two sweeps tell once."""
    with transaction() as session:
        site = session.scalars(select(Site).where(Site.id == site_id).with_for_update(key_share=True)).one_or_none()
        if site is None:
            return False
        state = all_freshness(session, site_id)[site_id]
        word = _word(state)
        if word == site.index_told:
            return False
        site.index_told = word
        # A site that has never known anything is being set up: nobody needs to hear that.
        if not word or (word == "empty" and not site.kb_version):
            return False
        log.warning("index_switched_off", site_id=site_id, cause=word)
        return _put(session, site, word, state)


def _put(session: Session, site: Site, word: str, state: Freshness) -> bool:
    now = session.scalars(select(func.clock_timestamp())).one()
    body = {
        "type": f"index.{word}",
        "site": site.id,
        "reason": WHAT[word],
        "documents": dict(state.states),
        "newest_at": state.newest_at.isoformat() if state.newest_at else None,
        "created_at": now.isoformat(),
    }
    return outbox.put(
        session,
        site_id=site.id,
        destination=f"notices:{site.id}",
        kind=f"index.{word}",
        key=f"index:{word}:{now.timestamp() * 1e6:.0f}:{site.kb_version}",
        body=body,
        where=Site.notices_url != "",
    )
