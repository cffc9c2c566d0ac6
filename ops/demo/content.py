"""What the demo consists of: the site, its orders, its documents, and where each document is shown.

The loaders are imported late: a second start reads nothing, and does without them.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Document, Site
from tools.importer import import_orders
from web.commands.sites import make_site
from web.keys import DEMO_KEY

SITE = "demo"
NAME = "Fjordlight Outfitters"
HERE = Path(__file__).resolve().parent
DOCUMENTS, ORDERS, PAGE = HERE / "documents", HERE / "orders.json", HERE / "page"


@dataclass(frozen=True)
class Customer:
    """Somebody who has ordered at the demo shop."""

    email: str
    name: str
    orders: tuple[str, ...]


def prepare(session: Session) -> tuple[UUID, ...]:
    """Make the site with its orders, and register its documents. Returns those that must be read."""
    make_site(session, SITE, NAME, DEMO_KEY)
    import_orders(session, SITE, ORDERS)
    if _unchanged(session):
        return ()
    from kb.documents.registering import register_folder
    from kb.sources.source import find_sources

    folder = find_sources(str(DOCUMENTS))
    return register_folder(session, site_id=SITE, folder=folder).documents


def customers() -> list[Customer]:
    """The people in the orders, by name."""
    found: dict[str, tuple[str, list[str]]] = {}
    for order in json.loads(ORDERS.read_text(encoding="utf-8")):
        billing = order["billing"]
        name = f"{billing['first_name']} {billing['last_name']}"
        found.setdefault(billing["email"].lower(), (name, []))[1].append(str(order["number"]))
    people = [Customer(email, name, tuple(numbers)) for email, (name, numbers) in found.items()]
    return sorted(people, key=lambda person: person.name)


def identity_secret(session: Session) -> str:
    """With what the demo shop signs who its customers are."""
    return session.get_one(Site, SITE).identity_secret


def pages() -> dict[str, tuple[Path, str]]:
    """URL path → (file, title) of every document that visitors may read."""
    from kb.sources.source import find_sources

    shown = [source for source in find_sources(str(DOCUMENTS)).sources if source.url and not source.archived]
    return {source.url: (Path(source.locator), source.title) for source in shown if {"web", "*"} & set(source.channels)}


def _unchanged(session: Session) -> bool:
    """True where every file is live and was read after its last change: a second start reads nothing again."""
    ours = Document.locator.startswith(f"{DOCUMENTS}/", autoescape=True)  # beside what somebody has added
    rows = session.scalars(select(Document).where(Document.site_id == SITE, Document.state == "live", ours))
    read_at = {row.locator: row.checked_at for row in rows}
    changed_at = {str(file): file.stat().st_mtime for file in DOCUMENTS.iterdir()}
    newest = datetime.fromtimestamp(max(changed_at.values()), UTC)  # index.yaml describes all of them
    known = set(read_at) == {name for name in changed_at if not name.endswith("index.yaml")}
    return known and all(at is not None and at > newest for at in read_at.values())
