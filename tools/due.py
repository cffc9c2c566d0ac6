"""When a ticket's first reply is due: by its priority, as its site has it, in office hours where there are any."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Site
from core.settings import get_settings


def due(session: Session, site_id: str, priority: str) -> datetime:
    """The moment, counted from now."""
    own, now = session.execute(select(Site.sla_minutes, func.now()).where(Site.id == site_id)).one()
    minutes = own.get(priority, getattr(get_settings(), f"sla_{priority}_minutes"))
    moment: datetime = now + timedelta(minutes=float(minutes))
    return moment
