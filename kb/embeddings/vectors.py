"""Vectors as arrays: one row a text, scaled to length one so that a dot product compares them."""

from collections.abc import Iterator
from struct import pack

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

LARGEST_HALF = 65_504.0


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length one; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled


def halves(vectors: Vectors) -> Iterator[bytes]:
    """Each row as pgvector's halfvec goes over the wire. What is no number is 0: PostgreSQL would refuse it."""
    if not (np.abs(vectors) <= LARGEST_HALF).all():
        finite = np.nan_to_num(vectors, posinf=LARGEST_HALF, neginf=-LARGEST_HALF)
        vectors = np.clip(finite, -LARGEST_HALF, LARGEST_HALF)
    head = pack(">hh", vectors.shape[1], 0)
    for row in vectors.astype(">f2"):
        yield head + row.tobytes()
