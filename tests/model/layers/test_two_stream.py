"""Two streams: the images never meet before the language model, and everything else works as with joint encoding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from tests.fixtures.checkpoints import random_images, write_dataset
from tests.fixtures.tiny_blip2 import QUERY_TOKENS
from transformers import Blip2ForConditionalGeneration

from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.adapters.adapter import LoraSettings, attach_adapter, save_adapter
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.settings import MERGES, CaptionerSettings, Merge
from blip2idc.model.layers.two_stream import TwoStreamBlip2, split_pixels
from blip2idc.model.loading import load_backbone
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
        streams = load_backbone(checkpoint).arranged(layout, two_stream=True)
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


@pytest.mark.parametrize("merge", MERGES)
def test_merges(checkpoint: Path, merge: Merge) -> None:
    layout = JointLayout("vertical", 64, 32)
    plain = load_backbone(checkpoint)
    pixels = torch.randn(2, 3, *layout.size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before, after = (plain.encode(half) for half in split_pixels(pixels, layout))
        difference = after - before + plain.model.language_projection.bias  # the projection is linear
        streams = plain.arranged(layout, two_stream=True, merge=merge)
        found = streams.encode(pixels)
    expected = {"concat": [before, after], "difference": [difference], "both": [before, after, difference]}
    assert torch.allclose(found, torch.cat(expected[merge], dim=1), atol=1e-4)
    assert found.shape[1] == streams.text_format.image_tokens
    assert type(plain.model) is Blip2ForConditionalGeneration, "the backbone given is left as it is"


@pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)  # peft's own call
@pytest.mark.parametrize("merge", MERGES)
def test_saves_loads_and_takes_plain_peft(opt_checkpoint: Path, tmp_path: Path, merge: Merge) -> None:
    layout = JointLayout("vertical", 64, 32)
    streams = load_backbone(opt_checkpoint).arranged(layout, two_stream=True, merge=merge)
    streams.model.save_pretrained(tmp_path / "network")
    loaded = TwoStreamBlip2.from_pretrained(tmp_path / "network").eval()
    assert (loaded.joint_layout, loaded.merge) == (layout, merge)
    pixels = torch.randn(2, 3, *layout.size, generator=torch.Generator().manual_seed(0))
    tokens = torch.full((2, streams.text_format.image_tokens + 2), streams.text_format.image_token_id)
    tokens[:, -2:] = 5
    inputs: dict[str, Any] = {"pixel_values": pixels, "input_ids": tokens}
    with torch.no_grad():
        expected = streams.model(**inputs).logits
        assert torch.allclose(loaded(**inputs).logits, expected, atol=1e-5)

    adapted, _ = attach_adapter(streams, LoraSettings(rank=2))
    with torch.no_grad():
        for name, weight in adapted.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.3)
        wanted = adapted.model.eval()(**inputs).logits
        save_adapter(
            adapted.model, tmp_path / "adapter", CaptionerSettings(layout, two_stream=True, merge=merge)
        )
        found = PeftModel.from_pretrained(loaded, str(tmp_path / "adapter")).eval()(**inputs).logits
        captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, tmp_path / "adapter")
    assert torch.allclose(found, wanted, atol=1e-4)
    assert not torch.allclose(wanted, expected, atol=1e-2)
    assert torch.allclose(captioner.backbone.model(**inputs).logits, wanted, atol=1e-3)


def test_torch_compile_follows(opt_checkpoint: Path) -> None:
    layout = JointLayout("vertical", 64, 32)
    streams = load_backbone(opt_checkpoint).arranged(layout, two_stream=True, merge="both")
    pixels = torch.randn(2, 3, *layout.size, generator=torch.Generator().manual_seed(0))
    compiled: Any = torch.compile(streams.model.get_image_features, backend="eager")
    with torch.no_grad():
        assert torch.allclose(compiled(pixels).pooler_output, streams.encode(pixels), atol=1e-5)


def test_network_without_a_layout_is_refused(opt_checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="two_stream is None in the configuration"):
        TwoStreamBlip2.from_pretrained(opt_checkpoint)


def test_captions_batched_and_alone(opt_checkpoint: Path, rng: np.random.Generator) -> None:
    captioner = DifferenceCaptioner(load_backbone(opt_checkpoint), CaptionerSettings(two_stream=True))
    assert (
        captioner.layout
        == captioner.backbone.default_layout(two_stream=True)
        == JointLayout("vertical", 64, 32)
    )
    images = random_images(rng, 8)
    pairs = list(zip(images[::2], images[1::2], strict=True))
    single = [captioner(*pair, max_new_tokens=8).caption for pair in pairs]
    assert [found.caption for found in captioner.stream(pairs, batch_size=3, max_new_tokens=8)] == single
    assert captioner.with_settings(captioner.settings).backbone.text_format.image_tokens == 2 * QUERY_TOKENS


@pytest.mark.parametrize("merge", ["concat", "both"])
def test_it_trains_and_loads(
    opt_checkpoint: Path, tmp_path: Path, rng: np.random.Generator, merge: Merge
) -> None:
    config = TrainConfig(
        model=str(opt_checkpoint), two_stream=True, merge=merge, lora=LoraSettings(rank=2), max_steps=2, batch_size=4,
        workers=0, validation_share=0.3,
    )  # fmt: skip
    data = write_dataset(tmp_path / "data", 12)
    result = train([data], tmp_path / "adapter", config)
    assert result.settings.two_stream
    assert result.settings.merge == merge
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, result.output)
    assert captioner.settings == result.settings
    pair = random_images(rng, 2)
    one_stream = replace(captioner.settings, two_stream=False)
    assert (
        captioner(*pair).change_probability
        != DifferenceCaptioner(load_backbone(opt_checkpoint), one_stream)(*pair).change_probability
    )


def test_merge_needs_two_streams() -> None:
    with pytest.raises(ConfigError, match="merge is both, but the images are encoded jointly"):
        TrainConfig(merge="both")


def test_a_whole_two_stream_backbone_is_saved_and_loaded(opt_checkpoint: Path, tmp_path: Path) -> None:
    config = TrainConfig(
        model=str(opt_checkpoint), two_stream=True, merge="difference", mode="full", max_steps=1, batch_size=4,
        workers=0, validation_share=0.3,
    )  # fmt: skip
    result = train([write_dataset(tmp_path / "data", 12)], tmp_path / "model", config)
    captioner = DifferenceCaptioner.from_pretrained(result.output, None)
    assert isinstance(captioner.backbone.model, TwoStreamBlip2)
    assert captioner.backbone.model.merge == "difference"


def test_other_sizes_are_refused(opt_checkpoint: Path) -> None:
    streams = load_backbone(opt_checkpoint).arranged(JointLayout("vertical", 64, 32), two_stream=True)
    with pytest.raises(ModelError, match="32x32, but the layout makes 64x32"):
        streams.encode(torch.zeros(1, 3, 32, 32))
