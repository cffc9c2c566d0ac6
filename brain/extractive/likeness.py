"""What visitors say for a wish, told by its likeness in meaning to examples (examples.yaml), with a margin."""

from pathlib import Path

import numpy as np
import yaml

from kb.embeddings.meanings import vectors

LIKE = 0.5  # least cosine to an example of the wish ...
MARGIN = 0.03  # ... and how much less to any example of what is none
LONGEST = 30  # words: a longer message tells a story, and is about something else as well

EXAMPLES: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "examples.yaml").read_text(encoding="utf-8"))


def sounds_like(wish: str, plain: str) -> bool:
    """True where `plain`, in plain spelling, is said like `wish`: "person", "order" or "hello". Knows English only."""
    if not plain.strip() or len(plain.split()) > LONGEST:
        return False
    for_it, against = EXAMPLES[wish], EXAMPLES[f"{wish}_not"]
    made = vectors([" ".join(plain.split()).lower(), *for_it, *against])
    if made is None:
        return False
    near = made[1:] @ made[0]
    best, other = float(np.max(near[: len(for_it)])), float(np.max(near[len(for_it) :]))
    return best >= LIKE and best >= other + MARGIN
