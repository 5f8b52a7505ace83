"""Weights in eight bits: how far they are rounded, what stays as it is, and what a captioner says with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images
from transformers import Blip2ForConditionalGeneration

from blip2idc.errors import ConfigError
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.layers.eight_bits import EightBitLinear, keep_in_eight_bits
from blip2idc.model.loading import load_backbone
from blip2idc.worlds.scenes.world import ScenesWorld


def test_weights_are_rounded_by_half_a_step_at_most() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(40, 30)
    with torch.no_grad():
        layer.weight[3] = 0
        layer.weight[4] *= 1000
    rounded = EightBitLinear(layer)
    found = rounded.weight.float() * rounded.scale
    assert rounded.weight.dtype == torch.int8
    assert ((found - layer.weight).abs() <= 0.5001 * rounded.scale).all()
    assert (found[3] == 0).all()
    inputs = torch.randn(5, 40)
    assert torch.equal(rounded(inputs), torch.nn.functional.linear(inputs, found, layer.bias))
    assert rounded(inputs.bfloat16().float()).dtype == torch.float32


def test_what_is_tied_to_embeddings_stays(checkpoint: Path) -> None:
    network: torch.nn.Module = Blip2ForConditionalGeneration.from_pretrained(checkpoint)
    before = sum(one.numel() * one.element_size() for one in network.state_dict().values())
    assert keep_in_eight_bits(network) > 10
    after = sum(one.numel() * one.element_size() for one in network.state_dict().values())
    assert after < before
    language_model: Any = network.language_model
    words = language_model.get_input_embeddings().weight
    head = language_model.get_output_embeddings()
    assert words.dtype == torch.float32
    assert isinstance(head, EightBitLinear) or head.weight is words
    left = [name for name, module in network.named_modules() if type(module) is torch.nn.Linear]
    assert all(name.endswith("lm_head") for name in left)


def test_a_captioner_in_eight_bits(checkpoint: Path) -> None:
    images = random_images(np.random.default_rng(0), 4)
    pairs = [(images[0], images[1]), (images[2], images[3])]
    exact = DifferenceCaptioner.from_pretrained(checkpoint, dtype="float32")
    small = DifferenceCaptioner.from_pretrained(checkpoint, dtype="int8")
    assert any(isinstance(module, EightBitLinear) for module in small.backbone.model.modules())
    assert small.identity()["dtype"] == "int8"
    assert small.identity()["weights"] != exact.identity()["weights"]
    told = list(small.stream(pairs))
    assert [one.change_probability for one in told] == pytest.approx(
        [one.change_probability for one in exact.stream(pairs)], abs=0.05
    )
    assert not small.explain(*pairs[0], "gradient").sentence.empty or not told[0].changed
    with pytest.raises(ConfigError, match="dtype is 'int8'"):
        load_backbone(checkpoint, dtype="int8")


def test_the_packaged_model_says_the_same_in_eight_bits() -> None:
    """Or what in full precision is as likely: which of two sentences wins by a hair depends on the processor."""
    world = ScenesWorld(977, 160, 320)
    pairs = [(pair.before, pair.after) for pair in map(world.pair, range(6))]
    exact, small = (DifferenceCaptioner.from_pretrained(dtype=dtype) for dtype in ("float32", "int8"))
    end = exact.backbone.text_format.end_token_id
    for pair in pairs:
        said, told = (captioner(*pair, max_changes=0) for captioner in (exact, small))
        assert (told.changed, told.change_probability) == (
            said.changed,
            pytest.approx(said.change_probability, abs=1e-3),
        )
        with torch.inference_mode():
            seen = exact.encode([exact.join(pair)]).seen
            of_said, of_told = exact.backbone.score(seen, [[*one.tokens, end] for one in (said, told)])[
                0
            ].tolist()
        assert of_told > of_said - 0.1  # nats
