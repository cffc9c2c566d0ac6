"""A site changes its embedding model: search is never without vectors, and a kill costs one batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import SiteNotFound
from core.models import Chunk, ChunkVector, Document, EmbeddingModel, Site
from kb.documents.indexer import index_document, index_waiting
from kb.embeddings.reembedding import begin, forget_old, reembed, switch_of, switching
from kb.embeddings.site_models import SiteModels, numbered, only, site_models
from kb.errors import EmbedderRefused, EmbedderUnavailable, TextRefused
from kb.search.hybrid import ranked
from tests.kb.samples import Hashing, write
from tests.kb.steps import aged, enrol, the_document, work


class Other(Hashing):
    """Another model, of 32 dimensions; away from the text after `until` on."""

    name = "hashing-32"

    def __init__(self, until: int = 10**9) -> None:
        super().__init__()
        self.until = until

    def embed(self, texts: list[str]) -> Any:
        if len(self.seen) + len(texts) > self.until:
            raise EmbedderUnavailable
        folded = super().embed(texts)
        made = folded[:, :32] + folded[:, 32:]
        return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-6)


def filled(session: Session, site: Site, path: Path, count: int = 5) -> None:
    """A site with documents, searched with `Hashing`."""
    enrol(
        session,
        site,
        aged(write(path, **{f"d{n}": f"# Title {n}\n\nAll about subject{n} here." for n in range(count)})),
    )
    work(session, site, Hashing())


def vectors(session: Session) -> dict[str, int]:
    """Chunks that have a vector of each model."""
    counted = select(EmbeddingModel.name, func.count(ChunkVector.chunk_id.distinct()))
    counted = counted.join(ChunkVector, ChunkVector.model_id == EmbeddingModel.id).group_by(EmbeddingModel.name)
    return {row[0]: row[1] for row in session.execute(counted)}


def near(session: Session, site: Site, *embedders: Hashing) -> set[float]:
    """How near the best passage is, by each model that is there to ask with; only the site's own can tell."""
    models = site_models(session, site.id)
    [mine] = [one for one in embedders if one.name == models.searched]
    found = ranked(session, site_id=site.id, channel="web", query="subject3", embedder=mine, count=8)
    return {round(score, 2) for score in found.nearest.values()}


def test_both_models_live_until_the_new_one_is_complete(session: Session, site: Site, tmp_path: Path) -> None:
    filled(session, site, tmp_path)
    old, new = Hashing(), Other()
    assert begin(site.id, new)
    assert switching() == [site.id]
    looks: list[tuple[dict[str, int], bool]] = []

    def look(_: int) -> None:
        session.expire_all()
        looks.append((vectors(session), bool(near(session, site, old, new))))

    assert reembed(site.id, embedders=only(old, new), on_batch=look, together=2)
    assert looks == [
        ({"hashing-64": 5, "hashing-32": 2}, True),
        ({"hashing-64": 5, "hashing-32": 4}, True),
        ({"hashing-64": 5, "hashing-32": 5}, True),
    ]
    assert site_models(session, site.id) == SiteModels("hashing-32", None)
    assert near(session, site, old, new)
    assert forget_old() == 5
    assert vectors(session) == {"hashing-32": 5}
    assert near(session, site, old, new)
    assert switching() == []


def test_what_is_indexed_in_between_gets_both(session: Session, site: Site, tmp_path: Path) -> None:
    filled(session, site, tmp_path, count=2)
    old, new = Hashing(), Other()
    begin(site.id, new)
    enrol(session, site, aged(write(tmp_path, more="# More\n\nWritten while the model is switched."), by=5))
    work(session, site, old, new)
    assert vectors(session) == {"hashing-64": 3, "hashing-32": 1}
    assert reembed(site.id, embedders=only(old, new))
    assert vectors(session) == {"hashing-64": 3, "hashing-32": 3}


def test_a_switch_goes_on_where_it_was_left(session: Session, site: Site, tmp_path: Path) -> None:
    filled(session, site, tmp_path)
    begin(site.id, Other())
    with pytest.raises(EmbedderUnavailable):
        reembed(site.id, embedders=only(Hashing(), Other(until=4)), together=2)
    switch = switch_of(session, site.id)
    assert switch is not None
    assert (switch.done, switch.total) == (4, 5)
    assert site_models(session, site.id).searched == "hashing-64"
    again = Other()
    assert reembed(site.id, embedders=only(Hashing(), again))
    assert len(again.seen) == 1


def test_a_document_that_was_embedded_for_the_old_model_alone_is_done_again(
    session: Session, site: Site, tmp_path: Path
) -> None:
    filled(session, site, tmp_path, count=1)
    old, new = Hashing(), Other()
    aged(write(tmp_path, d0="# Title 0\n\nIt says something else now."), by=5)
    enrol(session, site, tmp_path)

    class Slow(Hashing):
        """The model is switched while it works."""

        def embed(self, texts: list[str]) -> Any:
            if site_models(session, site.id).searched == self.name:
                begin(site.id, new)
                reembed(site.id, embedders=only(old, new))
            return super().embed(texts)

    index_document(the_document(session).id, embedder=Slow())
    document = the_document(session)
    assert (document.state, document.attempts, document.due_at is None) == ("live", 0, False)
    assert site_models(session, site.id).searched == "hashing-32"
    assert index_waiting(site.id, embedders=only(new, old)) == 1
    assert the_document(session).due_at is None
    assert vectors(session)["hashing-32"] == 1
    assert "something else" in session.scalars(select(Chunk.text)).one()


def test_the_model_that_is_there_already_is_no_switch(session: Session, site: Site, tmp_path: Path) -> None:
    filled(session, site, tmp_path, count=1)
    begin(site.id, Other())
    assert not begin(site.id, Hashing()), "back to the old one: what was begun is given up"
    assert site_models(session, site.id) == SiteModels("hashing-64", None)
    with pytest.raises(SiteNotFound):
        begin("nobody", Hashing())


def test_a_site_without_documents_changes_at_once(session: Session, site: Site) -> None:
    session.commit()
    assert begin(site.id, Other())
    assert reembed(site.id, embedders=only(Other()))
    assert site_models(session, site.id).searched == "hashing-32"


def test_a_site_keeps_its_model_when_the_settings_change(session: Session, site: Site, tmp_path: Path) -> None:
    filled(session, site, tmp_path, count=1)
    enrol(session, site, aged(write(tmp_path, more="# More\n\nSomething more."), by=5))
    work(session, site, Other(), Hashing())  # as if the settings asked for the other one now
    assert vectors(session) == {"hashing-64": 2}
    assert "handrail kb reembed" in site_models(session, site.id).advice


def test_a_model_whose_vectors_change_their_length_is_refused(session: Session) -> None:
    number = numbered(session, "m", 64)
    assert numbered(session, "m", 64) == number
    with pytest.raises(EmbedderRefused, match="kb reembed"):
        numbered(session, "m", 32)


def test_a_text_that_the_new_model_refuses_is_shortened_and_blocks_nothing(
    session: Session, site: Site, tmp_path: Path
) -> None:
    filled(session, site, tmp_path, count=2)

    class Short(Other):
        def embed(self, texts: list[str]) -> Any:
            for one in texts:
                if len(one) > 20:
                    raise TextRefused(text=one)
            return super().embed(texts)

    begin(site.id, Short())
    assert reembed(site.id, embedders=only(Hashing(), Short()))
    assert vectors(session)["hashing-32"] == 2


def test_without_the_next_model_documents_go_on_with_the_old_one(session: Session, site: Site, tmp_path: Path) -> None:
    filled(session, site, tmp_path, count=1)
    begin(site.id, Other())
    session.execute(update(Document).values(due_at=func.now(), content_hash=""))
    session.commit()
    work(session, site, Hashing())  # nobody can make the other one here
    assert the_document(session).state == "live"
    assert the_document(session).due_at is None
