"""Pixels and placeholders are those of transformers' own processors, asked where they run without torchvision.

A processor is made without its `__init__`, which wants a video processor and with it torchvision.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.fixtures.tiny_chat import PATCH, SIZE
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
    LlavaOnevisionImageProcessorPil,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.siglip2.image_processing_pil_siglip2 import convert_image_to_patches
from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil
from transformers.models.smolvlm.processing_smolvlm import get_image_prompt_string

from blip2idc.images.joint import JointLayout
from blip2idc.model.chat.backbone import FAMILIES
from blip2idc.model.chat.family import Family

Checkpoints = Callable[[str], Path]

PROCESSORS: dict[str, Any] = {
    "smolvlm": SmolVLMImageProcessorPil,
    "qwen3_vl": Qwen2VLImageProcessorPil,
    "internvl": GotOcr2ImageProcessorPil,
    "llava_onevision": LlavaOnevisionImageProcessorPil,
}


def family_of(folder: Path, kind: str) -> tuple[Family, dict[str, Any]]:
    from transformers import AutoConfig

    settings = json.loads((folder / "preprocessor_config.json").read_text())
    return FAMILIES[kind].read(kind, AutoConfig.from_pretrained(folder), settings), settings


def pictures(rng: np.random.Generator, count: int, height: int, width: int) -> list[np.ndarray]:
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def normalised(images: list[np.ndarray]) -> torch.Tensor:
    from blip2idc.data.collate import ImageStatistics, Preprocessor

    height, width = images[0].shape[:2]
    preprocessor = Preprocessor(
        JointLayout("vertical", height, width), ImageStatistics((0.5,) * 3, (0.5,) * 3)
    )
    return preprocessor.pixel_values(images)


@pytest.mark.parametrize("kind", PROCESSORS)
@pytest.mark.parametrize("images", [1, 2])
def test_pixels_are_those_of_the_processor(
    chat_checkpoint: Checkpoints, kind: str, images: int, rng: np.random.Generator
) -> None:
    family, settings = family_of(chat_checkpoint(kind), kind)
    height, width = family.liked_size(images)
    shown = pictures(rng, 2 * images, height, width)
    found = family.arranged(normalised(shown), images)
    for name in ("image_processor_type", "processor_class"):
        settings.pop(name)
    if kind == "smolvlm":  # would enlarge the picture fourfold and cut it into tiles
        settings |= {"do_image_splitting": False, "size": {"longest_edge": SIZE}}
    processor = PROCESSORS[kind](**settings)
    nested = [shown[start : start + images] for start in range(0, len(shown), images)]
    expected = processor(nested if kind in ("smolvlm", "llava_onevision") else shown, return_tensors="pt")
    assert torch.allclose(found["pixel_values"], expected["pixel_values"].float(), atol=1e-6)
    for name in ("image_grid_thw", "image_sizes", "batch_num_images"):
        if name in found:
            assert found[name].tolist() == torch.as_tensor(expected[name]).tolist()


def test_patches_of_lfm2_are_those_of_siglip2(chat_checkpoint: Checkpoints, rng: np.random.Generator) -> None:
    family, _ = family_of(chat_checkpoint("lfm2_vl"), "lfm2_vl")
    pixels = normalised(pictures(rng, 1, 2 * PATCH, 4 * PATCH))
    expected = convert_image_to_patches(pixels[0].numpy(), PATCH)
    found = family.arranged(pixels, 1)
    assert np.array_equal(found["pixel_values"][0].numpy(), expected)
    assert found["spatial_shapes"].tolist() == [[2, 4]]
    assert found["pixel_attention_mask"].all()


def test_placeholders_are_those_of_the_processors(chat_checkpoint: Checkpoints) -> None:
    from transformers import InternVLProcessor, Lfm2VlProcessor, LlavaOnevisionProcessor

    smolvlm, _ = family_of(chat_checkpoint("smolvlm"), "smolvlm")
    around = "<fake_token_around_image>"
    assert smolvlm.image_text(SIZE, SIZE, 1) == get_image_prompt_string(
        0, 0, 4, around, "<image>", "<global-img>"
    )

    internvl: Any = object.__new__(InternVLProcessor)
    internvl.start_image_token, internvl.image_token, internvl.end_image_token = (
        "<img>",
        "<IMG_CONTEXT>",
        "</img>",
    )
    internvl.image_seq_length = 4
    text = family_of(chat_checkpoint("internvl"), "internvl")[0].image_text(SIZE, SIZE, 1)
    assert text == internvl.replace_image_token({"num_patches": [1]}, 0)

    lfm2: Any = object.__new__(Lfm2VlProcessor)
    lfm2.image_token, lfm2.image_start_token, lfm2.image_end_token = (
        "<image>",
        "<|image_start|>",
        "<|image_end|>",
    )
    tokens = lfm2._compute_tokens_for_image([SIZE, SIZE], PATCH, 2)
    text = family_of(chat_checkpoint("lfm2_vl"), "lfm2_vl")[0].image_text(SIZE, SIZE, 1)
    assert text == lfm2._build_image_tokens(1, 1, 0, tokens, True, True)

    llava: Any = object.__new__(LlavaOnevisionProcessor)
    family, settings = family_of(chat_checkpoint("llava_onevision"), "llava_onevision")
    llava.image_token, llava.num_image_tokens, llava.vision_feature_select_strategy = "<image>", 16, "full"
    llava.vision_aspect_ratio = "anyres_max_9"
    llava.image_processor = LlavaOnevisionImageProcessorPil(
        image_grid_pinpoints=settings["image_grid_pinpoints"]
    )
    seen = {"image_sizes": [[SIZE, SIZE]] * 2, "pixel_values": np.zeros((1, 2, 3, SIZE, SIZE))}
    for images in (1, 2):
        told = llava.replace_image_token({**seen, "batch_num_images": [images]}, 0)
        assert family.image_text(SIZE, SIZE, images) == told
