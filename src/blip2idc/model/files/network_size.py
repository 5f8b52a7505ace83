"""How large a network a checkpoint describes, compared with the weights it brings, before it is built.

In: the values of a `config.json`. A network is built before its weights are found missing, so that a description of a
few bytes could ask for any memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from blip2idc.config import Range, check_values
from blip2idc.errors import ModelError

_LAYERS, _WIDTH, _HEADS, _WORDS = 500, 65_536, 1024, 10_000_000
_MOST: Mapping[str, int] = {
    "num_hidden_layers": _LAYERS, "num_layers": _LAYERS, "num_decoder_layers": _LAYERS,
    "hidden_size": _WIDTH, "d_model": _WIDTH, "d_kv": _WIDTH, "word_embed_proj_dim": _WIDTH,
    "encoder_hidden_size": _WIDTH, "num_attention_heads": _HEADS, "num_heads": _HEADS,
    "intermediate_size": 1_000_000, "ffn_dim": 1_000_000, "d_ff": 1_000_000,
    "vocab_size": _WORDS, "max_position_embeddings": 1_000_000, "image_size": 4096, "patch_size": 1024,
    "num_labels": 1_000_000,  # of which transformers makes a table
    "cross_attention_frequency": 500, "num_query_tokens": 4096,
}  # fmt: skip
_SIZES = {key: Annotated[int, Range(1, most)] for key, most in _MOST.items()}
_LEAST_BYTES_A_WEIGHT = 0.25  # half of what 4-bit quantisation takes
_PARTS = ("vision_config", "qformer_config", "text_config")


def check_shape(values: Mapping[str, Any], what: str) -> None:
    """Refuse sizes that are no numbers or beyond any model that sees.

    Args:
        values: Of a `config.json`.
        what: For errors.

    Raises:
        ModelError: One is refused.
    """
    check_values(values, _SIZES, what, ModelError)
    for part in _PARTS:
        inner = values.get(part)
        if inner is not None and not isinstance(inner, dict):
            raise ModelError(f"{what}: {part} is not an object")
        check_values(
            {key: _side(value) for key, value in (inner or {}).items()}, _SIZES, f"{what}, {part}", ModelError
        )


def _side(value: Any) -> Any:
    """One number for a square that is given as two, such as [448, 448]."""
    two_equal = isinstance(value, list) and len(value) == 2 and value[0] == value[1]
    return value[0] if two_equal else value


def check_promise(config: Any, folder: Path | None, what: str) -> None:
    """Refuse a folder whose description asks for many more weights than its files hold.

    Args:
        config: Of a network.
        folder: Of the checkpoint; on the hub the sizes of files are not known yet, and nothing is checked.
        what: For errors.

    Raises:
        ModelError: It does.
    """
    if folder is None:
        return
    held = sum(file.stat().st_size for kind in ("*.safetensors", "*.bin") for file in folder.glob(kind))
    promised = sum(_weights(getattr(config, part, None)) for part in _PARTS)
    if held and promised * _LEAST_BYTES_A_WEIGHT > held:
        raise ModelError(
            f"{what}: its config.json describes {promised:,} weights, but its files hold {held:,} bytes; give a "
            "complete checkpoint"
        )


def _weights(part: Any) -> int:
    """About how many weights a transformer has: attention, feed-forward and words."""
    width = _first(part, "hidden_size", "d_model")
    layers = _first(part, "num_hidden_layers", "num_layers") + (
        getattr(part, "num_decoder_layers", None) or 0
    )
    inner = _first(part, "intermediate_size", "ffn_dim", "d_ff")
    return int(layers * (4 * width**2 + 2 * width * inner) + (getattr(part, "vocab_size", None) or 0) * width)


def _first(part: Any, *names: str) -> int:
    return next((value for name in names if isinstance(value := getattr(part, name, None), int)), 0)
