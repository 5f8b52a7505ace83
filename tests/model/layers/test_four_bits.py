"""Weights in four bits: the steps, how far weights are rounded, and what a captioner says with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images

from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.layers.casting import CastLinear
from blip2idc.model.layers.four_bits import FourBitLinear, steps
from blip2idc.worlds.scenes.world import ScenesWorld

#: As printed in the paper, appendix E.
PRINTED = [
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
]  # fmt: skip


def test_the_steps_are_those_of_the_paper() -> None:
    assert steps().tolist() == pytest.approx(PRINTED, abs=2e-4)


@pytest.mark.parametrize("width", [40, 64, 128, 130])
def test_each_weight_becomes_the_nearest_step_of_its_group(width: int) -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(width, 30)
    with torch.no_grad():
        layer.weight[3] = 0
        layer.weight[4] *= 1000
    rounded = FourBitLinear(layer)
    found = rounded.weight
    assert found.shape == layer.weight.shape
    assert (found[3] == 0).all()
    for start in range(0, width, 64):
        own, other = layer.weight[:, start : start + 64], found[:, start : start + 64]
        largest = own.abs().amax(dim=1, keepdim=True)
        nearest = (own[..., None] - steps() * largest[..., None]).abs().amin(dim=-1)
        assert ((own - other).abs() <= nearest + 0.005 * largest).all()  # scales are rounded to bfloat16
    kept = sum(one.numel() * one.element_size() for one in (rounded.codes, rounded.scale))
    assert kept <= 30 * (-(-width // 64)) * (32 + 2)
    inputs = torch.randn(5, width)
    assert torch.equal(rounded(inputs), torch.nn.functional.linear(inputs, found, layer.bias))


def test_what_computes_in_float32_goes_on_doing_so() -> None:
    layer = torch.nn.Linear(64, 8).to(torch.bfloat16)
    layer.__class__ = CastLinear
    layer.bias = torch.nn.Parameter(torch.zeros(8))
    assert FourBitLinear(layer)(torch.randn(2, 64).bfloat16()).dtype == torch.float32


def test_a_captioner_in_four_bits(checkpoint: Path) -> None:
    images = random_images(np.random.default_rng(0), 4)
    pairs = [(images[0], images[1]), (images[2], images[3])]
    exact = DifferenceCaptioner.from_pretrained(checkpoint, dtype="float32")
    small = DifferenceCaptioner.from_pretrained(checkpoint, dtype="int4")
    assert any(isinstance(module, FourBitLinear) for module in small.backbone.model.modules())
    assert small.identity()["dtype"] == "int4"
    assert small.identity()["weights"] != exact.identity()["weights"]
    told = list(small.stream(pairs))
    assert [one.caption for one in told] == [small(*pair).caption for pair in pairs]
    assert [one.change_probability for one in told] == pytest.approx(
        [one.change_probability for one in exact.stream(pairs)], abs=0.1
    )


def test_the_packaged_model_sees_the_same_changes_in_four_bits() -> None:
    world = ScenesWorld(977, 160, 320)
    pairs = [(pair.before, pair.after) for pair in map(world.pair, range(8))]
    exact, small = (DifferenceCaptioner.from_pretrained(dtype=dtype) for dtype in ("float32", "int4"))
    said, told = (list(one.stream(pairs, max_changes=0)) for one in (exact, small))
    assert [one.changed for one in told] == [one.changed for one in said]
    assert sum(one.caption == other.caption for one, other in zip(said, told, strict=True)) >= 5
