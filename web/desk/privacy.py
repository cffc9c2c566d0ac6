"""`/desk/privacy`: for how long each site keeps what, and what was erased; and one receipt."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select

from core.db import reading
from core.models import Erasure, Site
from orchestrator import receipts, retention
from orchestrator.receipts import ReceiptNotFound
from web.desk.entry import Visit, id_of, seeing
from web.desk.pages import DeskRoute, page
from web.desk.rights import Right

SHOWN = 50  # erasures, the newest

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@dataclass(frozen=True)
class Keeping:
    """For how long one site keeps what, in days by kind (0: for ever), and which of it the site itself says."""

    site_id: str
    days: dict[str, float]
    own: frozenset[str]
    waiting: retention.Waiting


@router.get("/desk/privacy")
def show_privacy(visit: Annotated[Visit, Depends(seeing(Right.AUDIT))]) -> Response:
    """Of all sites that one may audit."""
    with reading() as session:
        sites = session.scalars(select(Site).where(Site.id.in_(visit.sites)).order_by(Site.id)).all()
        kept = []
        for site in sites:
            days = retention.periods(site.retention, visit.settings)
            held = retention.waiting(session, site.id, days["conversations"])
            kept.append(Keeping(site.id, days, frozenset(site.retention), held))
        wanted = select(Erasure).where(Erasure.site_id.in_(visit.sites)).order_by(Erasure.erased_at.desc()).limit(SHOWN)
        erased = session.scalars(wanted).all()
    return page(visit, "privacy.html", kept=kept, erased=erased, kinds=retention.KINDS)


@router.get("/desk/privacy/receipts/{receipt_id}")
def show_receipt(visit: Annotated[Visit, Depends(seeing(Right.READ))], receipt_id: str) -> Response:
    """One receipt as things stand now. Another site's is as unknown as none."""
    id_: UUID = id_of(receipt_id, ReceiptNotFound)
    with reading() as session:
        found = receipts.receipt(session, id_)
    if not visit.may(Right.READ, found["site"]):
        raise ReceiptNotFound
    return page(visit, "receipt.html", found=found, text=receipts.as_text(found))
