"""The sitemaps of a site: registered once, read again and again; their pages are documents."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError, SiteNotFound, SourceRefused
from core.log import get_logger
from core.models import Site, Sitemap
from core.queue import Job, enqueue
from core.settings import get_settings
from kb.errors import DocumentUnreadable, SitemapBroken, SourceGone
from kb.sources.crawl import Crawled, crawl
from kb.sources.fetch import checked
from kb.sources.fetch import limits as fetch_limits
from kb.sources.sitemap_file import looks_like_sitemap
from kb.sources.sitemap_pages import Taken, forget_pages, take_pages
from kb.sources.source import EVERY_CHANNEL

__all__ = ["due_sitemaps", "looks_like_sitemap", "read_sitemap", "register_sitemap", "remove_sitemap"]

log = get_logger(__name__)

LEASE = timedelta(minutes=30)  # 200 files with a long delay between them
BACKOFF = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
FOR_GOOD = (DocumentUnreadable, SourceGone, SourceRefused)
# Of the hours after which an index is stale. Less than half, so that pages which did not change, and are only noted as
# seen, are not read again by those who look for old ones.
READ_AGAIN = 0.4


@dataclass(frozen=True)
class _Claim:
    """A sitemap while we have it; `leased_until` is the fence, too."""

    sitemap_id: int
    site_id: str
    url: str
    channels: tuple[str, ...]
    leased_until: datetime


def register_sitemap(
    session: Session, *, site_id: str, url: str, channels: tuple[str, ...] = (EVERY_CHANNEL,)
) -> Sitemap:
    """Note that the sitemap at `url` is to be read (again), and its pages with it.

    Raises SiteNotFound, or SourceRefused where `url` is no web address.
    """
    if session.get(Site, site_id) is None:
        raise SiteNotFound
    url = checked(url)
    wanted = select(Sitemap).where(Sitemap.site_id == site_id, Sitemap.url == url)
    sitemap = session.scalars(wanted.with_for_update()).one_or_none()
    if sitemap is None:
        sitemap = Sitemap(site_id=site_id, url=url)
        session.add(sitemap)
    sitemap.channels, sitemap.attempts, sitemap.due_at = list(channels), 0, func.now()
    if sitemap.state != "live":
        sitemap.state = "queued"
    session.flush()
    session.refresh(sitemap)
    enqueue(session, Job.READ_SITEMAP, sitemap_id=sitemap.id)
    return sitemap


def remove_sitemap(session: Session, *, site_id: str, url: str) -> int | None:
    """Forget a sitemap; its pages answer no more from this commit on. Returns how many, None where there is no such."""
    wanted = select(Sitemap).where(Sitemap.site_id == site_id, Sitemap.url == checked(url))
    sitemap = session.scalars(wanted.with_for_update()).one_or_none()
    if sitemap is None:
        return None
    removed = forget_pages(session, sitemap, keep=set())
    session.delete(sitemap)
    session.flush()
    return removed


def due_sitemaps(session: Session, *, limit: int = 100) -> list[int]:
    """Sitemaps to be read now that nobody reads, the longest waiting first."""
    wanted = select(Sitemap.id).where(Sitemap.due_at <= func.now(), _free()).order_by(Sitemap.due_at)
    return list(session.scalars(wanted.limit(limit)))


def read_sitemap(sitemap_id: int) -> str:
    """Read one sitemap if it is due and free, and have its pages read. Returns the state that it has then.

    What goes wrong ends in a state with a reason, never in an exception; "" where there is no such sitemap.
    """
    claim = _claim(sitemap_id)
    if claim is not None:
        try:
            _finish(claim, _crawled(claim.url))
        except FOR_GOOD as error:
            _give_up(claim, error.detail)
        except HandrailError as error:
            _try_later(claim, error.detail)
        except Exception:  # what nobody thought of must not be tried for ever
            log.exception("sitemap_broke", sitemap=sitemap_id)
            _give_up(claim, "The sitemap could not be read because of an internal error; the log has the cause.")
    with transaction() as session:
        return session.scalar(select(Sitemap.state).where(Sitemap.id == sitemap_id)) or ""


def _crawled(url: str) -> Crawled:
    found = crawl(url, fetch_limits())
    if not found.pages:
        raise SitemapBroken(_empty(found))
    return found


def _free() -> ColumnElement[bool]:
    return or_(Sitemap.leased_until.is_(None), Sitemap.leased_until < func.clock_timestamp())


def _claim(sitemap_id: int) -> _Claim | None:
    wanted = select(Sitemap).where(Sitemap.id == sitemap_id, Sitemap.due_at <= func.now(), _free())
    with transaction() as session:
        sitemap = session.scalars(wanted.with_for_update(skip_locked=True)).one_or_none()
        if sitemap is None:
            return None
        sitemap.attempts += 1
        sitemap.leased_until = func.clock_timestamp() + LEASE
        sitemap.state = sitemap.state if sitemap.state == "live" else "reading"
        session.flush()
        session.refresh(sitemap)
        assert sitemap.leased_until is not None
        return _Claim(sitemap.id, sitemap.site_id, sitemap.url, tuple(sitemap.channels), sitemap.leased_until)


def _held(session: Session, claim: _Claim) -> Sitemap | None:
    """The sitemap, locked, if it is still ours; its site's row before it, as everybody takes them."""
    session.execute(select(Site.id).where(Site.id == claim.site_id).with_for_update(key_share=True))
    wanted = select(Sitemap).where(Sitemap.id == claim.sitemap_id, Sitemap.leased_until == claim.leased_until)
    return session.scalars(wanted.with_for_update()).one_or_none()


def _finish(claim: _Claim, found: Crawled) -> None:
    settings = get_settings()
    with transaction() as session:
        sitemap = _held(session, claim)
        if sitemap is None:
            return
        gap = timedelta(seconds=max(found.delay, settings.fetch_gap_seconds))
        taken = take_pages(session, sitemap, found, most=settings.sitemap_max_pages, gap=gap)
        sitemap.state, sitemap.reason, sitemap.pages = "live", _told(found, taken), len(found.pages)
        sitemap.checked_at = func.now()
        _rest(sitemap)
        log.info("sitemap_read", sitemap=sitemap.id, pages=len(found.pages), due=taken.due, removed=taken.removed)


def _rest(sitemap: Sitemap) -> None:
    sitemap.attempts, sitemap.leased_until = 0, None
    sitemap.due_at = datetime.now(UTC) + timedelta(hours=get_settings().index_stale_hours) * READ_AGAIN


def _give_up(claim: _Claim, reason: str) -> None:
    """It has failed, and its pages stay as they are; next time it may have been put right."""
    with transaction() as session:
        if sitemap := _held(session, claim):
            sitemap.state, sitemap.reason = "failed", reason
            _rest(sitemap)


def _try_later(claim: _Claim, reason: str) -> None:
    with transaction() as session:
        sitemap = _held(session, claim)
        if sitemap is None:
            return
        if sitemap.attempts > len(BACKOFF):
            sitemap.state, sitemap.reason = "failed", reason
            _rest(sitemap)
            return
        sitemap.state = sitemap.state if sitemap.state == "live" else "queued"
        sitemap.reason, sitemap.leased_until = reason, None
        sitemap.due_at = datetime.now(UTC) + BACKOFF[sitemap.attempts - 1]


def _empty(found: Crawled) -> str:
    if found.elsewhere or found.forbidden:
        return f"The sitemap names no page that may be read: {', '.join(_left_out(found))}."
    return " ".join(["The sitemap names no page: nothing was changed.", *found.notes])


def _left_out(found: Crawled) -> list[str]:
    counts = ((found.elsewhere, "of other hosts"), (found.forbidden, "forbidden by robots.txt"))
    return [f"{count} {why}" for count, why in counts if count]


def _told(found: Crawled, taken: Taken) -> str:
    """What a person should know though all went well; "" where that is nothing."""
    parts = list(found.notes)
    if not found.complete:
        parts.append("So nothing was taken out.")
    if taken.beyond:
        parts.append(f"{taken.beyond} pages are not read: raise HANDRAIL_SITEMAP_MAX_PAGES.")
    if left := _left_out(found):
        parts.append(f"Left out: {', '.join(left)}.")
    return " ".join(parts)
