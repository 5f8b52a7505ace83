"""LoRA adapters: attach, save, load, merge. The only importer of peft.

In: a backbone, and either a rank or the folder (or hub id) of a saved adapter. Out: a network with trainable
adapter weights, a folder in PEFT's own format with `blip2idc.json` and a model card, or a backbone with the
adapter merged in. Adapters trained elsewhere load as well, the published BLIP2IDC ones (PEFT 0.5,
`adapter_model.bin`) among them; only tensors are read, never pickled code. Merging a plain LoRA needs no peft, so
that captions start quickly.

Paper: Hu et al., LoRA, ICLR 2022, arXiv 2106.09685; Evennou et al., WACV 2025, arXiv 2412.15939 (which
projections).
"""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch

from blip2idc.config import Range, check_ranges
from blip2idc.errors import ConfigError, ModelError
from blip2idc.model.adapters.card import adapter_card
from blip2idc.model.adapters.files import (
    BEYOND_PLAIN_LORA,
    CONFIG_FILE,
    PREFIX,
    WEIGHTS_FILE,
    AdapterWeights,
    adapted_modules,
    read_adapter,
)
from blip2idc.model.backbone import Backbone, Projections
from blip2idc.model.files.foreign import foreign
from blip2idc.model.files.settings import CaptionerSettings, write_settings
from blip2idc.runs.files import atomic_path, atomic_write

__all__ = [
    "PARTS",
    "AdapterWeights",
    "LoraSettings",
    "attach_adapter",
    "count_parameters",
    "describe_parameters",
    "find_targets",
    "load_adapter",
    "merge_adapter",
    "read_adapter",
    "save_adapter",
]

#: Parts of a backbone that an adapter can be put on; what each consists of, `Backbone.projections` says.
PARTS = ("vision", "qformer", "language")

#: Weights below which a backbone has too little in it to be taught new sentences by its attention alone.
SMALL_BACKBONE = 100_000_000

#: What of a saved configuration reaches peft: nothing that it would search modules by, or start a computation for.
_PASSED_ON = ("r", "lora_alpha", "lora_dropout", "bias", "use_rslora", "task_type", *BEYOND_PLAIN_LORA)


@dataclass(frozen=True)
class LoraSettings:
    """What to adapt, and how.

    Attributes:
        rank: Inner dimension r of the update B @ A; None for what fits the backbone's size.
        alpha: Strength; the update is scaled by alpha / r. None for 2r, as in the paper.
        dropout: On the adapter's input, in training.
        parts: Among `PARTS`; those that the backbone does not have are passed over.
        layers: `attention` adapts query, key and value, as in the paper; `linear` every linear layer, the one that
            chooses words included; None for what fits the backbone's size. Where a backbone's last layer shares its
            weights with its input embeddings, peft's own merging would change these as well; `merge_adapter` does not.
    """

    rank: Annotated[int, Range(1, 4096)] | None = None
    alpha: Annotated[int, Range(1, 1_000_000)] | None = None
    dropout: Annotated[float, Range(0, 1, below=True)] | None = None
    parts: tuple[str, ...] = PARTS
    layers: Literal["attention", "linear"] | None = None

    def __post_init__(self) -> None:
        check_ranges(self, "lora.")
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown or not self.parts:
            raise ConfigError(
                f"lora parts are {list(self.parts)!r}; expected one or more of {', '.join(PARTS)}"
            )

    @property
    def effective_alpha(self) -> int:
        """Alpha, 2r unless given."""
        return 2 * (self.rank or _PAPER["rank"]) if self.alpha is None else self.alpha

    def fitted(self, parameters: int) -> LoraSettings:
        """The settings for a backbone of so many weights: what is None is filled in.

        The paper's rank 16 on attention for BLIP-2 as released; for a small backbone rank 32 on every linear layer and
        no dropout, with which the packaged one learns sentences it never said (`benchmarks/own_data.py`).
        """
        defaults = _SMALL if parameters < SMALL_BACKBONE else _PAPER
        missing = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        return replace(self, **missing)


_PAPER: dict[str, Any] = {"rank": 16, "dropout": 0.05, "layers": "attention"}
_SMALL: dict[str, Any] = {"rank": 32, "dropout": 0.0, "layers": "linear"}


def find_targets(
    model: torch.nn.Module,
    projections: Mapping[str, Projections],
    parts: Sequence[str] = PARTS,
    layers: str | None = "attention",
) -> dict[str, list[str]]:
    """Names of the projections to adapt, read off the loaded network.

    Args:
        model: The network.
        projections: Of its family, from `Backbone.projections`.
        parts: Among `PARTS`; those that its family does not have are passed over.
        layers: `attention` or `linear`.

    Returns:
        Part -> module paths.

    Raises:
        ModelError: The family has none of the parts, or one of them has no such projection.
    """
    there = [part for part in parts if part in projections]
    if not there:
        raise ModelError(
            f"adapter: the backbone has no part called {' or '.join(parts)}; expected {' or '.join(projections)}"
        )
    found: dict[str, list[str]] = {}
    for part in there:
        where, leaves = projections[part].where, projections[part].attention
        pattern = re.compile(projections[part].pattern(layers))
        found[part] = [
            name
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and pattern.fullmatch(name)
        ]
        if not found[part]:
            raise ModelError(
                f"adapter: no module of the backbone is called {where.replace(chr(92), '')}*.({leaves}), so the part"
                f" '{part}' has nothing to adapt; leave it out or use another checkpoint of its family"
            )
    return found


def attach_adapter(backbone: Backbone, settings: LoraSettings, seed: int = 0) -> tuple[Backbone, str]:
    """Freeze the backbone and add fresh adapter weights (A random, B zero: nothing changes yet).

    Args:
        backbone: Left as it is but for the wrapping of its projections.
        settings: Rank and parts.
        seed: Of the A matrices.

    Returns:
        The backbone with a trainable `PeftModel` inside, and one line that says how many modules matched.
    """
    from peft import LoraConfig, get_peft_model

    settings = settings.fitted(backbone.parameter_count())
    targets = find_targets(backbone.model, backbone.projections, settings.parts, settings.layers)
    assert settings.rank is not None  # fitted, as is the dropout
    assert settings.dropout is not None
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.effective_alpha,
        lora_dropout=settings.dropout,
        bias="none",
        target_modules="|".join(
            f"({backbone.projections[part].pattern(settings.layers)})" for part in targets
        ),
    )
    devices = [backbone.model.device] if backbone.model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        with _without_foreign_warnings():
            model: Any = get_peft_model(backbone.model, config)
    model.peft_config[
        "default"
    ].base_model_name_or_path = backbone.source.name  # as told to us, not where it was found
    model.peft_config["default"].revision = backbone.source.revision
    expected = sorted(name for names in targets.values() for name in names)
    matched = sorted(name for name in model.base_model.targeted_module_names)
    if matched != expected:
        raise ModelError(
            f"adapter: peft matched {len(matched)} modules where {len(expected)} were meant; report this as a bug"
        )
    counts = ", ".join(f"{part} {len(names)}" for part, names in targets.items())
    return backbone.with_model(model), f"adapter: rank {settings.rank} on {len(expected)} modules ({counts})"


def describe_parameters(model: torch.nn.Module) -> str:
    """One line: trainable and total parameters."""
    trainable, total = count_parameters(model)
    return f"parameters: {trainable:,} trainable of {total:,} ({100 * trainable / total:.3g} %)"


def count_parameters(model: torch.nn.Module) -> tuple[int, int]:
    """(trainable, total) number of weights."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, trainable in sizes if trainable), sum(size for size, _ in sizes)


def save_adapter(model: Any, folder: Path, settings: CaptionerSettings) -> Path:
    """Save an adapter for us and for plain peft: the folder appears whole or not at all.

    Args:
        model: A `PeftModel`.
        folder: Where to; replaced if it is there.
        settings: Written as `blip2idc.json` and told in the model card.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    config = model.peft_config["default"]
    values = {**config.to_dict(), "inference_mode": True}
    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    with atomic_path(folder) as partial:
        partial.mkdir()
        prepared = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(prepared, partial / WEIGHTS_FILE, metadata={"format": "pt"})
        with atomic_write(partial / CONFIG_FILE) as handle:
            json.dump(values, handle, indent=2, sort_keys=True, default=_json_value)
            handle.write("\n")
        write_settings(partial, settings)
        with atomic_write(partial / "README.md") as handle:
            kind = model.base_model.model.config.model_type
            handle.write(adapter_card(values, settings, *count_parameters(model), kind))
    return folder


def _json_value(value: object) -> Any:
    """Sets become lists and enumerations their names, as peft writes them."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return getattr(value, "value", None) or str(value)


def merge_adapter(backbone: Backbone, adapter: AdapterWeights) -> Backbone:
    """Add an adapter to the weights of a backbone, in place, so that it runs at the backbone's own speed.

    Raises:
        ModelError: The adapter names modules or shapes that the backbone does not have.
    """
    if not adapter.plain:
        return backbone.with_model(load_adapter(backbone, adapter).model.merge_and_unload().eval())
    modules = dict(backbone.model.named_modules())
    with torch.no_grad():
        for name in adapted_modules(adapter):
            _untie(backbone, modules.get(name))
            weight = _weight_of(modules.get(name), name, adapter, backbone)
            down = adapter.tensors[f"{name}.lora_A.weight"].to(weight.device, torch.float32)  # [r, in]
            up = adapter.tensors[f"{name}.lora_B.weight"].to(weight.device, torch.float32)  # [out, r]
            if weight.shape != (up.shape[0], down.shape[1]):
                raise ModelError(
                    f"adapter '{adapter.name}': its update of {name} is {up.shape[0]}x{down.shape[1]}, but the module"
                    f" in '{backbone.source.name}' is {weight.shape[0]}x{weight.shape[1]}; use the one it was made for"
                )
            weight.copy_((weight.float() + adapter.scale * (up @ down)).to(weight.dtype))
    return backbone


def _untie(backbone: Backbone, module: torch.nn.Module | None) -> None:
    """Give a layer that shares its weights with the input embeddings weights of its own: only it is adapted."""
    embeddings = backbone.language_model.get_input_embeddings()
    if isinstance(module, torch.nn.Linear) and module.weight is embeddings.weight:
        module.weight = torch.nn.Parameter(module.weight.detach().clone(), requires_grad=False)


def _weight_of(
    module: torch.nn.Module | None, name: str, adapter: AdapterWeights, backbone: Backbone
) -> torch.Tensor:
    if not isinstance(module, torch.nn.Linear):
        raise ModelError(
            f"adapter '{adapter.name}': adapts {name}, which '{backbone.source.name}' does not have;"
            " use the backbone it was trained on"
        )
    return module.weight


def load_adapter(backbone: Backbone, adapter: AdapterWeights, *, trainable: bool = False) -> Backbone:
    """Put a saved adapter on a backbone without merging, through peft.

    Args:
        backbone: Of the kind that the adapter was trained on.
        adapter: From `read_adapter`.
        trainable: Go on training it.

    Returns:
        The backbone with a `PeftModel` inside.
    """
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

    settings = {
        key: value for key, value in adapter.config.items() if key in _PASSED_ON and value is not None
    }
    settings["inference_mode"] = not trainable
    modules = dict(backbone.model.named_modules())
    names = adapted_modules(adapter)
    for name in names:
        _weight_of(modules.get(name), name, adapter, backbone)
    # The modules are known from the tensors; `target_modules` may be a regular expression that never ends.
    settings["target_modules"] = names
    with _without_foreign_warnings(), foreign(f"adapter '{adapter.name}'"):
        model: Any = get_peft_model(backbone.model, LoraConfig(**settings))
        state = {f"{PREFIX}{key}": value for key, value in adapter.tensors.items()}
        outcome: Any = set_peft_model_state_dict(model, state)
    missing = [key for key in outcome.missing_keys if "lora_" in key]
    if missing or outcome.unexpected_keys:
        first = (missing or outcome.unexpected_keys)[0]
        raise ModelError(
            f"adapter '{adapter.name}': does not fit '{backbone.source.name}' (first difference: {first});"
            " use the backbone it was trained on"
        )
    return backbone.with_model(model if trainable else model.eval())


@contextlib.contextmanager
def _without_foreign_warnings() -> Iterator[None]:
    """Hide peft's use of a name that transformers renamed, and its word on layers whose weights are shared.

    Neither concerns the user: `merge_adapter` gives such a layer weights of its own before it changes them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Model has `tie_word_embeddings=True`", UserWarning)
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield
