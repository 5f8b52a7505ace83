"""Our loss is transformers' own forward with masked labels; a sum over parts is the average over tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Blip2ForConditionalGeneration

from blip2idc.data.collate import IGNORED, CaptionCollator, Example, Preprocessor
from blip2idc.model.loading import load_backbone
from blip2idc.training.loss import (
    caption_loss,
    caption_places,
    count_caption_tokens,
    losses_at_head,
    positions_at_once,
)

CAPTIONS = ("the red cube is gone", "nothing has changed here at all", "no", "there is no change")


def batch_of(
    checkpoint: Path, rng: np.random.Generator, captions: tuple[str, ...] = CAPTIONS
) -> dict[str, torch.Tensor]:
    backbone = load_backbone(checkpoint)
    preprocessor = Preprocessor(backbone.default_layout(), backbone.statistics)
    items: list[Example] = [
        {"id": caption, "pixels": rng.integers(0, 256, (32, 32, 3), dtype=np.uint8), "caption": caption}
        for caption in captions
    ]
    return CaptionCollator(preprocessor, backbone.text_format, backbone.tokenizer)(items)


def our_loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = dict(batch)
    labels = inputs.pop("labels")
    with torch.no_grad():
        return caption_loss(model(**inputs).logits, labels, shifted="decoder_input_ids" not in batch)


def test_loss_is_that_of_transformers_forward(checkpoint: Path, rng: np.random.Generator) -> None:
    batch = batch_of(checkpoint, rng)
    model = Blip2ForConditionalGeneration.from_pretrained(checkpoint)
    total, tokens = our_loss(model, batch)
    with torch.no_grad():
        theirs = model(**{key: value for key, value in batch.items() if key != "decoder_input_ids"}).loss
        # the released code's way, padding counted as text, is what the masking is there to avoid
        filled = torch.where(batch["labels"] == IGNORED, torch.ones_like(batch["labels"]), batch["labels"])
        on_padding = model(**{**batch, "labels": filled}).loss
    assert (total / tokens).item() == pytest.approx(theirs.item(), abs=1e-5)
    assert abs((total / tokens).item() - on_padding.item()) > 1e-2


def test_parts_add_up_to_the_average_over_tokens(checkpoint: Path, rng: np.random.Generator) -> None:
    batch = batch_of(checkpoint, rng)
    model = Blip2ForConditionalGeneration.from_pretrained(checkpoint)
    total, tokens = our_loss(model, batch)
    parts = [
        our_loss(model, {key: value[start : start + 1] for key, value in batch.items()}) for start in range(4)
    ]
    assert sum(part[0].item() for part in parts) == pytest.approx(total.item(), rel=1e-5)
    assert sum(part[1].item() for part in parts) == tokens.item()
    assert tokens == count_caption_tokens(batch["labels"])
    means = torch.stack([part[0] / part[1] for part in parts]).mean()
    assert abs(means.item() - (total / tokens).item()) > 1e-3, (
        "captions of one length would make this test empty"
    )


def test_wrong_alignment_would_be_noticed(checkpoint: Path, rng: np.random.Generator) -> None:
    batch = batch_of(checkpoint, rng)
    model = Blip2ForConditionalGeneration.from_pretrained(checkpoint)
    inputs = {key: value for key, value in batch.items() if key != "labels"}
    with torch.no_grad():
        logits = model(**inputs).logits
    right, tokens = caption_loss(logits, batch["labels"], shifted="decoder_input_ids" not in batch)
    wrong, _ = caption_loss(logits, batch["labels"], shifted="decoder_input_ids" in batch)
    assert abs((right - wrong).item()) / tokens.item() > 1e-2


@pytest.mark.parametrize("positions", [None, 5])
def test_losses_at_the_head_are_those_of_all_logits(
    checkpoint: Path, rng: np.random.Generator, positions: int | None
) -> None:
    """Forwards and backwards, whether at once or in parts."""
    batch = batch_of(checkpoint, rng)
    # in double precision: in single precision the order of a sum, which differs by processor, moves a gradient by 1e-5
    inputs = {key: value for key, value in batch.items() if key != "labels"}
    inputs["pixel_values"] = inputs["pixel_values"].double()
    shifted = "decoder_input_ids" not in batch
    model = Blip2ForConditionalGeneration.from_pretrained(checkpoint).double()
    head = model.get_output_embeddings()
    total, tokens = caption_loss(model(**inputs).logits, batch["labels"], shifted=shifted)
    total.backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    with losses_at_head(head, *caption_places(batch["labels"], shifted=shifted), positions):
        losses = model(**inputs).logits
    assert losses.shape == (tokens.item(),)
    losses.sum().backward()
    assert losses.sum().item() == pytest.approx(total.item(), rel=1e-5)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-5, atol=1e-6)
    assert model(**inputs).logits.shape[-1] == model.config.text_config.vocab_size, "the head is as it was"
    assert "forward" not in vars(head)


def test_few_positions_of_a_large_vocabulary_are_held_at_once() -> None:
    assert positions_at_once(50_272) == 318
    assert positions_at_once(10**9) == 1
