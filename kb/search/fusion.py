"""Two legs into one ranking: each is scaled to 0..1, then they are averaged by weight."""

from kb.analysis import WORD, fold, term
from kb.search.query import Query

# Both measured on one half of the questions of three sets; the plateau of the first is 0.5 to 0.7.
VECTORS = 0.6  # the share of the vector leg
BRIEF, FEW = 0.5, 2  # the same for so few words: they are names or codes, and meant as they are written
FOREIGN = 0.25  # the same where the model does not read the question's language
READ_ENGLISH_ONLY = ("minilm",)  # what the names of such embedding models begin with


def fuse(lexical: dict[int, float], nearest: dict[int, float], vectors: float = VECTORS) -> dict[int, float]:
    """Chunk → 0..1. A chunk that a leg does not have counts there as its last one does."""
    words, meanings = scaled(lexical), scaled(nearest)
    return {
        one: (1 - vectors) * words.get(one, 0.0) + vectors * meanings.get(one, 0.0)
        for one in words.keys() | meanings.keys()
    }


def share(query: Query, model: str) -> float:
    """The vector leg's share for `query`, embedded by `model`."""
    spoken = query.spoken or query.main
    if spoken != "en" and model.startswith(READ_ENGLISH_ONLY):
        return FOREIGN
    meant = [word for word in WORD.findall(fold(query.text)) if term(word, spoken)]
    return BRIEF if len(meant) <= FEW else VECTORS


def scaled(scores: dict[int, float]) -> dict[int, float]:
    """Min-max: the best is 1, the last 0. Where all are alike they are all 1, unless they are nothing."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0 if high > 0 else 0.0)
    return {one: (score - low) / (high - low) for one, score in scores.items()}
