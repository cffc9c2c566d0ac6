"""The offline model against its published example, the OpenAI-compatible one at the wire, and the cache."""

import json
from pathlib import Path

import httpx2
import numpy as np
import onnxruntime as ort
import openai
import pytest
from sqlalchemy.orm import Session

from kb.embeddings import minilm
from kb.embeddings.embedder import embed_cached
from kb.embeddings.minilm_graph import build
from kb.embeddings.openai_embeddings import OpenAIEmbedder
from kb.errors import EmbedderUnavailable
from tests.kb.samples import Hashing


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> minilm.MiniLM:
    """The real model, its graph built for this test."""
    return minilm.MiniLM(tmp_path_factory.mktemp("models"))


CARD = ["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."]


def test_the_graph_gives_the_similarities_of_its_model_card() -> None:
    session = ort.InferenceSession(build(minilm.weights()), providers=["CPUExecutionProvider"])
    rows = [np.array([encoded.ids], dtype=np.int64) for encoded in minilm.tokenizer().encode_batch(CARD)]
    feeds = [{"ids": row, "mask": np.ones(row.shape, dtype=np.int32)} for row in rows]
    one, other, third = (session.run(["embedding"], feed)[0][0] for feed in feeds)
    assert one @ other == pytest.approx(0.7553, abs=5e-4)
    assert one @ third == pytest.approx(-0.1050, abs=5e-4)


def test_int8_weights_move_them_by_little(model: minilm.MiniLM) -> None:
    one, other, third = model.embed(CARD)
    assert one @ other == pytest.approx(0.7553, abs=0.02)
    assert one @ third == pytest.approx(-0.1050, abs=0.02)


def test_minilm_gives_a_text_the_same_vector_alone_and_in_a_batch(model: minilm.MiniLM) -> None:
    texts = ["short", "a much longer text about parcels " * 20, ""]
    together = model.embed(texts)
    alone = np.concatenate([model.embed([text]) for text in texts])
    assert np.array_equal(together, alone)
    assert np.isfinite(together).all()


def test_the_graph_is_built_once(tmp_path: Path) -> None:
    first = minilm.graph_file(tmp_path)
    changed = first.stat().st_mtime_ns
    assert minilm.graph_file(tmp_path).stat().st_mtime_ns == changed
    assert [file.name for file in tmp_path.iterdir()] == [first.name]


def server(answer: httpx2.Response | None = None) -> OpenAIEmbedder:
    """An OpenAI-compatible server; it answers out of order, as it may."""

    def reply(request: httpx2.Request) -> httpx2.Response:
        texts = json.loads(request.content)["input"]
        data = [{"object": "embedding", "index": at, "embedding": [3.0 * at, 4.0]} for at in range(len(texts))]
        body = {"object": "list", "model": "m", "data": data[::-1], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        return answer or httpx2.Response(200, json=body)

    client = httpx2.Client(transport=httpx2.MockTransport(reply))
    sdk = openai.OpenAI(api_key="k", base_url="http://model.test/v1", http_client=client, max_retries=0)
    return OpenAIEmbedder(sdk, "m")


def test_openai_vectors_are_put_in_order_and_scaled() -> None:
    assert np.allclose(server().embed(["a", "b"]), np.array([[0, 1], [0.6, 0.8]]))


@pytest.mark.parametrize("status", [401, 429, 500])
def test_openai_errors_are_ours(status: int) -> None:
    with pytest.raises(EmbedderUnavailable):
        server(httpx2.Response(status, json={"error": {"message": "no"}})).embed(["a"])


def test_a_text_is_embedded_once(session: Session) -> None:
    embedder = Hashing()
    first = embed_cached(embedder, ["one", "two", "one"])
    again = embed_cached(embedder, ["two", "three"])
    assert embedder.seen == ["one", "two", "three"]
    assert np.array_equal(first[1], again[0])
    assert np.array_equal(first[0], first[2])
