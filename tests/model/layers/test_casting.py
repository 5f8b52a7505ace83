"""Weights in bfloat16 that are computed with in float32 give what a network in float32 gives with these weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blip2idc.model import blip2 as blip2_module
from blip2idc.model.adapters.adapter import LoraSettings, attach_adapter
from blip2idc.model.backbone import Backbone
from blip2idc.model.layers.casting import computes_in_float32
from blip2idc.model.layers.lean import use_lean_lora
from blip2idc.model.loading import load_backbone


@pytest.fixture
def without_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor without units for bfloat16."""
    monkeypatch.setattr(blip2_module, "computes_in_bfloat16", lambda: False)


def inputs_of(backbone: Backbone) -> dict[str, torch.Tensor]:
    form = backbone.text_format
    prompt = [form.image_token_id] * form.image_tokens + [form.start_token_id, 5, 6, 7]
    batch = {
        "pixel_values": torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)),
        "input_ids": torch.tensor([prompt] * 2),
    }
    return batch | ({"decoder_input_ids": torch.tensor([[0, 5, 6]] * 2)} if form.encoder_decoder else {})


@pytest.mark.usefixtures("without_units")
def test_half_the_memory_and_the_same_values(checkpoint: Path) -> None:
    cast = load_backbone(checkpoint, dtype="bfloat16")
    assert "computed in float32" in cast.describe()
    assert computes_in_float32(cast.model)
    exact = load_backbone(checkpoint, dtype="float32")
    assert not computes_in_float32(exact.model)
    with torch.no_grad():  # the weights that are left, rounded as those
        rounded = dict(cast.model.named_parameters())
        for name, parameter in exact.model.named_parameters():
            parameter.copy_(rounded[name])
    held = [
        sum(parameter.numel() * parameter.element_size() for parameter in one.language_model.parameters())
        for one in (cast, exact)
    ]
    assert held[0] < 0.75 * held[1]
    inputs = inputs_of(cast)
    with torch.no_grad():
        found, expected = cast.model(**inputs).logits, exact.model(**inputs).logits
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("without_units")
@pytest.mark.parametrize("lean", [True, False])
def test_adapters_learn_as_in_float32(opt_checkpoint: Path, lean: bool) -> None:
    gradients = []
    for dtype in ("bfloat16", "float32"):
        backbone = load_backbone(opt_checkpoint, dtype=dtype)
        backbone, _ = attach_adapter(backbone, LoraSettings(rank=2, dropout=0.0, layers="attention"))
        if lean:
            use_lean_lora(backbone.model)
        logits = backbone.model(**inputs_of(backbone)).logits
        logits.float().square().mean().backward()
        found = [p.grad for name, p in backbone.model.named_parameters() if "lora_B" in name]
        assert all(gradient is not None and gradient.dtype == torch.float32 for gradient in found)
        gradients.append(torch.cat([gradient.flatten() for gradient in found if gradient is not None]))
    similarity = torch.nn.functional.cosine_similarity(*gradients, dim=0)
    assert similarity > 0.99, "they differ by the rounding of the weights alone"


def test_a_processor_with_units_uses_them(opt_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blip2_module, "computes_in_bfloat16", lambda: True)
    backbone = load_backbone(opt_checkpoint, dtype="bfloat16")
    assert not computes_in_float32(backbone.model)
    assert backbone.dtype.reason == "as asked"
