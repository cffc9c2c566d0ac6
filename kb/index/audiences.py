"""Numbers for what passages are searched by: who they are for, and the model that their vectors were made with."""

from collections.abc import Iterable

from sqlalchemy import any_, func, literal, not_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Audience, EmbeddingModel


def audience_id(session: Session, site_id: str, channels: Iterable[str]) -> int:
    """The audience of `site_id` in exactly these channels; made if it is new."""
    sorted_ = sorted(set(channels))
    wanted = select(Audience.id).where(Audience.site_id == site_id, Audience.channels == sorted_)
    found = session.scalar(wanted)
    if found is None:
        session.execute(insert(Audience).values(site_id=site_id, channels=sorted_).on_conflict_do_nothing())
        found = session.scalars(wanted).one()
    return found


def note_language(session: Session, audience: int, language: str) -> None:
    """Note that `audience` has passages in `language`, so that questions are stemmed for it, too; for good."""
    known = literal(language) == any_(Audience.languages)
    more = func.array_append(Audience.languages, language)
    session.execute(update(Audience).where(Audience.id == audience, not_(known)).values(languages=more))


def model_id(session: Session, name: str, dimensions: int) -> int:
    """The number of an embedding model; given if it is new."""
    wanted = select(EmbeddingModel.id).where(EmbeddingModel.name == name)
    found = session.scalar(wanted)
    if found is None:
        session.execute(insert(EmbeddingModel).values(name=name, dimensions=dimensions).on_conflict_do_nothing())
        found = session.scalars(wanted).one()
    return found
