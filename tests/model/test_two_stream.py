"""Two streams: the images never meet before the language model, and everything else works as with joint encoding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images, write_dataset
from tests.fixtures.tiny_blip2 import QUERY_TOKENS

from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.adapter import LoraSettings
from blip2idc.model.backbone import load_backbone
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.settings import CaptionerSettings
from blip2idc.model.two_stream import as_two_stream, split_pixels, two_stream_layout
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train


@pytest.mark.parametrize("layout", [JointLayout("vertical", 64, 32), JointLayout("horizontal", 32, 64)])
def test_prefix_is_that_of_each_image_alone(checkpoint: Path, layout: JointLayout) -> None:
    plain = load_backbone(checkpoint)
    pixels = torch.randn(3, 3, *layout.size, generator=torch.Generator().manual_seed(0))
    before, after = split_pixels(pixels, layout)
    with torch.no_grad():
        expected = torch.cat([plain.encode(before), plain.encode(after)], dim=1)
        joint = plain.encode(pixels)
        streams = as_two_stream(load_backbone(checkpoint), layout)
        found = streams.encode(pixels)
        changed = pixels.clone()
        split_pixels(changed, layout)[1].add_(1.0)
        other = streams.encode(changed)
        joint_other = plain.encode(changed)
    assert torch.allclose(found, expected, atol=1e-5)
    assert streams.text_format.image_tokens == 2 * QUERY_TOKENS
    assert torch.allclose(other[:, :QUERY_TOKENS], found[:, :QUERY_TOKENS], atol=1e-5), (
        "before does not see after"
    )
    assert not torch.allclose(other[:, QUERY_TOKENS:], found[:, QUERY_TOKENS:], atol=1e-2)
    assert not torch.allclose(joint_other, joint, atol=1e-2), "with joint encoding every query sees both"


def test_captions_batched_and_alone(opt_checkpoint: Path, rng: np.random.Generator) -> None:
    captioner = DifferenceCaptioner(load_backbone(opt_checkpoint), CaptionerSettings(two_stream=True))
    assert captioner.layout == two_stream_layout(captioner.backbone) == JointLayout("vertical", 64, 32)
    images = random_images(rng, 8)
    pairs = list(zip(images[::2], images[1::2], strict=True))
    single = [captioner(*pair, max_new_tokens=8).caption for pair in pairs]
    assert [found.caption for found in captioner.stream(pairs, batch_size=3, max_new_tokens=8)] == single
    assert captioner.with_settings(captioner.settings).backbone.text_format.image_tokens == 2 * QUERY_TOKENS


def test_it_trains_and_loads(opt_checkpoint: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    config = TrainConfig(
        model=str(opt_checkpoint), two_stream=True, lora=LoraSettings(rank=2), max_steps=2, batch_size=4, workers=0,
        validation_share=0.3,
    )  # fmt: skip
    data = write_dataset(tmp_path / "data", 12)
    result = train([data], tmp_path / "adapter", config)
    assert result.settings.two_stream
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, result.output)
    assert captioner.settings == result.settings
    pair = random_images(rng, 2)
    one_stream = replace(captioner.settings, two_stream=False)
    assert (
        captioner(*pair).change_probability
        != DifferenceCaptioner(load_backbone(opt_checkpoint), one_stream)(*pair).change_probability
    )


def test_other_sizes_are_refused(opt_checkpoint: Path) -> None:
    streams = as_two_stream(load_backbone(opt_checkpoint), JointLayout("vertical", 64, 32))
    with pytest.raises(ModelError, match="32x32, but the layout makes 64x32"):
        streams.encode(torch.zeros(1, 3, 32, 32))
