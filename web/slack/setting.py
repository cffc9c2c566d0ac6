"""Where a site shows itself in Slack: checked, chosen, and what could not be posted before is posted then."""

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadRequest
from core.models import Handoff, Outgoing, Site
from core.outbox import KEY, put
from core.settings import Settings
from web.slack.api import SlackApi

KEY_MAX = 150


class ChannelRefused(BadRequest):
    """The app can't post to this channel: give its id (C…), and invite the app there with `/invite @Handrail`."""


def check(settings: Settings, channel: str) -> str:
    """The channel's name, if the app is in it. Raises SlackNotSet, SlackFault, NoAnswer, ChannelRefused."""
    found = SlackApi(settings).ask("conversations.info", channel=channel)["channel"]
    if not found.get("is_member") or found.get("is_archived"):
        raise ChannelRefused
    return str(found.get("name") or channel)


def show_in(session: Session, site: Site, channel: str) -> int:
    """Show `site` in `channel` from now on ("": nowhere). Returns how much that was given up is posted after all.

    First the heads of those who still wait, then what did not arrive, in the order in which it happened.
    """
    site.slack_channel, site.slack_fault = channel, ""
    session.flush()
    if not channel:
        return 0
    again = uuid4().hex[:8]
    still = select(Handoff).where(Handoff.site_id == site.id, Handoff.closed_at.is_(None)).order_by(Handoff.created_at)
    for handoff in session.scalars(still):
        _put(session, f"slack:handoff:{handoff.id}:{again}", "handoff", {"handoff": str(handoff.id)}, handoff)
    dead = (Outgoing.destination == f"slack:{site.id}") & (Outgoing.state == "dead") & (Outgoing.kind != "told")
    rows = session.scalars(select(Outgoing).where(dead).order_by(Outgoing.id)).all()
    for row in rows:
        _put(session, f"{row.key[:KEY_MAX]}:{again}", row.kind, row.body, row)
        session.delete(row)
    return len(rows)


def faults(session: Session) -> dict[str, str]:
    """The sites that Slack does not show, by destination, and why."""
    rows = session.execute(select(Site.id, Site.slack_fault).where(Site.slack_channel != "", Site.slack_fault != ""))
    return {f"slack:{row.id}": row.slack_fault for row in rows}


def _put(session: Session, key: str, kind: str, body: dict[str, object], about: Handoff | Outgoing) -> None:
    assert KEY.fullmatch(key)
    site = about.site_id
    put(session, site_id=site, destination=f"slack:{site}", kind=kind, key=key, body=body, thread_id=about.thread_id)
