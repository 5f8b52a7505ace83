"""A BLIP-2 whose language model is a Llama: none was released, and a stock network takes it all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from tests.fixtures.checkpoints import random_images, write_dataset
from tests.fixtures.tiny_blip2 import build_tiny_blip2
from transformers import Blip2ForConditionalGeneration

from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain.choice import METHODS
from blip2idc.model.files.settings import CaptionerSettings, write_settings
from blip2idc.model.loading import load_backbone
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train

LONGEST = 8  # tokens


@pytest.fixture(scope="module")
def llama_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_blip2(tmp_path_factory.mktemp("llama"), "llama")


def random_pairs(count: int) -> list[tuple[Any, Any]]:
    images = random_images(np.random.default_rng(3), 2 * count)
    return list(zip(images[::2], images[1::2], strict=True))


def test_batch_equals_one_by_one(llama_checkpoint: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(llama_checkpoint)
    assert type(captioner.backbone.language_model).__name__ == "LlamaForCausalLM"
    pairs = random_pairs(4)
    for beams in (1, 2):
        settings: dict[str, Any] = {"max_changes": 0, "max_new_tokens": LONGEST, "num_beams": beams}
        together = list(captioner.stream(pairs, 4, **settings))
        alone = [captioner(*pair, **settings) for pair in pairs]
        assert [one.tokens for one in together] == [one.tokens for one in alone]
        assert [one.change_probability for one in together] == pytest.approx(
            [one.change_probability for one in alone], abs=1e-5
        )
        assert len({one.tokens for one in together}) > 1, "or it is blind"


@pytest.mark.parametrize("method", METHODS)
def test_shows_where_it_looked(llama_checkpoint: Path, method: str) -> None:
    captioner = DifferenceCaptioner.from_pretrained(llama_checkpoint)
    (found,) = captioner.explain_stream(
        random_pairs(1), method, max_changes=0, max_new_tokens=LONGEST, suppress_unchanged=False
    )
    assert max(half.max() for half in (found.sentence.before, found.sentence.after)) > 0


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft's own
@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`:UserWarning")  # of plain peft below
def test_trains_saves_and_loads_in_plain_peft(llama_checkpoint: Path, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "data", 12)
    config = TrainConfig(
        model=str(llama_checkpoint), max_steps=10, batch_size=4, learning_rate=5e-3, warmup_ratio=0.0, workers=0,
        validation_share=0.2, calibration_pairs=0, log_every=1, lora=LoraSettings(rank=8, layers="linear"),
    )  # fmt: skip
    result = train([dataset], tmp_path / "adapter", config)
    scores = result.settings.scores
    assert scores["validation_loss"] < 0.9 * scores["validation_loss_before"]
    captioner = DifferenceCaptioner.from_pretrained(llama_checkpoint, result.output)
    backbone = captioner.backbone
    base: Any = Blip2ForConditionalGeneration.from_pretrained(llama_checkpoint)
    plain: Any = PeftModel.from_pretrained(base, str(result.output)).eval()
    adapted = [name for name, _ in plain.named_modules() if name.endswith("lora_A")]
    for leaf in ("q_proj", "o_proj", "gate_proj", "up_proj", "down_proj"):
        assert any(f"language_model.model.layers.1.{part}.{leaf}." in name for name in adapted
                   for part in ("self_attn", "mlp"))  # fmt: skip
    prompt = backbone.text_format.prompt_tokens("", backbone.tokenizer)
    sentence = backbone.text_format.caption_tokens("the small red cube is gone", backbone.tokenizer)
    with torch.inference_mode():
        for pair in random_pairs(3):
            joints = [captioner.join(pair)]
            ours = backbone.score(captioner.joint_model.encode(joints).seen, [sentence]).item()
            logits = plain(
                pixel_values=captioner.joint_model.preprocessor.pixel_values(joints),
                input_ids=torch.tensor([[*prompt, *sentence[:-1]]]),
            ).logits[0, len(prompt) - 1 :]
            theirs = logits.log_softmax(dim=-1).gather(1, torch.tensor(sentence)[:, None]).sum().item()
            assert ours == pytest.approx(theirs, abs=1e-3)


def test_saves_whole(llama_checkpoint: Path, tmp_path: Path) -> None:
    captioner = DifferenceCaptioner(load_backbone(llama_checkpoint), CaptionerSettings())
    folder = captioner.backbone.save(tmp_path / "whole", captioner.settings)
    write_settings(folder, captioner.settings)
    pair = random_pairs(1)[0]
    again = DifferenceCaptioner.from_pretrained(folder)
    assert again(*pair, max_changes=0).tokens == captioner(*pair, max_changes=0).tokens
