"""Preprocessing is that of transformers' PIL processor; labels count where a caption token stands and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.checkpoints import random_images
from transformers import Blip2ForConditionalGeneration
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from blip2idc.data.collate import IGNORED, CaptionCollator, Example, ImageStatistics, Preprocessor
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.backbone import Backbone
from blip2idc.model.loading import load_backbone

CAPTIONS = ("the red cube is gone", "nothing has changed here at all", "no", "there is no change")


def collator(backbone: Backbone, **settings: Any) -> CaptionCollator:
    preprocessor = Preprocessor(backbone.default_layout(), backbone.statistics)
    return CaptionCollator(preprocessor, backbone.text_format, backbone.tokenizer, **settings)


def examples(rng: np.random.Generator, captions: tuple[str, ...] = CAPTIONS) -> list[Example]:
    return [
        {"id": str(number), "pixels": rng.integers(0, 256, (32, 32, 3), dtype=np.uint8), "caption": caption}
        for number, caption in enumerate(captions)
    ]


@pytest.mark.parametrize("layout", [JointLayout("vertical", 64, 48), JointLayout("horizontal", 48, 64)])
def test_pixels_are_those_of_the_pil_processor(rng: np.random.Generator, layout: JointLayout) -> None:
    processor = BlipImageProcessorPil(size={"height": layout.height, "width": layout.width})
    statistics = ImageStatistics(tuple(processor.image_mean), tuple(processor.image_std))
    images = random_images(rng, 8, 100, 70)
    pairs = [ImagePair(before, after) for before, after in zip(images[::2], images[1::2], strict=True)]
    joints = [layout.join(pair.before, pair.after) for pair in pairs]
    expected = processor(joints, return_tensors="pt")["pixel_values"]
    found = Preprocessor(layout, statistics)(pairs)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_every_byte_in_every_channel() -> None:
    statistics = ImageStatistics((0.5, 0.4, 0.3), (0.5, 0.2, 0.1))
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (2, 256, 3))
    layout = JointLayout("vertical", 2, 256)
    found = Preprocessor(layout, statistics).pixel_values([ramp])
    for channel in range(3):
        expected = (torch.arange(256) / 255 - statistics.mean[channel]) / statistics.std[channel]
        assert torch.allclose(found[0, channel, 0], expected, atol=1e-6)


def test_labels_count_caption_tokens_only(checkpoint: Path, rng: np.random.Generator) -> None:
    backbone = load_backbone(checkpoint)
    batch = collator(backbone)(examples(rng))
    text_format = backbone.text_format
    for row, caption in enumerate(CAPTIONS):
        wanted = [
            *backbone.tokenizer(caption, add_special_tokens=False)["input_ids"],
            text_format.end_token_id,
        ]
        labels = batch["labels"][row]
        assert labels[labels != IGNORED].tolist() == wanted
        if not text_format.encoder_decoder:
            assert batch["labels"].shape == batch["input_ids"].shape
            where = labels != IGNORED
            assert batch["input_ids"][row][where].tolist() == wanted, "labels stand in line with the inputs"
            assert (batch["attention_mask"][row].sum() - where.sum()).item() == text_format.image_tokens + 1
    for name in ("labels", "input_ids", "attention_mask", "decoder_input_ids"):
        assert batch.get(name, torch.zeros(1)).dtype in (torch.int64, torch.float32)
    assert (batch["input_ids"][:, : text_format.image_tokens] == text_format.image_token_id).all()
    assert (batch["labels"] != text_format.image_token_id).all()


def test_decoder_inputs_are_shifted_labels(t5_checkpoint: Path, rng: np.random.Generator) -> None:
    backbone = load_backbone(t5_checkpoint)
    batch = collator(backbone)(examples(rng))
    expected = backbone.language_model.prepare_decoder_input_ids_from_labels(batch["labels"])
    counted = (
        batch["labels"] != IGNORED
    )  # behind the end token, where nothing counts, transformers repeats it once
    assert torch.equal(batch["decoder_input_ids"][counted], expected[counted])
    assert set(batch) == {"pixel_values", "input_ids", "attention_mask", "labels", "decoder_input_ids"}
    assert torch.equal(batch["attention_mask"], torch.ones_like(batch["input_ids"]))


def test_prompt_stands_before_the_caption_and_does_not_count(
    opt_checkpoint: Path, rng: np.random.Generator
) -> None:
    backbone = load_backbone(opt_checkpoint)
    plain, prompted = (collator(backbone, prompt=prompt)(examples(rng)) for prompt in ("", "what changed:"))
    extra = len(backbone.tokenizer("what changed:", add_special_tokens=False)["input_ids"])
    assert extra > 0
    first = (prompted["labels"][0] != IGNORED).nonzero()[0].item()
    assert first == (plain["labels"][0] != IGNORED).nonzero()[0].item() + extra
    whole = backbone.tokenizer.decode(prompted["input_ids"][0], skip_special_tokens=True)
    assert whole.strip() == "what changed: the red cube is gone"


def test_long_captions_are_cut(checkpoint: Path, rng: np.random.Generator) -> None:
    backbone = load_backbone(checkpoint)
    batch = collator(backbone, max_caption_tokens=3)(examples(rng))
    assert (batch["labels"] != IGNORED).sum(dim=1).max() == 3


@given(
    captions=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), min_size=1, max_size=5)
)
def test_any_caption_makes_a_batch(loaded: Backbone, captions: list[str]) -> None:
    rng = np.random.default_rng(0)
    batch = collator(loaded)(examples(rng, tuple(captions)))
    ends = (batch["labels"] == loaded.text_format.end_token_id).sum(dim=1)
    assert (ends >= 1).all()
    assert batch["labels"].shape == batch["attention_mask"].shape
    assert ((batch["labels"] == IGNORED) | (batch["attention_mask"] == 1)).all()


@pytest.fixture(scope="module")
def loaded(opt_checkpoint: Path) -> Backbone:
    return load_backbone(opt_checkpoint)


def test_padding_changes_no_logit(opt_checkpoint: Path, rng: np.random.Generator) -> None:
    backbone = load_backbone(opt_checkpoint)
    items = examples(rng)
    together = collator(backbone)(items)
    model = Blip2ForConditionalGeneration.from_pretrained(opt_checkpoint)
    together.pop("labels")
    logits = model(**together).logits
    for row, item in enumerate(items):
        alone = collator(backbone)([item])
        alone.pop("labels")
        length = alone["input_ids"].shape[1]
        assert torch.allclose(model(**alone).logits[0], logits[row, :length], atol=1e-4)
