"""The weights of a checkpoint as numpy arrays, with an adapter merged in.

In: a folder with `model.safetensors` (or its shards and their index), and an adapter's folder. Out: shapes and places
of all weights without reading them, and their values in float32. An adapter is nothing but `W + scale * B @ A`; what is
more than that is merged by `blip2idc export`, which has PEFT do it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from blip2idc.errors import ModelError
from blip2idc.model.files.foreign import foreign, read_object
from blip2idc.model.onnx.graph import Place

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
CONFIDENCE = "adapter_confidence.safetensors"
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"

_LONGEST_HEADER = 100_000_000  # bytes, as safetensors has it
_PREFIX = "base_model.model."
_MORE_THAN_LORA = (
    "use_dora", "fan_in_fan_out", "modules_to_save", "lora_bias", "rank_pattern", "alpha_pattern",
    "layer_replication", "target_parameters", "trainable_token_indices",
)  # fmt: skip

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Weight:
    """A weight that was not read yet.

    Attributes:
        shape: Of it.
        dtype: As safetensors calls it: `F32`, `F16`, `BF16`.
        place: Where its bytes lie.
    """

    shape: tuple[int, ...]
    dtype: str
    place: Place


def list_weights(folder: Path, what: str) -> dict[str, Weight]:
    """All weights of a checkpoint.

    Args:
        folder: Of the checkpoint.
        what: For errors: ``model 'x'``.

    Raises:
        ModelError: There are no safetensors files, or they cannot be read.
    """
    if (folder / INDEX).is_file():
        files = sorted(set(map(str, (read_object(folder / INDEX, what).get("weight_map") or {}).values())))
    else:
        files = [WEIGHTS]
    found: dict[str, Weight] = {}
    for name in files:
        if Path(name).name != name or not (folder / name).is_file():
            raise ModelError(f"{what}: {name} is missing; the engine onnx reads safetensors from a folder")
        with foreign(what):
            found |= _list_file(folder / name)
    return found


def _list_file(path: Path) -> dict[str, Weight]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST_HEADER:
            raise ValueError(f"the header of {path.name} has {length:,} bytes")
        header: Mapping[str, Any] = json.loads(file.read(length))
    start = 8 + length
    return {
        name: Weight(
            tuple(entry["shape"]),
            entry["dtype"],
            Place(
                path.name,
                start + entry["data_offsets"][0],
                entry["data_offsets"][1] - entry["data_offsets"][0],
            ),
        )
        for name, entry in header.items()
        if name != "__metadata__"
    }


def read_weights(folder: Path, wanted: Iterable[str], what: str) -> Values:
    """The values of some weights, in float32.

    Args:
        folder: Of the checkpoint, or of an adapter.
        wanted: Their names.
        what: For errors.

    Raises:
        ModelError: They cannot be read, or are no floating point.
    """
    listed = list_weights(folder, what)
    return {name: _read(folder, listed[name], name, what) for name in wanted}


def _read(folder: Path, weight: Weight, name: str, what: str) -> np.ndarray:
    with foreign(what):
        path = folder / weight.place.file
        raw = np.fromfile(path, np.uint8, weight.place.length, offset=weight.place.offset)
        if weight.dtype == "F32":
            return raw.view("<f4").reshape(weight.shape)
        if weight.dtype == "F16":
            return raw.view("<f2").astype(np.float32).reshape(weight.shape)
        if weight.dtype == "BF16":  # the upper half of a float32
            return (raw.view("<u2").astype("<u4") << 16).view("<f4").reshape(weight.shape)
    raise ModelError(f"{what}: {name} is of type {weight.dtype}; expected F32, F16 or BF16")


def merge_lora(values: Values, adapter: Path) -> None:
    """Add a LoRA to the weights, in place.

    Args:
        values: Weight -> values.
        adapter: Folder that PEFT saved.

    Raises:
        ModelError: It is no plain LoRA, or does not fit.
    """
    what = f"adapter '{adapter}'"
    config = read_object(adapter / ADAPTER_CONFIG, what)
    more = [key for key in _MORE_THAN_LORA if config.get(key)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or more:
        raise ModelError(
            f"{what}: is more than a plain LoRA ({more[0] if more else config.get('peft_type')}); merge it with"
            " blip2idc export, and give the folder that it writes as --model"
        )
    matrices = _read_adapter(adapter, what)
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or not isinstance(alpha, int | float) or rank < 1:
        raise ModelError(f"{what}: r is {rank!r} and lora_alpha {alpha!r}; expected numbers; save it again")
    scale = alpha / (rank**0.5 if config.get("use_rslora") else rank)
    for name in sorted({key.rpartition(".lora_")[0] for key in matrices}):
        weight = f"{name}.weight"
        try:
            update = matrices[f"{name}.lora_B.weight"] @ matrices[f"{name}.lora_A.weight"]
            values[weight] = values[weight] + np.float32(scale) * update
        except (KeyError, ValueError):
            raise ModelError(f"{what}: does not fit {name}; it was trained for another model") from None
        if not np.isfinite(values[weight]).all():
            raise ModelError(f"{what}: {name} holds numbers that are not finite; train it again")


def read_confidence(folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Weights and bias of `confidence.Confidence` beside an adapter or a model; None where there are none.

    Raises:
        ModelError: The file holds something else.
    """
    path, what = folder / CONFIDENCE, str(folder / CONFIDENCE)
    if not path.is_file():
        return None
    with foreign(what):
        listed = _list_file(path)
        weights, bias = (_read(folder, listed[name], name, what) for name in ("weights", "bias"))
        if (
            weights.ndim != 1
            or bias.shape != (1,)
            or not np.isfinite(weights).all()
            or not np.isfinite(bias).all()
        ):
            raise ModelError(f"{what}: expected finite weights and one bias; delete it or fetch it anew")
    return weights, bias


def _read_adapter(folder: Path, what: str) -> Values:
    path = folder / ADAPTER_WEIGHTS
    if not path.is_file():
        raise ModelError(
            f"{what}: {ADAPTER_WEIGHTS} is missing; the engine onnx reads safetensors from a folder"
        )
    with foreign(what):
        listed = _list_file(path)
    return {name.removeprefix(_PREFIX): _read(folder, weight, name, what) for name, weight in listed.items()}
