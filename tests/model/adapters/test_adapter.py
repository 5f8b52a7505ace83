"""Adapters by invariants: fresh = off = base, merged = unmerged != base, saved = loaded, ours = peft's."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from tests.fixtures.checkpoints import random_images
from tests.fixtures.tiny_blip2 import QUERY_TOKENS
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
)

from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.adapters.adapter import (
    AdapterWeights,
    LoraSettings,
    attach_adapter,
    count_parameters,
    describe_parameters,
    find_targets,
    load_adapter,
    merge_adapter,
    read_adapter,
    save_adapter,
)
from blip2idc.model.backbone import Backbone
from blip2idc.model.blip2 import PROJECTIONS
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.settings import Calibration, CaptionerSettings, read_settings
from blip2idc.model.loading import load_backbone

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)  # in peft

PLAN = LoraSettings(rank=4, dropout=0.05, layers="attention")
EVERY_LAYER = LoraSettings(rank=4, layers="linear")
SETTINGS = CaptionerSettings(
    layout=JointLayout("vertical", 32, 32), calibration=Calibration(0.5, 0.1, 0.4, 20, 0.9)
)


def logits(backbone: Backbone) -> torch.Tensor:
    """Of a fixed batch."""
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(2, 3, 32, 32, generator=generator)
    text_format = backbone.text_format
    tokens = torch.tensor(
        [[text_format.image_token_id] * QUERY_TOKENS + [text_format.start_token_id, 8, 9, 10]] * 2
    )
    inputs: dict[str, Any] = {"pixel_values": pixels.to(backbone.model.dtype), "input_ids": tokens}
    if text_format.encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[0, 8, 9, 10]] * 2)
    with torch.no_grad():
        found: torch.Tensor = backbone.model.eval()(**inputs).logits
    return found


def randomised(backbone: Backbone, scale: float = 0.1) -> Backbone:
    """Give B, which starts at zero, values, so that the adapter does something."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in backbone.model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return backbone


@pytest.fixture
def saved(checkpoint: Path, tmp_path: Path) -> Path:
    backbone, _ = attach_adapter(load_backbone(checkpoint), PLAN)
    return save_adapter(randomised(backbone).model, tmp_path / "adapter", SETTINGS)


def test_fresh_adapter_is_the_base(checkpoint: Path) -> None:
    base = logits(load_backbone(checkpoint))
    adapted, _ = attach_adapter(load_backbone(checkpoint), PLAN)
    assert torch.allclose(logits(adapted), base, atol=1e-6)
    assert not torch.allclose(logits(randomised(adapted)), base, atol=1e-2), "with B non-zero it must differ"


def test_adapter_off_is_the_base(checkpoint: Path) -> None:
    base = logits(load_backbone(checkpoint))
    adapted, _ = attach_adapter(load_backbone(checkpoint), PLAN)
    randomised(adapted)
    with adapted.model.disable_adapter():
        assert torch.allclose(logits(adapted), base, atol=1e-6)
    assert not torch.allclose(logits(adapted), base, atol=1e-2)


def test_merged_is_unmerged_is_plain_peft(checkpoint: Path, saved: Path) -> None:
    base = logits(load_backbone(checkpoint))
    adapter = read_adapter(saved)
    merged = logits(merge_adapter(load_backbone(checkpoint), adapter))
    unmerged = logits(load_adapter(load_backbone(checkpoint), adapter))
    plain_backbone = load_backbone(checkpoint)
    plain = PeftModel.from_pretrained(plain_backbone.model, saved)
    by_peft = logits(plain_backbone.with_model(plain))
    merged_by_peft = logits(plain_backbone.with_model(plain.merge_and_unload()))
    for name, found in {
        "unmerged": unmerged,
        "plain peft": by_peft,
        "merged by peft": merged_by_peft,
    }.items():
        assert torch.allclose(merged, found, atol=1e-4), name
    assert not torch.allclose(merged, base, atol=1e-2)


def test_every_linear_layer_merged_is_unmerged_is_plain_peft(checkpoint: Path, tmp_path: Path) -> None:
    """The layer that chooses words shares its weights with the input embeddings in OPT: merging changes it alone."""
    backbone, _ = attach_adapter(load_backbone(checkpoint), EVERY_LAYER)
    adapter = read_adapter(save_adapter(randomised(backbone, 0.05).model, tmp_path / "adapter", SETTINGS))
    assert any(name.endswith("lm_head.lora_A.weight") for name in adapter.tensors)
    base = load_backbone(checkpoint)
    merged = merge_adapter(load_backbone(checkpoint), adapter)
    for said in (base, merged):
        said.model.eval()
    embeddings = (said.language_model.get_input_embeddings().weight for said in (base, merged))
    assert torch.equal(*embeddings)
    plain = load_backbone(checkpoint)
    by_peft = logits(plain.with_model(PeftModel.from_pretrained(plain.model, tmp_path / "adapter")))
    assert torch.allclose(logits(merged), by_peft, atol=1e-4)
    assert torch.allclose(logits(merged), logits(load_adapter(load_backbone(checkpoint), adapter)), atol=1e-4)
    assert not torch.allclose(logits(merged), logits(base), atol=1e-2)


def test_merged_is_unmerged_in_bfloat16(opt_checkpoint: Path, tmp_path: Path) -> None:
    backbone, _ = attach_adapter(load_backbone(opt_checkpoint), PLAN)
    adapter = read_adapter(save_adapter(randomised(backbone, 0.02).model, tmp_path / "adapter", SETTINGS))
    merged = logits(merge_adapter(load_backbone(opt_checkpoint, dtype="bfloat16"), adapter)).float()
    unmerged = logits(load_adapter(load_backbone(opt_checkpoint, dtype="bfloat16"), adapter)).float()
    base = logits(load_backbone(opt_checkpoint, dtype="bfloat16")).float()
    size = base.abs().mean()
    # Relative to the logits, not 1e-2 absolute: they reach 5.8 here, where neighbouring bfloat16 numbers are 0.03
    # apart, so that a single rounding exceeds 1e-2. Merging rounds W + BA to eight bits once, which moves each logit
    # about as much as rounding W itself does.
    assert (merged - unmerged).abs().mean() < 2e-2 * size
    assert (merged - base).abs().mean() > 5 * (merged - unmerged).abs().mean()


def test_a_wrong_scale_would_be_noticed(opt_checkpoint: Path, tmp_path: Path) -> None:
    backbone, _ = attach_adapter(load_backbone(opt_checkpoint), PLAN)
    adapter = read_adapter(save_adapter(randomised(backbone).model, tmp_path / "adapter", SETTINGS))
    broken = replace(adapter, config={**adapter.config, "lora_alpha": adapter.config["lora_alpha"] + 1})
    right = logits(merge_adapter(load_backbone(opt_checkpoint), adapter))
    wrong = logits(merge_adapter(load_backbone(opt_checkpoint), broken))
    assert not torch.allclose(right, wrong, atol=1e-4)


def test_targets_of_each_language_model(checkpoint: Path) -> None:
    backbone = load_backbone(checkpoint)
    targets = find_targets(backbone.model, PROJECTIONS)
    assert len(targets["vision"]) == 2  # one qkv a layer
    # four layers of self-attention and two of cross-attention, three projections each
    assert len(targets["qformer"]) == 3 * (4 + 2)
    leaves = {name.rsplit(".", 1)[1] for name in targets["language"]}
    if backbone.text_format.encoder_decoder:
        assert leaves == {"q", "k", "v"}
        assert len(targets["language"]) == 3 * (2 + 2 * 2)
    else:
        assert leaves == {"q_proj", "k_proj", "v_proj"}
        assert len(targets["language"]) == 3 * 2


@pytest.mark.parametrize("left_out", ["vision", "qformer", "language"])
def test_each_part_can_be_left_out(opt_checkpoint: Path, left_out: str) -> None:
    parts = tuple(part for part in ("vision", "qformer", "language") if part != left_out)
    adapted, line = attach_adapter(
        load_backbone(opt_checkpoint), LoraSettings(rank=2, parts=parts, layers="attention")
    )
    names = [name for name, parameter in adapted.model.named_parameters() if parameter.requires_grad]
    mark = {"vision": "vision_model", "qformer": "qformer", "language": "language_model"}
    assert not any(mark[left_out] in name for name in names)
    assert all(any(mark[part] in name for name in names) for part in parts)
    assert left_out not in line
    assert all(part in line for part in parts)


def test_nothing_to_adapt_is_refused() -> None:
    with pytest.raises(ModelError, match=r"vision_model\..*'vision' has nothing to adapt"):
        find_targets(torch.nn.Sequential(torch.nn.Linear(2, 2)), PROJECTIONS, ("vision",))
    with pytest.raises(ConfigError, match="lora parts"):
        LoraSettings(parts=("visoin",))
    with pytest.raises(ConfigError, match="lora.rank is 0; expected a whole number from 1 to 4,096"):
        LoraSettings(rank=0)


def test_only_the_adapter_trains(opt_checkpoint: Path) -> None:
    adapted, _ = attach_adapter(load_backbone(opt_checkpoint), PLAN)
    assert all(
        ("lora_" in name) == parameter.requires_grad for name, parameter in adapted.model.named_parameters()
    )
    config = adapted.model.peft_config["default"]
    assert (config.r, config.lora_alpha, config.lora_dropout) == (4, 8, 0.05)
    trainable, total = count_parameters(adapted.model)
    assert f"{trainable:,} trainable of {total:,}" in describe_parameters(adapted.model)


def released_config() -> Blip2Config:
    """Sizes of Salesforce/blip2-opt-2.7b, from its config.json: defaults of vision and Q-Former, OPT-2.7B."""
    text = OPTConfig(
        vocab_size=50304, hidden_size=2560, ffn_dim=10240, num_hidden_layers=32, num_attention_heads=32,
        word_embed_proj_dim=2560, max_position_embeddings=2048,
    )  # fmt: skip
    return Blip2Config(
        vision_config=Blip2VisionConfig().to_dict(),
        qformer_config=Blip2QFormerConfig().to_dict(),
        text_config=text.to_dict(),
        num_query_tokens=32,
        image_token_index=50265,
    )


@pytest.mark.parametrize(("rank", "percent"), [(8, 0.17), (16, 0.34), (32, 0.68)])
def test_share_of_trained_weights_on_the_released_sizes(rank: int, percent: float) -> None:
    with torch.device("meta"):
        model = Blip2ForConditionalGeneration(released_config())
    total = sum(parameter.numel() for parameter in model.parameters())
    modules = dict(model.named_modules())
    names = [name for group in find_targets(model, PROJECTIONS).values() for name in group]
    added = sum(rank * (modules[name].in_features + modules[name].out_features) for name in names)
    assert len(names) == 39 + 3 * (12 + 6) + 3 * 32
    assert 3.7e9 < total < 3.8e9
    assert 100 * added / (total + added) == pytest.approx(percent, abs=0.01)


def test_saved_folder(opt_checkpoint: Path, tmp_path: Path) -> None:
    backbone, _ = attach_adapter(load_backbone(opt_checkpoint), PLAN)
    folder = save_adapter(backbone.model, tmp_path / "adapter", SETTINGS)
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md", "adapter_config.json", "adapter_model.safetensors", "blip2idc.json"
    ]  # fmt: skip
    assert [file.name for file in tmp_path.iterdir()] == ["adapter"]
    assert read_settings(folder) == SETTINGS
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nbase_model: ")
    assert "calibrated on 20 validation pairs" in card
    save_adapter(backbone.model, folder, replace(SETTINGS, prompt="again"))
    found = read_settings(folder)
    assert found is not None
    assert found.prompt == "again"


def test_saving_that_fails_leaves_what_was_there(
    opt_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone, _ = attach_adapter(load_backbone(opt_checkpoint), PLAN)
    folder = save_adapter(backbone.model, tmp_path / "adapter", SETTINGS)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def fail(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr("blip2idc.model.adapters.adapter.adapter_card", fail)
    with pytest.raises(OSError, match="disk full"):
        save_adapter(randomised(backbone).model, folder, SETTINGS)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert os.listdir(tmp_path) == ["adapter"]


def published(checkpoint: Path, folder: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """An adapter in the format of the published BLIP2IDC ones: PEFT 0.5, pickled tensors, its target names."""
    backbone = load_backbone(checkpoint)
    cross = [f"qformer.encoder.layer.{layer}.crossattention.attention.query" for layer in (0, 2)]
    targets = ["qkv", "value", "key", *cross, "q_proj", "k_proj", "v_proj"]
    config = {
        "auto_mapping": None, "base_model_name_or_path": "Salesforce/blip2-opt-2.7b", "bias": "none",
        "fan_in_fan_out": False, "inference_mode": True, "init_lora_weights": True, "layers_pattern": None,
        "layers_to_transform": None, "lora_alpha": 16, "lora_dropout": 0.05, "modules_to_save": None,
        "peft_type": "LORA", "r": 4, "revision": None, "target_modules": targets, "task_type": None,
    }  # fmt: skip
    generator = torch.Generator().manual_seed(3)
    tensors = {}
    for name, module in backbone.model.named_modules():
        if isinstance(module, torch.nn.Linear) and any(
            name == end or name.endswith("." + end) for end in targets
        ):
            shapes = {"A": (4, module.in_features), "B": (module.out_features, 4)}
            for matrix, shape in shapes.items():
                key = f"base_model.model.{name}.lora_{matrix}.weight"
                tensors[key] = 0.1 * torch.randn(shape, generator=generator)
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(config))
    torch.save(tensors, folder / "adapter_model.bin")
    return folder, tensors


def test_published_format(opt_checkpoint: Path, tmp_path: Path) -> None:
    folder, tensors = published(opt_checkpoint, tmp_path / "published")
    # qkv of two ViT layers; key and value of six Q-Former attentions, query of the two cross ones; two OPT layers
    assert len(tensors) == 2 * (2 + 12 + 2 + 6)
    adapter = read_adapter(folder)
    assert adapter.settings is None
    base = logits(load_backbone(opt_checkpoint))
    merged = logits(merge_adapter(load_backbone(opt_checkpoint), adapter))
    plain_backbone = load_backbone(opt_checkpoint)
    plain = logits(plain_backbone.with_model(PeftModel.from_pretrained(plain_backbone.model, folder)))
    unmerged = logits(load_adapter(load_backbone(opt_checkpoint), adapter))
    assert torch.allclose(merged, plain, atol=1e-4)
    assert torch.allclose(merged, unmerged, atol=1e-4)
    assert not torch.allclose(merged, base, atol=1e-2)
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, adapter=folder)
    assert captioner(*random_images(np.random.default_rng(0), 2)).caption


def test_pickled_code_is_refused_and_not_run(opt_checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = published(opt_checkpoint, tmp_path / "published")
    marker = tmp_path / "ran"

    class Attack:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (marker,)

    torch.save({"base_model.model.x.lora_A.weight": Attack()}, folder / "adapter_model.bin")
    with pytest.raises(ModelError, match="adapter_model.bin is damaged or holds code"):
        read_adapter(folder)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("adapter_config.json", None, "has no adapter_config.json"),
        ("adapter_config.json", '{"peft_type": "IA3"}', "peft_type is 'IA3'"),
        ("adapter_model.safetensors", None, "has neither"),
        ("adapter_model.safetensors", "broken", "cannot be read"),
    ],
)
def test_incomplete_folder(saved: Path, name: str, content: str | None, message: str) -> None:
    if content is None:
        (saved / name).unlink()
    else:
        (saved / name).write_text(content)
    with pytest.raises(ModelError, match=message):
        read_adapter(saved)


def test_adapter_of_another_backbone(saved: Path, checkpoint: Path, tmp_path: Path) -> None:
    adapter = read_adapter(saved)
    name = next(key for key in adapter.tensors if "qkv.lora_A" in key)
    wide = {**adapter.tensors, name: torch.zeros(4, 7)}
    with pytest.raises(ModelError, match="its update of .*qkv is 288x7, but the module"):
        merge_adapter(load_backbone(checkpoint), replace(adapter, tensors=wide))
    moved = {key.replace("layers.0", "layers.9"): value for key, value in adapter.tensors.items()}
    for apply in (merge_adapter, load_adapter):
        with pytest.raises(ModelError, match=r"adapts .*9.*, which .* does not have"):
            apply(load_backbone(checkpoint), replace(adapter, tensors=moved))
    with pytest.raises(ModelError, match="not pairs of lora_A and lora_B"):
        odd = {key: value for key, value in adapter.tensors.items() if key != name}
        merge_adapter(load_backbone(checkpoint), replace(adapter, tensors=odd))
    with pytest.raises(ModelError, match="no such folder"):
        read_adapter(tmp_path / "nothing")


def test_captioner_takes_settings_from_the_adapter(opt_checkpoint: Path, tmp_path: Path) -> None:
    backbone, _ = attach_adapter(load_backbone(opt_checkpoint), PLAN)
    settings = replace(SETTINGS, layout=JointLayout("horizontal", 32, 32), prompt="now")
    folder = save_adapter(backbone.model, tmp_path / "adapter", settings)
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, folder)
    assert captioner.settings == settings
    assert captioner.describe()["adapter"] == str(folder)


def test_beyond_plain_lora_goes_through_peft(opt_checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = published(opt_checkpoint, tmp_path / "published")
    config = json.loads((folder / "adapter_config.json").read_text())
    adapter = read_adapter(folder)
    varied = AdapterWeights("varied", {**config, "alpha_pattern": {"qkv": 2}}, adapter.tensors)
    assert not varied.plain
    merged = logits(merge_adapter(load_backbone(opt_checkpoint), varied))
    plain = logits(merge_adapter(load_backbone(opt_checkpoint), adapter))
    unmerged = logits(load_adapter(load_backbone(opt_checkpoint), varied))
    assert torch.allclose(merged, unmerged, atol=1e-4)
    assert not torch.allclose(merged, plain, atol=1e-3)
