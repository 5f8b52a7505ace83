"""Load a backbone: a hub id or a folder in, the `Backbone` of its family out.

For every command that runs or trains a model. Only tensors are read (safetensors, or `torch.load(weights_only=True)`
where a checkpoint has nothing else), and no code of a repository is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blip2idc.errors import ModelError
from blip2idc.model.backbone import Backbone
from blip2idc.model.blip2 import BLIP2, read_blip2
from blip2idc.model.chat.backbone import FAMILIES, read_chat
from blip2idc.model.files.checkpoint import ModelSource, loading, refuse_misspelt_folder
from blip2idc.model.files.foreign import read_object
from blip2idc.model.files.packaged import TINY_MODEL, TINY_NAME, is_packaged
from blip2idc.model.layers.products import use_faster_products
from blip2idc.runtime import choose_device, choose_dtype

#: Revisions that this software was written against; used where the caller names none.
PINNED_REVISIONS = {"Salesforce/blip2-opt-2.7b": "51572668da0eb669e01a189dc22abe6088589a24"}

ATTENTION_BACKENDS = ("sdpa", "eager", "flex_attention")


def load_backbone(
    model: str | Path | None = None,
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    attention: str | None = None,
    in_float32: bool = False,
) -> Backbone:
    """Load a checkpoint and check that its parts agree.

    Args:
        model: Hub id or folder; None for the tiny model in the package.
        revision: Commit on the hub; None for the pinned one where there is one.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: `auto`, `float32`, `bfloat16`.
        attention: `sdpa`, `eager`, `flex_attention` (GPU) or None for transformers' own choice.
        in_float32: Let a BLIP-2 on a CPU compute in float32 whatever the type of its weights.

    Returns:
        The backbone, in evaluation mode.

    Raises:
        ModelError: There is no such model, its weights are incomplete, or its parts disagree.
    """
    source = locate_model(model, revision)
    check_attention(attention)
    device_choice = choose_device(device)
    if attention == "flex_attention" and device_choice.value == "cpu":
        raise ModelError(
            "attention 'flex_attention' on device cpu: torch 2.13 crashes there; choose sdpa or eager, or a GPU"
        )
    dtype_choice = choose_dtype(dtype, device_choice.value)
    values = _config_values(source)
    kind = values.get("model_type")
    backbone: Backbone
    if kind in FAMILIES:
        backbone = read_chat(source, values, device_choice, dtype_choice, attention)
    else:
        backbone = read_blip2(source, values, device_choice, dtype_choice, attention, in_float32=in_float32)
    use_faster_products(backbone.model)
    return backbone


def _config_values(source: ModelSource) -> dict[str, Any]:
    from transformers import PretrainedConfig

    if source.folder is not None:
        read_object(source.folder / "config.json", f"model '{source.name}'")
    with loading(source):
        values, _ = PretrainedConfig.get_config_dict(source.location, revision=source.revision)
    values = values if isinstance(values, dict) else {}
    if values.get("model_type") not in {BLIP2, *FAMILIES}:
        raise ModelError(
            f"model '{source.name}': its config.json says model_type '{values.get('model_type')}', but a BLIP-2"
            f" ('{BLIP2}') is needed, or one of {', '.join(FAMILIES)}; give such a checkpoint"
        )
    return values


def locate_model(model: str | Path | None, revision: str | None = None) -> ModelSource:
    """Decide between the packaged model, a folder and a hub id.

    Args:
        model: What the user gave; None or `tiny` for the packaged model.
        revision: What the user gave.

    Raises:
        ModelError: It is neither a folder nor possibly a hub id.
    """
    if is_packaged(model):
        return ModelSource(TINY_NAME, str(TINY_MODEL / "backbone"))
    name = str(model)
    if Path(name).is_dir():
        return ModelSource(name, name)
    refuse_misspelt_folder("model", name)
    looks_like_path = not name or name.startswith((".", "/", "~")) or name.count("/") != 1 or "\\" in name
    if looks_like_path:
        raise ModelError(
            f"model '{name}': no such folder, and a hub id has the form owner/name; check --model"
        )
    return ModelSource(name, name, revision or PINNED_REVISIONS.get(name))


def check_attention(attention: str | None) -> None:
    """Refuse an attention backend that not every backbone can run.

    Raises:
        ModelError: It is not among `ATTENTION_BACKENDS`.
    """
    if attention is not None and attention not in ATTENTION_BACKENDS:
        raise ModelError(
            f"attention '{attention}': BLIP-2 runs with {', '.join(ATTENTION_BACKENDS)} (its Q-Former stays in float32,"
            " which rules flash attention out); choose one of these"
        )
