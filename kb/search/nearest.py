"""The vector leg: the passages whose best window is nearest to a question, exactly or by a site's own HNSW index."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from core.settings import get_settings
from kb.embeddings.vectors import Vectors, halves
from kb.index import wire
from kb.search.matching import Matched, Model

WINDOWS = 240  # that are fetched: a passage has about four at most, so these are POOL passages or more
FEW = 60  # passages, of which WINDOWS windows are likely to be all
PASSAGE_WINDOWS = 8  # a passage never has more
EXACT = (Path(__file__).parent / "nearest.sql").read_text()
PROPOSED = (Path(__file__).parent / "proposed.sql").read_text()

# Numbers stand in the text and not as parameters, and it is planned each time it is asked: that is how the planner
# sees that the partial index of this audience and model serves. Where there is none, it scans, and finds the same.
LARGE = """
SELECT chunk_id, -(embedding::halfvec({dimensions}) <#> %(vector)s::halfvec({dimensions})) AS similarity
FROM chunk_vectors WHERE audience_id = {audience} AND model_id = {model}
ORDER BY embedding::halfvec({dimensions}) <#> %(vector)s::halfvec({dimensions}) LIMIT {windows}
"""


def nearest(session: Session, matched: Matched, vector: Vectors, lexical: Sequence[int]) -> dict[int, float]:
    """Chunk → cosine of its best window: those that are nearest, and all of `lexical` that have a vector."""
    model, said = matched.model, wire.Half(next(halves(vector[None])))
    large_from = get_settings().vector_index_windows // PASSAGE_WINDOWS
    small = [audience for audience, live in matched.audiences.items() if live < large_from]
    found: list[tuple[int, float]] = []
    # A second statement takes longer than to ask for these at once. Few passages are likely to be found all.
    at_once = lexical if len(small) == len(matched.audiences) and sum(matched.audiences.values()) > FEW else ()
    if small:
        values = {"audiences": wire.array(small), "vector": said, "model": model.id, "windows": WINDOWS}
        found += wire.rows(session, EXACT, values | {"chunk_ids": wire.array(at_once)})
    for audience, live in matched.audiences.items():
        if live >= large_from:
            found += wire.rows(session, large(audience, model), {"vector": said}, prepare=False)
    best = _best(found)
    missing = [] if at_once or len(found) < WINDOWS else [chunk_id for chunk_id in lexical if chunk_id not in best]
    if missing:
        values = {"chunk_ids": wire.array(missing), "vector": said, "model": model.id}
        values["audiences"] = wire.array(matched.audiences)
        best |= _best(wire.rows(session, PROPOSED, values))
    return best


def large(audience: int, model: Model) -> str:
    """The query for an audience that may have an index."""
    return LARGE.format(dimensions=model.dimensions, audience=audience, model=model.id, windows=WINDOWS)


def _best(found: Sequence[tuple[int, float]]) -> dict[int, float]:
    best: dict[int, float] = {}
    for chunk_id, similarity in found:
        if similarity > best.get(chunk_id, -2.0):
            best[chunk_id] = similarity
    return best
