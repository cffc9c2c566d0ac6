"""The BERT encoder of all-MiniLM-L6-v2 written as an ONNX graph: tokens in, one unit vector per text out."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS = 6
HEADS = 12
EPSILON = 1e-12
FUSED = "com.microsoft"  # onnxruntime's own fused operators: twice as quick on a CPU as the plain ones


class _Graph:
    """Nodes and weights as they are added."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []

    def keep(self, name: str, value: NDArray[np.generic]) -> str:
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, *, turned: bool = False) -> str:
        value = self.weights[name]
        return self.keep(name, value.T if turned else value)

    def add(self, kind: str, inputs: list[str], output: str, domain: str = "", **settings: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **settings))
        return output


def build(weights: Path) -> bytes:
    """The serialised model. In: ids int64 and mask int32, (texts, tokens). Out: embedding float32, (texts, 384)."""
    graph = _Graph(load_file(weights))
    hidden = _embed(graph)
    for number in range(LAYERS):
        hidden = _layer(graph, hidden, f"encoder.layer.{number}")
    _pool(graph, hidden)
    return bytes(_model(graph).SerializeToString())


def quantized(model: bytes) -> bytes:
    """`model` with its weights in int8 (dynamic quantisation): a quarter of the size, half of the time."""
    # Late: onnxruntime's tools are slow to load, and needed once.
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        whole.write_bytes(model)
        floats = {"DefaultTensorType": TensorProto.FLOAT}  # shapes behind the fused operators are unknown to it
        logging.disable(logging.WARNING)  # it recommends a step that this graph does not need
        try:
            quantize_dynamic(whole, small, weight_type=QuantType.QInt8, extra_options=floats)
        finally:
            logging.disable(logging.NOTSET)
        return small.read_bytes()


def _embed(graph: _Graph) -> str:
    words = graph.add("Gather", [graph.weight("embeddings.word_embeddings.weight"), "ids"], "words")
    # All texts are of one segment, so its row is added to every position beforehand.
    table = graph.weights["embeddings.position_embeddings.weight"]
    places = graph.keep("places", table + graph.weights["embeddings.token_type_embeddings.weight"][0])
    length = graph.add("Shape", ["ids"], "length", start=1, end=2)
    begin, axis = graph.keep("begin", np.array([0])), graph.keep("axis", np.array([0]))
    seen = graph.add("Slice", [places, begin, length, axis], "seen")
    summed = graph.add("Add", [words, seen], "summed")
    norm = [graph.weight(f"embeddings.LayerNorm.{part}") for part in ("weight", "bias")]
    return graph.add("LayerNormalization", [summed, *norm], "embedded", epsilon=EPSILON)


def _layer(graph: _Graph, hidden: str, name: str) -> str:
    parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    joined = np.concatenate([graph.weights[f"{part}.weight"].T for part in parts], axis=1)
    biases = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    inputs = [hidden, graph.keep(f"{name}.qkv", joined), graph.keep(f"{name}.qkv_bias", biases), "mask"]
    looked = graph.add("Attention", inputs, f"{name}.looked", FUSED, num_heads=HEADS)
    said = _dense(graph, looked, f"{name}.attention.output.dense")
    settled = _settle(graph, said, hidden, f"{name}.attention.output")
    wide = _dense(graph, settled, f"{name}.intermediate.dense")
    bent = graph.add("BiasGelu", [wide, graph.weight(f"{name}.intermediate.dense.bias")], f"{name}.bent", FUSED)
    return _settle(graph, _dense(graph, bent, f"{name}.output.dense"), settled, f"{name}.output")


def _dense(graph: _Graph, hidden: str, name: str) -> str:
    return graph.add("MatMul", [hidden, graph.weight(f"{name}.weight", turned=True)], f"{name}.out")


def _settle(graph: _Graph, new: str, old: str, name: str) -> str:
    parts = [graph.weight(f"{name}.{part}") for part in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")]
    return graph.add("SkipLayerNormalization", [new, old, *parts], f"{name}.settled", FUSED, epsilon=EPSILON)


def _pool(graph: _Graph, hidden: str) -> None:
    """The mean over the tokens that are not padding, scaled to length one."""
    real = graph.add("Cast", ["mask"], "real", to=TensorProto.FLOAT)
    last = graph.keep("last", np.array([2]))
    weighed = graph.add("Mul", [hidden, graph.add("Unsqueeze", [real, last], "column")], "weighed")
    total = graph.add("ReduceSum", [weighed, graph.keep("tokens", np.array([1]))], "total", keepdims=0)
    # Dividing by the token count is left out: scaling to length one undoes it anyway.
    graph.add("LpNormalization", [total], "embedding", axis=-1, p=2)


def _model(graph: _Graph) -> ModelProto:
    made = helper.make_graph(
        graph.nodes,
        "minilm",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["texts", "tokens"]),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", 384])],
        graph.tensors,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9)
