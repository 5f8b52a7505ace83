"""BLIP-2 with OPT as three ONNX graphs: ViT, Q-Former with its projection, language model.

In: the configuration of a checkpoint, the names and shapes of its weights, and the size of a joint image. Out: a
`Graph` each. What is computed is what transformers computes (`Blip2ForConditionalGeneration`); where a checkpoint does
something else, such as the post-norm OPT-350m or T5, it is refused.

The language graph reads a prefix from the Q-Former and token ids, after what it has read before (`past_key_0`, ...),
and gives logits at the positions that are asked for: one graph reads prompts, generates, and scores sentences.

Shapes: B joint images, P patches, Q query tokens, D width, T tokens read now, S read before, K positions with logits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blip2idc.errors import ModelError
from blip2idc.model.onnx.graph import Graph

Shapes = Mapping[str, Sequence[int]]

VISION_INPUT, VISION_OUTPUT = "pixel_values", "patches"
QFORMER_OUTPUT = "prefix"
#: The embeddings of tokens.
WORDS = "language_model.model.decoder.embed_tokens.weight"
_PAST = ("past_key", "past_value")
_POSITION_OFFSET = 2  # OPT's table of positions begins with two that are not used
_ACTIVATIONS = {"gelu": "Gelu", "relu": "Relu"}


def vision_graph(config: Mapping[str, Any], shapes: Shapes, height: int, width: int) -> Graph:
    """Pixels [B, 3, H, W] -> patches [B, 1 + P, D].

    Args:
        config: `vision_config` of the checkpoint.
        shapes: Of the weights.
        height: Of joint images.
        width: Likewise.

    Raises:
        ModelError: The checkpoint does something that is not written down here.
    """
    graph = Graph("vision", shapes)
    size, patch, heads = config["hidden_size"], config["patch_size"], config["num_attention_heads"]
    rows, columns = height // patch, width // patch
    pixels = graph.input(VISION_INPUT, ["B", 3, height, width])
    at = "vision_model.embeddings."
    found = graph.op(
        "Conv",
        pixels,
        graph.weight(f"{at}patch_embedding.weight", [size, 3, patch, patch]),
        graph.weight(f"{at}patch_embedding.bias", [size]),
        kernel_shape=[patch, patch],
        strides=[patch, patch],
    )
    flat = graph.op("Reshape", found, graph.constant([0, size, rows * columns]))
    cells = graph.op("Transpose", flat, perm=[0, 2, 1])
    batch = graph.op("Shape", pixels, start=0, end=1)
    sizes = graph.op("Concat", batch, graph.constant([1, size]), axis=0)
    first = graph.op("Expand", graph.weight(f"{at}class_embedding", [1, 1, size]), sizes)
    states = graph.op("Concat", first, cells, axis=1)
    states = graph.op("Add", states, _positions(graph, f"{at}position_embedding", size, rows, columns))
    states = _flat(graph, states, size)
    for layer in range(config["num_hidden_layers"]):
        at = f"vision_model.encoder.layers.{layer}."
        normed = _norm(graph, states, f"{at}layer_norm1", config["layer_norm_eps"])
        mixed = _linear(graph, normed, f"{at}self_attn.qkv")
        parts = graph.op_many("Split", 3, mixed, axis=1, num_outputs=3)
        asked, keys, values = (_deep(graph, part, 1 + rows * columns, size) for part in parts)
        attended = _attention(graph, asked, keys, values, heads)
        states = graph.op(
            "Add", states, _linear(graph, _flat(graph, attended, size), f"{at}self_attn.projection")
        )
        normed = _norm(graph, states, f"{at}layer_norm2", config["layer_norm_eps"])
        grown = _act(graph, _linear(graph, normed, f"{at}mlp.fc1"), config["hidden_act"])
        states = graph.op("Add", states, _linear(graph, grown, f"{at}mlp.fc2"))
    states = _norm(graph, states, "vision_model.post_layernorm", config["layer_norm_eps"])
    told = _deep(graph, states, 1 + rows * columns, size)
    graph.output(VISION_OUTPUT, told, ["B", 1 + rows * columns, size])
    return graph


def qformer_graph(config: Mapping[str, Any], shapes: Shapes, patches: int) -> Graph:
    """Patches [B, 1 + P, D of the ViT] -> prefix [B, Q, D of the language model].

    Args:
        config: Of the whole checkpoint.
        shapes: Of the weights.
        patches: 1 + P.

    Raises:
        ModelError: The checkpoint does something that is not written down here.
    """
    own = config["qformer_config"]
    graph = Graph("qformer", shapes)
    size, heads, epsilon = own["hidden_size"], own["num_attention_heads"], own["layer_norm_eps"]
    seen_size, queries = own["encoder_hidden_size"], config["num_query_tokens"]
    seen = graph.input(VISION_OUTPUT, ["B", patches, seen_size])
    batch = graph.op("Shape", seen, start=0, end=1)
    asked = _norm(graph, graph.weight("query_tokens", [1, queries, size]), "qformer.layernorm", epsilon)
    sizes = graph.op("Concat", batch, graph.constant([queries, size]), axis=0)
    states = _flat(graph, graph.op("Expand", asked, sizes), size)
    seen = _flat(graph, seen, seen_size)
    for layer in range(own["num_hidden_layers"]):
        at = f"qformer.encoder.layer.{layer}."
        states = _qformer_attention(
            graph, f"{at}attention.", states, (states, queries), (queries, size), heads, epsilon
        )
        if layer % own["cross_attention_frequency"] == 0:
            states = _qformer_attention(
                graph, f"{at}crossattention.", states, (seen, patches), (queries, size), heads, epsilon
            )
        grown = _act(graph, _linear(graph, states, f"{at}intermediate_query.dense"), own["hidden_act"])
        grown = graph.op("Add", _linear(graph, grown, f"{at}output_query.dense"), states)
        states = _norm(graph, grown, f"{at}output_query.LayerNorm", epsilon)
    projected = _linear(graph, states, "language_projection")
    width = config["text_config"]["hidden_size"]
    graph.output(QFORMER_OUTPUT, _deep(graph, projected, queries, width), ["B", queries, width])
    return graph


def language_graph(config: Mapping[str, Any], shapes: Shapes) -> Graph:
    """OPT: prefix and token ids after what was read before -> logits and what it has read now.

    Inputs: `prefix` [B, Q, D], which may have no queries; `input_ids` [B, T]; `positions` [1, Q + T]; `mask`
    [B or 1, 1, Q + T, S + Q + T], added to attention; `keep` [K], positions from 0 to Q + T - 1; `past_key_N` and
    `past_value_N` [B, A, S, D / A] for each layer. Outputs: `logits` [B, K, V], `key_N`, `value_N`
    [B, A, S + Q + T, D / A].

    Args:
        config: `text_config` of the checkpoint.
        shapes: Of the weights.

    Raises:
        ModelError: The checkpoint does something that is not written down here.
    """
    check_language(config)
    graph = Graph("language", shapes)
    size, heads, words = config["hidden_size"], config["num_attention_heads"], config["vocab_size"]
    prefix = graph.input("prefix", ["B", "Q", size])
    ids = graph.input("input_ids", ["B", "T"], np.int64)
    positions = graph.input("positions", [1, "N"], np.int64)
    mask = graph.input("mask", ["M", 1, "N", "S_N"])
    keep = graph.input("keep", ["K"], np.int64)
    at = "language_model.model.decoder."
    table = graph.weight(WORDS, [words, size])
    read = graph.op("Concat", prefix, graph.op("Gather", table, ids), axis=1)
    places = graph.op("Add", positions, graph.constant(_POSITION_OFFSET))
    told = graph.op("Gather", graph.weight(f"{at}embed_positions.weight"), places)
    states = graph.op("Add", read, told)
    deep = graph.op("Shape", states)
    states = _flat(graph, states, size)
    for layer in range(config["num_hidden_layers"]):
        here = f"{at}layers.{layer}."
        normed = _norm(graph, states, f"{here}self_attn_layer_norm", 1e-5)
        parts = [
            graph.op("Reshape", _linear(graph, normed, f"{here}self_attn.{part}_proj"), deep)
            for part in "qkv"
        ]
        past = [graph.input(f"{name}_{layer}", ["B", heads, "S", size // heads]) for name in _PAST]
        attended, *present = graph.op_many(
            "Attention", 3, *parts, mask, *past, q_num_heads=heads, kv_num_heads=heads
        )
        for name, value in zip(_PAST, present, strict=True):
            told = f"{name.removeprefix('past_')}_{layer}"
            graph.output(told, value, ["B", heads, "S_N", size // heads])
        attended = _linear(graph, _flat(graph, attended, size), f"{here}self_attn.out_proj")
        states = graph.op("Add", states, attended)
        normed = _norm(graph, states, f"{here}final_layer_norm", 1e-5)
        grown = _act(graph, _linear(graph, normed, f"{here}fc1"), config["activation_function"])
        states = graph.op("Add", states, _linear(graph, grown, f"{here}fc2"))
    wanted = graph.op("Gather", graph.op("Reshape", states, deep), keep, axis=1)
    if not config.get("_remove_final_layer_norm"):
        wanted = _norm(graph, wanted, f"{at}final_layer_norm", 1e-5)
    head = "language_model.lm_head.weight"
    head = graph.weight(head, [words, size]) if head in shapes else table
    logits = graph.op("Gemm", _flat(graph, wanted, size), head, transB=1)
    count = graph.op("Concat", graph.constant([-1]), graph.op("Shape", keep), graph.constant([words]), axis=0)
    graph.output("logits", graph.op("Reshape", logits, count), ["B", "K", words])
    return graph


def check_language(config: Mapping[str, Any]) -> None:
    """Refuse a language model other than a pre-norm OPT.

    Raises:
        ModelError: It is one.
    """
    kind = config.get("model_type")
    if kind != "opt":
        raise ModelError(f"onnx: the language model is of type {kind!r}; expected 'opt'; use --engine torch")
    inner = config.get("word_embed_proj_dim", config["hidden_size"])
    if not config.get("do_layer_norm_before", True) or inner != config["hidden_size"]:
        raise ModelError(
            "onnx: the language model normalises after its layers (OPT-350m); use --engine torch"
        )


def _positions(graph: Graph, name: str, size: int, rows: int, columns: int) -> str:
    """Position embeddings [1, 1 + P, D], interpolated as transformers does where there are more or fewer patches."""
    table = graph.weight(name)
    own = int(graph.shapes[name][1]) - 1
    side = round(own**0.5)
    if (rows, columns) == (side, side):
        return table
    first, rest = (
        graph.op("Slice", table, graph.constant([start]), graph.constant([end]), graph.constant([1]))
        for start, end in ((0, 1), (1, 1 + own))
    )
    square = graph.op("Reshape", rest, graph.constant([1, side, side, size]))
    square = graph.op("Transpose", square, perm=[0, 3, 1, 2])
    sizes = graph.constant([1, size, rows, columns])
    resized = graph.op("Resize", square, "", "", sizes, mode="cubic", cubic_coeff_a=-0.75)
    resized = graph.op("Transpose", resized, perm=[0, 2, 3, 1])
    flat = graph.op("Reshape", resized, graph.constant([1, rows * columns, size]))
    return graph.op("Concat", first, flat, axis=1)


def _qformer_attention(
    graph: Graph,
    at: str,
    states: str,
    read: tuple[str, int],
    queries: tuple[int, int],
    heads: int,
    epsilon: float,
) -> str:
    """Attention of the queries to themselves or to the patches, added and normalised."""
    count, size = queries
    asked = _deep(graph, _linear(graph, states, f"{at}attention.query"), count, size)
    keys, values = (
        _deep(graph, _linear(graph, read[0], f"{at}attention.{part}"), read[1], size)
        for part in ("key", "value")
    )
    attended = _flat(graph, _attention(graph, asked, keys, values, heads), size)
    mixed = graph.op("Add", _linear(graph, attended, f"{at}output.dense"), states)
    return _norm(graph, mixed, f"{at}output.LayerNorm", epsilon)


def _attention(graph: Graph, queries: str, keys: str, values: str, heads: int) -> str:
    """Attention without a mask, [B, N, D] each."""
    return graph.op("Attention", queries, keys, values, q_num_heads=heads, kv_num_heads=heads)


def _linear(graph: Graph, states: str, name: str) -> str:
    """A linear layer of the checkpoint, on [N, D]."""
    bias = f"{name}.bias"
    inputs = [graph.weight(f"{name}.weight"), *([graph.weight(bias)] if bias in graph.shapes else [])]
    return graph.op("Gemm", states, *inputs, transB=1)


def _norm(graph: Graph, states: str, name: str, epsilon: float) -> str:
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.op("LayerNormalization", states, weight, bias, epsilon=float(epsilon), axis=-1)


def _act(graph: Graph, states: str, name: str) -> str:
    if name not in _ACTIVATIONS:
        known = " or ".join(_ACTIVATIONS)
        raise ModelError(f"onnx: an activation function is {name!r}; expected {known}; use --engine torch")
    return graph.op(_ACTIVATIONS[name], states)


def _flat(graph: Graph, states: str, size: int) -> str:
    """[B, N, D] -> [B * N, D]."""
    return graph.op("Reshape", states, graph.constant([-1, size]))


def _deep(graph: Graph, states: str, count: int, size: int) -> str:
    """[B * N, D] -> [B, N, D]."""
    return graph.op("Reshape", states, graph.constant([-1, count, size]))
