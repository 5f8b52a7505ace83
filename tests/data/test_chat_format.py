"""Prompts, captions and labels of chat models: what the template says, and nothing but the caption counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.fixtures.tiny_blip2 import CORPUS
from tests.fixtures.tiny_chat import FAMILIES, make_tokenizer

from blip2idc.data.chat_format import ChatFormat, around_answer
from blip2idc.data.collate import IGNORED, CaptionCollator, ImageStatistics, Preprocessor
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout


@pytest.fixture(params=list(FAMILIES))
def spoken(request: pytest.FixtureRequest) -> tuple[Any, ChatFormat]:
    """The tokenizer of a family, and its format with three image tokens."""
    family = FAMILIES[request.param]
    tokenizer = make_tokenizer(request.param, CORPUS)
    before, end = around_answer(tokenizer, family.template)
    token = tokenizer.convert_tokens_to_ids(family.image_token)
    text = family.image_token * 3
    return tokenizer, ChatFormat(family.template, family.image_token, text, 1, token, end, 0, before)


def test_what_stands_around_an_answer_is_read_off_the_template(spoken: tuple[Any, ChatFormat]) -> None:
    tokenizer, text_format = spoken
    smolvlm = "<end_of_utterance>" in text_format.template
    assert text_format.before_caption == (" " if smolvlm else "")
    end = "<end_of_utterance>" if smolvlm else "<|im_end|>"
    assert text_format.end_token_id == tokenizer.convert_tokens_to_ids(end)


def test_labels_are_the_caption_and_its_end_alone(
    spoken: tuple[Any, ChatFormat], rng: np.random.Generator
) -> None:
    tokenizer, text_format = spoken
    layout = JointLayout("vertical", 8, 8)
    statistics = ImageStatistics((0.5,) * 3, (0.5,) * 3)
    collator = CaptionCollator(Preprocessor(layout, statistics), text_format, tokenizer, "What changed?")
    pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    captions = ["there is no change", "  the small red rubber cube has been added "]
    batch = collator([{"id": "0", "pixels": pixels, "caption": caption} for caption in captions])
    for row, caption in enumerate(captions):
        counted = batch["labels"][row] != IGNORED
        said = batch["input_ids"][row][counted].tolist()
        assert said == batch["labels"][row][counted].tolist()
        assert said[-1] == text_format.end_token_id
        assert tokenizer.decode(said[:-1]) == text_format.before_caption + caption.strip()
        prompt = batch["input_ids"][row][: int(counted.int().argmax())].tolist()
        assert prompt == text_format.prompt_tokens("What changed?", tokenizer)
        assert prompt.count(text_format.image_token_id) == 3
        assert "What changed?" in tokenizer.decode(prompt)
    assert batch["labels"].shape == batch["input_ids"].shape == batch["attention_mask"].shape


def test_a_template_that_loses_images_is_refused(spoken: tuple[Any, ChatFormat]) -> None:
    from dataclasses import replace

    tokenizer, text_format = spoken
    template = text_format.template.replace(text_format.placeholder, "")
    with pytest.raises(ModelError, match="0 times for 1 images"):
        replace(text_format, template=template).prompt_tokens("What changed?", tokenizer)
