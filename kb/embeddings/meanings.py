"""How near texts are in meaning: vectors of the local MiniLM, kept by text, so that hot sentences cost nothing."""

import os
import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.settings import get_settings
from kb.embeddings.embedder import get_embedder
from kb.embeddings.minilm import MiniLM
from kb.embeddings.vectors import Vectors
from kb.errors import ModelNotInstalled

KEPT = 20_000  # vectors of 1.5 kB each


class Meanings:
    """Vectors by text, the least used forgotten first. Safe to share between threads."""

    def __init__(self, model: MiniLM) -> None:
        """Start empty."""
        self._model = model
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: list[str]) -> Vectors:
        """Unit vectors, shape (len(texts), 384). Raises ModelNotInstalled."""
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        missing = list(dict.fromkeys(text for text in texts if text not in found))
        if missing:
            found |= dict(zip(missing, self._model.embed(missing), strict=True))
        with self._lock:
            for text in texts:
                self._kept[text] = found[text]
                self._kept.move_to_end(text)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else np.empty((0, MiniLM.dimensions), np.float32)


@lru_cache(maxsize=1)
def _meanings(pid: int, models: Path) -> Meanings:  # a forked child makes its own: sessions have threads
    del pid
    shared = get_embedder()
    return Meanings(shared if isinstance(shared, MiniLM) else MiniLM(models))


def vectors(texts: list[str]) -> Vectors | None:
    """Unit vectors of `texts`, or None where the model is not installed: then words alone must do.

    Always the local model, whatever the index uses: the weights of who asks were fitted to its cosines.
    """
    try:
        return _meanings(os.getpid(), Path(get_settings().home) / "models").of(texts)
    except ModelNotInstalled:
        return None
