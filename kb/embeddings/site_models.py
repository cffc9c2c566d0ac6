"""Which embedding models a site has: the one that it is searched with, and one that may be in the making."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from core.models import EmbeddingModel, Site
from core.settings import get_settings
from kb.embeddings.embedder import Embedder, embedder_named, get_embedder, settings_model
from kb.errors import EmbedderRefused
from kb.index.audiences import model_id


@dataclass(frozen=True)
class SiteModels:
    """Names; None where there is none. A site gets its first one with its first document."""

    searched: str | None
    following: str | None

    @property
    def wanted(self) -> str:
        """The one that the settings ask for."""
        return settings_model(get_settings())

    @property
    def advice(self) -> str:
        """What to do where the settings ask for another model than the site has; "" where all is well."""
        if self.searched is None or self.wanted in {self.searched, self.following}:
            return ""
        return (
            f"Searched with {self.searched}, but the settings say {self.wanted}: run `handrail kb reembed` to switch, "
            "which takes nothing offline."
        )


def site_models(session: Session, site_id: str, *, lock: bool = False) -> SiteModels:
    """The models of `site_id`. With `lock`, nobody changes the site's index before this transaction ends."""
    wanted = select(Site.embedding_model_id, Site.next_model_id).where(Site.id == site_id)
    # NO KEY UPDATE: conversations of the site, which refer to its row, go on.
    row = session.execute(wanted.with_for_update(key_share=True) if lock else wanted).one_or_none()
    ids = tuple(row) if row else (None, None)
    named = select(EmbeddingModel.id, EmbeddingModel.name).where(EmbeddingModel.id.in_([one for one in ids if one]))
    names = {row.id: row.name for row in session.execute(named)}
    return SiteModels(*(names.get(one) for one in ids))


def all_models(session: Session) -> dict[str, SiteModels]:
    """The models of every site by its id."""
    searched, following = aliased(EmbeddingModel), aliased(EmbeddingModel)
    wanted = select(Site.id, searched.name, following.name)
    wanted = wanted.outerjoin(searched, searched.id == Site.embedding_model_id)
    wanted = wanted.outerjoin(following, following.id == Site.next_model_id)
    return {site_id: SiteModels(*names) for site_id, *names in session.execute(wanted)}


@dataclass(frozen=True)
class Embedders:
    """Where embedders come from: one for sites that have no model yet, and any other by its name."""

    first: Callable[[], Embedder] = lambda: get_embedder(patient=True)
    named: Callable[[str], Embedder] = lambda name: embedder_named(name, patient=True)


def only(*given: Embedder) -> Embedders:
    """These embedders, the first of which is for new sites; any other is made by its name."""
    known = {embedder.name: embedder for embedder in given}
    return Embedders(lambda: given[0], lambda name: known.get(name) or embedder_named(name, patient=True))


def first_model(session: Session, site_id: str, name: str, dimensions: int) -> None:
    """Have the site, which knows nothing yet, be searched with this model."""
    number = numbered(session, name, dimensions)
    session.execute(update(Site).where(Site.id == site_id).values(embedding_model_id=number))


def numbered(session: Session, name: str, dimensions: int) -> int:
    """The number of a model. Raises EmbedderRefused where its vectors had another length before."""
    number = model_id(session, name, dimensions)
    before = session.scalar(select(EmbeddingModel.dimensions).where(EmbeddingModel.id == number))
    if before != dimensions:
        raise EmbedderRefused(
            f"{name} gives vectors of {dimensions} dimensions, but the index has {before}: give the model that is "
            "there now another name, and run `handrail kb reembed --model NAME`."
        )
    return number
