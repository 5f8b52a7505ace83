"""Malformed manifests, adapters, settings, recipes, predictions and references: nothing but a sentence of ours.

python -m benchmarks.attacks.files --count 2000 --seed 1
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.attacks.mutate import mutated
from benchmarks.attacks.watch import Use, attack, command

Reader = Callable[[Path], object]

_RECORD = {
    "id": "1", "before_file_name": "images/1_before.png", "after_file_name": "images/1_after.png",
    "captions": ["a dog"], "change": {"kind": "color"},
    "before_box": [1, 2, 3, 4], "after_box": None, "source": "scenes", "empty_references": 1,
}  # fmt: skip
_CHAT = {
    "images": ["a.png", "b.png"],
    "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "x"}],
}
_ADAPTER = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 4,
    "target_modules": ["qkv"],
    "bias": "none",
    "rank_pattern": {},
}
_RECIPES = Path(__file__).parents[2] / "recipes"


def _recipe() -> bytes:
    return (_RECIPES / "lora.yaml").read_bytes()


def _lines(*values: Any) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def make_uses(seed: int) -> list[Use]:
    """Write a mutant and read it as what it was."""
    import torch
    from safetensors.torch import save

    from blip2idc.config import load_config
    from blip2idc.data.records import read_records
    from blip2idc.evaluation.inputs import read_predictions, read_references
    from blip2idc.model.adapters.files import read_adapter
    from blip2idc.model.files.settings import CaptionerSettings, read_settings
    from blip2idc.training.recipe import TrainConfig

    folder = Path(tempfile.mkdtemp(prefix="attack-"))
    name = "base_model.model.x.qkv"
    weights = {f"{name}.lora_A.weight": torch.zeros(2, 4), f"{name}.lora_B.weight": torch.zeros(6, 2)}
    (folder / "pickled").mkdir()
    torch.save(weights, folder / "pickled/adapter_model.bin")
    pickled = (folder / "pickled/adapter_model.bin").read_bytes()
    settings = json.dumps(CaptionerSettings().to_dict()).encode()
    adapter = {
        "adapter_config.json": json.dumps(_ADAPTER).encode(),
        "adapter_model.safetensors": save(weights),
        "blip2idc.json": settings,
    }

    def adapter_with(changed: str, whole: dict[str, bytes]) -> tuple[bytes, str, Reader, dict[str, bytes]]:
        others = {file: content for file, content in whole.items() if file != changed}
        return whole[changed], changed, lambda path: read_adapter(path.parent), others

    unsafe = {"adapter_config.json": adapter["adapter_config.json"], "adapter_model.bin": pickled}
    predictions = json.dumps([{"image_id": str(n), "caption": "a dog"} for n in range(3)]).encode()
    coco = {"images": [{"id": 1}], "annotations": [{"id": 1, "image_id": 1, "caption": "a dog"}]}
    kinds: list[tuple[bytes, str, Reader, dict[str, bytes]]] = [
        (_lines(_RECORD, {**_RECORD, "id": "2"}), "metadata.jsonl", read_records, {}),
        (_lines(_CHAT, _CHAT), "chat.jsonl", read_records, {}),
        *(adapter_with(changed, adapter) for changed in adapter),
        adapter_with("adapter_model.bin", unsafe),
        (settings, "blip2idc.json", lambda path: read_settings(path.parent), {}),
        (_recipe(), "recipe.yaml", lambda path: load_config(TrainConfig, path), {}),
        (predictions, "predictions.json", read_predictions, {}),
        (_lines({"image_id": 1, "caption": "x"}), "predictions.jsonl", read_predictions, {}),
        (json.dumps(coco).encode(), "coco.json", read_references, {}),
        (json.dumps({"1": ["a dog"], "2": ["a cat"]}).encode(), "references.json", read_references, {}),
    ]

    def use(number: int) -> None:
        rng = np.random.default_rng([seed, number])
        content, file, read, others = kinds[number % len(kinds)]
        place = folder / str(number % len(kinds))
        place.mkdir(exist_ok=True)
        for other, beside in others.items():
            (place / other).write_bytes(beside)
        (place / file).write_bytes(mutated(content, rng, text=not file.endswith((".safetensors", ".bin"))))
        read(place / file)

    return [use]


def run(count: int, seed: int) -> dict[str, Any]:
    """Read `count` mutants; what came of them."""
    return attack(make_uses, (seed,), count)


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, 2000))
