"""When a ticket's first reply is due: by its priority, as its site has it, in office hours where there are any."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Site
from core.settings import get_settings
from tools.hours import after


def due(session: Session, site_id: str, priority: str) -> datetime:
    """The moment, counted from now."""
    wanted = select(Site.sla_minutes, Site.hours, func.now()).where(Site.id == site_id)
    own, hours, now = session.execute(wanted).one()
    minutes = own.get(priority, getattr(get_settings(), f"sla_{priority}_minutes"))
    return after(hours, now, float(minutes))
