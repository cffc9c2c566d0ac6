"""Carries what goes to `slack:SITE`: packed as it is true now, sent in order, posted once.

Slack knows no idempotency key. So each post carries its row's key as metadata, and whatever was tried before is looked
for first: an answer that got lost on its way, or a worker that died, makes no second post.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError
from core.log import get_logger
from core.models import Site
from core.settings import Settings
from web.outgoing.claims import Claimed
from web.outgoing.posting import Answer
from web.slack import people, posts
from web.slack.api import AppGone, Call, ChannelGone, SlackApi, SlackFault
from web.slack.kinds import KINDS, Packed, Packer, Packing
from web.slack.seeking import key_of, listing, take_back

log = get_logger(__name__)


class NotPacked(HandrailError):
    """An error of Handrail's own kept this from Slack: the log has the cause."""


NOTHING = Answer(200)  # there is nothing to send: it has happened already, or what it tells of is gone
LOOK_BACK_S = 120.0  # clocks differ
SOUGHT = "sought"  # what may have been posted before it was deleted: no row tells of it any more


@dataclass(frozen=True)
class SlackCarrier:
    """One for all sites: they share the app."""

    def pack(self, session: Session, claimed: Claimed, settings: Settings) -> Callable[[], Answer] | None:
        """The one call that it comes to now."""
        site = session.get(Site, claimed.destination.partition(":")[2], populate_existing=True)
        packer = KINDS.get(claimed.kind)
        seeks = claimed.kind == SOUGHT
        if site is None or not (packer or seeks) or not (site.slack_channel or seeks or claimed.kind == "gone"):
            return None
        if site.slack_fault:
            raise SlackFault(site.slack_fault)
        if packer is None:
            return lambda: take_back(SlackApi(settings), claimed.body)
        packed = _packed(packer, Packing(session, claimed, site, settings))
        if packed is None:
            return lambda: NOTHING
        api, channel = SlackApi(settings), site.slack_channel
        return lambda: _sent(api, packed, claimed, channel)

    def arrived(self, session: Session, claimed: Claimed, answer: Answer) -> None:
        """Keep where it stands."""
        if claimed.kind == "who":
            people.name_author(session, people.Profile.read(answer.said), UUID(claimed.body["note"]))
        if kept := answer.said.get("kept"):
            place = {"channel": answer.said["channel"], "ts": answer.said["ts"]}
            posts.keep(session, site_id=claimed.site_id, **place, **kept)


SLACK = SlackCarrier()


def _packed(packer: Packer, at: Packing) -> Packed | None:
    """What `packer` makes of it. What it breaks on is given up: the rest of the site's waits behind it."""
    try:
        return packer(at)
    except (HandrailError, SQLAlchemyError):
        raise
    except Exception as error:
        log.exception("slack_not_packed", key=at.claimed.key)
        raise NotPacked from error


def _sent(api: SlackApi, packed: Packed, claimed: Claimed, channel: str) -> Answer:
    try:
        answer = _found(api, packed.call, claimed) if claimed.attempts > 1 and packed.keep else None
        answer = answer or api.answer(packed.call)
    except AppGone as error:
        _note_fault(error, Site.slack_channel != "")
        raise
    except ChannelGone as error:
        if packed.call.args.get("channel") == channel and claimed.kind != "told":
            _note_fault(error, Site.id == claimed.site_id)
        raise
    return replace(answer, said=answer.said | {"kept": packed.keep}) if packed.keep and _posted(answer) else answer


def _posted(answer: Answer) -> bool:
    return answer.status == 200 and "ts" in answer.said  # noqa: PLR2004


def _found(api: SlackApi, call: Call, claimed: Claimed) -> Answer | None:
    """The post that an earlier attempt has left, or an answer that says to come again; None where there is none."""
    oldest = claimed.created_at.timestamp() - LOOK_BACK_S
    answer = api.answer(listing(call.args["channel"], call.args.get("thread_ts", ""), oldest))
    if answer.status != 200:  # noqa: PLR2004
        return answer
    for one in answer.said.get("messages") or ():
        if key_of(one) == claimed.key:
            return Answer(200, said={"channel": call.args["channel"], "ts": one["ts"]})
    return None


def _note_fault(error: SlackFault, which: Any) -> None:
    """The site's owner sees it, at the desk and in `handrail site list`; nothing else is held up."""
    log.warning("slack_fault", cause=error.detail)
    with transaction() as session:
        text = f"{error.detail}, then run `handrail site slack SITE CHANNEL`: what waited is posted after that."
        session.execute(update(Site).where(which, Site.slack_fault == "").values(slack_fault=text))
