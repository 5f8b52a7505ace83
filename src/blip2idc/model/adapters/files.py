"""Saved adapters: found, read, and checked before they come near a network.

In: a folder or a hub id. Out: `AdapterWeights`, whose configuration is in range and whose tensors are pairs of finite
matrices of the rank that it states. Only tensors are read, never pickled code.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch

from blip2idc.config import Range, check_values
from blip2idc.errors import ModelError
from blip2idc.model.confidence import Confidence, read_confidence
from blip2idc.model.files.checkpoint import hub_reason, refuse_misspelt_folder
from blip2idc.model.files.foreign import foreign, read_object
from blip2idc.model.files.settings import CaptionerSettings, read_settings

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
PICKLED_WEIGHTS_FILE = "adapter_model.bin"

#: Before the names of tensors in PEFT's files.
PREFIX = "base_model.model."
#: Keys of a configuration that make more than two matrices a module of it.
BEYOND_PLAIN_LORA = (
    "use_dora",
    "fan_in_fan_out",
    "modules_to_save",
    "lora_bias",
    "rank_pattern",
    "alpha_pattern",
)
_NEVER = ("layer_replication", "target_parameters", "trainable_token_indices")
_RANGES: Mapping[str, Any] = {
    "r": Annotated[int, Range(1, 4096)],
    "lora_alpha": Annotated[float, Range(-1e6, 1e6)],
    "lora_dropout": Annotated[float, Range(0, 1)],
}
_LARGEST_PATTERN = 1000  # modules named by rank_pattern or alpha_pattern
_MODULE_NAME = re.compile(r"[A-Za-z0-9_.]+")  # peft takes the keys as regular expressions


@dataclass(frozen=True)
class AdapterWeights:
    """A saved adapter, read but not yet applied.

    Attributes:
        name: As the user wrote it.
        config: Content of `adapter_config.json`.
        tensors: Module path and matrix (`<module>.lora_A.weight`) -> values.
        settings: Content of `blip2idc.json`, None where there is none.
        confidence: Content of `adapter_confidence.safetensors`, None where there is none.
    """

    name: str
    config: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor] = field(repr=False)
    settings: CaptionerSettings | None = None
    confidence: Confidence | None = None

    @property
    def plain(self) -> bool:
        """Whether it is nothing but `W + scale * B @ A`."""
        return self.config.get("bias", "none") == "none" and not any(
            self.config.get(key) for key in BEYOND_PLAIN_LORA
        )

    @property
    def scale(self) -> float:
        """Factor of the update."""
        rank = float(self.config["r"])
        return float(self.config["lora_alpha"]) / (rank**0.5 if self.config.get("use_rslora") else rank)


def read_adapter(name: str | Path) -> AdapterWeights:
    """Read an adapter from a folder or the hub, tensors only.

    Args:
        name: Folder or hub id.

    Raises:
        ModelError: It is missing or incomplete, not a LoRA, out of range, or its weights are pickled with code.
    """
    what = f"adapter '{name}'"
    folder = _locate(str(name))
    config_path = folder / CONFIG_FILE
    if not config_path.is_file():
        raise ModelError(f"{what}: has no {CONFIG_FILE}; give a folder that PEFT or this program saved")
    config = read_object(config_path, what)
    _check_config(config, what)
    tensors = {key.removeprefix(PREFIX): value for key, value in _read_tensors(folder, str(name)).items()}
    _check_tensors(tensors, config, what)
    return AdapterWeights(str(name), config, tensors, read_settings(folder), read_confidence(folder))


def adapted_modules(adapter: AdapterWeights) -> list[str]:
    """Names of the modules that an adapter has matrices for.

    Raises:
        ModelError: Its tensors are not pairs of matrices.
    """
    names = [key.removesuffix(".lora_A.weight") for key in adapter.tensors if key.endswith(".lora_A.weight")]
    expected = {f"{name}.lora_{matrix}.weight" for name in names for matrix in "AB"}
    if not names or expected != set(adapter.tensors):
        odd = sorted(expected.symmetric_difference(adapter.tensors))[:1] or ["none"]
        raise ModelError(
            f"adapter '{adapter.name}': its tensors are not pairs of lora_A and lora_B (first odd one: {odd[0]})"
        )
    return names


def _check_config(config: Mapping[str, Any], what: str) -> None:
    if config.get("peft_type") != "LORA":
        raise ModelError(f"{what}: peft_type is {config.get('peft_type')!r}; expected 'LORA'")
    for key in ("r", "lora_alpha"):
        if config.get(key) is None:
            raise ModelError(f"{what}: its {CONFIG_FILE} lacks {key}; save it again")
    check_values(config, _RANGES, f"{what}: {CONFIG_FILE}", ModelError)
    for key in _NEVER:
        if config.get(key):
            raise ModelError(f"{what}: uses {key}, which is not supported; expected a plain LoRA")
    if config.get("bias", "none") not in ("none", "all", "lora_only"):
        raise ModelError(f"{what}: bias is {config['bias']!r}; expected 'none', 'all' or 'lora_only'")
    for key in ("rank_pattern", "alpha_pattern"):
        pattern = config.get(key) or {}
        if not isinstance(pattern, dict) or len(pattern) > _LARGEST_PATTERN:
            raise ModelError(f"{what}: {key} is not an object of up to {_LARGEST_PATTERN} modules")
        odd = [name for name in pattern if not _MODULE_NAME.fullmatch(name)]
        if odd:
            raise ModelError(f"{what}: {key} names {odd[0]!r}; expected names of modules, no patterns")
        limits = _RANGES["r" if key == "rank_pattern" else "lora_alpha"]
        check_values(pattern, dict.fromkeys(pattern, limits), f"{what}: {key}", ModelError)


def _check_tensors(tensors: Mapping[str, torch.Tensor], config: Mapping[str, Any], what: str) -> None:
    """Matrices of the stated rank, with finite numbers; that they come in pairs is checked where they are used."""
    if not tensors:
        raise ModelError(f"{what}: holds no tensors; save it again")
    for name, tensor in tensors.items():
        if tensor.ndim != 2 or not tensor.dtype.is_floating_point or tensor.layout != torch.strided:
            shape = "x".join(map(str, tensor.shape)) or "a single number"
            raise ModelError(
                f"{what}: {name} is {shape} of {tensor.dtype}; expected a matrix of floating point"
            )
        rank = tensor.shape[0] if name.endswith("lora_A.weight") else tensor.shape[1]
        if not config.get("rank_pattern") and rank != config["r"]:
            raise ModelError(f"{what}: {name} has rank {rank}, but r is {config['r']} in {CONFIG_FILE}")
        if not bool(torch.isfinite(tensor.float()).all()):
            raise ModelError(f"{what}: {name} holds numbers that are not finite; train it again")


def _locate(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelError(
            f"adapter '{name}': no such folder, and a hub id has the form owner/name; check --adapter"
        )
    refuse_misspelt_folder("adapter", name)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=["adapter_*", "blip2idc.json", "README.md"]))
    except (OSError, ValueError) as error:
        raise ModelError(f"adapter '{name}': {hub_reason(error)}; check --adapter") from error


def _read_tensors(folder: Path, name: str) -> dict[str, torch.Tensor]:
    if (folder / WEIGHTS_FILE).is_file():
        from safetensors.torch import load_file

        try:
            return dict(load_file(folder / WEIGHTS_FILE))
        except Exception as error:  # SafetensorError, and whatever a header of odd types or shapes leads to
            raise ModelError(
                f"adapter '{name}': {WEIGHTS_FILE} cannot be read: {error}; save it again"
            ) from error
    path = folder / PICKLED_WEIGHTS_FILE
    if not path.is_file():
        raise ModelError(f"adapter '{name}': has neither {WEIGHTS_FILE} nor {PICKLED_WEIGHTS_FILE}")
    _check_archive(path, name)
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # text, a half file, a pickle of something else: each raises its own kind
        raise ModelError(
            f"adapter '{name}': {PICKLED_WEIGHTS_FILE} is damaged or holds code besides tensors, which is never run;"
            " convert it to safetensors where you trust it"
        ) from error
    if not isinstance(values, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in values.items()
    ):
        raise ModelError(f"adapter '{name}': {PICKLED_WEIGHTS_FILE} holds something other than named tensors")
    return values


def _check_archive(path: Path, name: str) -> None:
    """Refuse an archive that unpacks to more than it is; torch stores tensors as they are."""
    with foreign(f"adapter '{name}'"):
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ModelError(
                    f"adapter '{name}': {PICKLED_WEIGHTS_FILE} is compressed, which torch does not do; save it again"
                )
