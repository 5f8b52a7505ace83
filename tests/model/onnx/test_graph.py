"""The writer of ONNX against the reader of the package `onnx`, where that is installed, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.errors import ModelError
from blip2idc.model.onnx.graph import Graph, Place


def small() -> Graph:
    graph = Graph("small", {"w": (2, 3), "unused": (1,)})
    given = graph.input("x", ["B", 3])
    product = graph.op("Gemm", given, graph.weight("w", [2, 3]), alpha=2.0, transB=1)
    split = graph.op_many("Split", 2, product, axis=-1, num_outputs=2)
    graph.output("y", graph.op("Reshape", split[1], graph.constant([-1])), ["B"])
    return graph


def test_it_runs() -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    options.add_external_initializers(["w"], [onnxruntime.OrtValue.ortvalue_from_numpy(weight)])
    model = small().to_bytes(lambda name: Place(f"{name}.bin", 8, 24))
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = np.ones((4, 3), dtype=np.float32)
    assert session.run(None, {"x": given})[0].tolist() == [2 * 12.0] * 4


def test_it_is_read_as_it_was_meant() -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_model_from_string(small().to_bytes(lambda name: Place("weights", 300, 24)))
    assert [node.op_type for node in model.graph.node] == ["Gemm", "Split", "Reshape", "Identity"]
    attributes = {one.name: onnx.helper.get_attribute_value(one) for one in model.graph.node[0].attribute}
    assert attributes == {"alpha": 2.0, "transB": 1}
    assert onnx.helper.get_attribute_value(model.graph.node[1].attribute[0]) == -1
    constant, weight = model.graph.initializer
    assert onnx.numpy_helper.to_array(constant).tolist() == [-1]
    told = {entry.key: entry.value for entry in weight.external_data}
    assert told == {"location": "weights", "offset": "300", "length": "24"}
    assert [dim.dim_param or dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [
        "B",
        3,
    ]


def test_weights_that_are_not_there() -> None:
    graph = Graph("g", {"w": (2, 3)})
    with pytest.raises(ModelError, match="w is 2x3 among the weights; expected 3x2"):
        graph.weight("w", [3, 2])
    with pytest.raises(ModelError, match="v is missing"):
        graph.weight("v")
