"""Tells people of a night that went wrong: in the log, and in the site's Slack channel if it has one."""

from uuid import UUID

from sqlalchemy.orm import Session

from core import outbox
from core.log import get_logger
from core.models import Site

log = get_logger(__name__)


def ring(session: Session, *, site_id: str, suite: str, run_id: UUID, why: list[str]) -> None:
    """Tell them once `session` has committed. What stands in Slack is read from the run when it is posted."""
    log.error("night_alarm", site=site_id, suite=suite, run=str(run_id), why=why)
    outbox.put(
        session,
        site_id=site_id,
        destination=f"slack:{site_id}",
        kind="alarm",
        key=f"slack:alarm:{run_id}",
        body={"run": str(run_id)},
        where=Site.slack_channel != "",
    )
