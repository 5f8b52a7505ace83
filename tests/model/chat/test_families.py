"""Every family end to end on a random checkpoint in its own format: caption, train, save, load in plain peft, explain.

The two families of the smallest models run with every test, the others with those marked slow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from peft import PeftModel
from tests.fixtures.checkpoints import random_images, write_dataset

from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain.token_scores import CaptionTokens, token_log_probabilities
from blip2idc.model.files.settings import CaptionerSettings
from blip2idc.model.loading import load_backbone
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train

Checkpoints = Callable[[str], Path]

QUICK = ("smolvlm", "qwen3_vl")
SLOW = ("qwen2_5_vl", "internvl", "lfm2_vl", "llava_onevision")
ALL = [*QUICK, *(pytest.param(family, marks=pytest.mark.slow) for family in SLOW)]
TOKENS = 5


@pytest.mark.parametrize("family", ALL)
def test_batch_equals_one_by_one(chat_checkpoint: Checkpoints, family: str, rng: np.random.Generator) -> None:
    images = random_images(rng, 6)
    pairs = list(zip(images[::2], images[1::2], strict=True))
    backbone = load_backbone(chat_checkpoint(family))
    said = []
    for two_stream in (False, True):
        captioner = DifferenceCaptioner(backbone, CaptionerSettings(two_stream=two_stream))
        for beams in (1, 2):
            settings: dict[str, Any] = {"max_changes": 0, "max_new_tokens": TOKENS, "num_beams": beams}
            together = list(captioner.stream(pairs, 3, **settings))
            alone = [captioner(*pair, **settings) for pair in pairs]
            assert [one.tokens for one in together] == [one.tokens for one in alone]
            probabilities = [one.change_probability for one in together]
            assert probabilities == pytest.approx([one.change_probability for one in alone], abs=1e-5)
        said.append([one.tokens for one in together])
    assert said[0] != said[1], "two pictures are something else than a joint one"


@pytest.mark.parametrize("family", ALL)
def test_sentences_score_what_one_pass_says(
    chat_checkpoint: Checkpoints, family: str, rng: np.random.Generator
) -> None:
    captioner = DifferenceCaptioner(load_backbone(chat_checkpoint(family)))
    images = random_images(rng, 4)
    joints = [captioner.join(pair) for pair in zip(images[::2], images[1::2], strict=True)]
    model, backbone = captioner.joint_model, captioner.backbone
    with torch.inference_mode():
        seen = model.encode(joints).seen
        sentences = model.no_change_tokens[:2]
        scores = backbone.score(seen, sentences)
        for number, sentence in enumerate(sentences):
            spoken = CaptionTokens.of(backbone, [sentence[:-1]] * 2)
            whole = token_log_probabilities(backbone, seen, spoken).sum(dim=1)
            assert torch.allclose(scores[:, number], whole, atol=1e-3)
        again = backbone.score(seen.rows([1, 0]), sentences)
    assert torch.allclose(again, scores.flip(0), atol=1e-4)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft's own
@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`:UserWarning")  # of plain peft below
@pytest.mark.parametrize("family", ALL)
def test_trains_saves_and_loads_in_plain_peft(
    chat_checkpoint: Checkpoints, family: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    folder = chat_checkpoint(family)
    layers: Any = "linear" if family in ("qwen3_vl", "internvl") else "attention"
    config = TrainConfig(
        model=str(folder), lora=LoraSettings(rank=4, layers=layers), max_steps=10, batch_size=4, workers=0,
        learning_rate=0.05, warmup_ratio=0.0, validation_share=0.3, log_every=5,
    )  # fmt: skip
    said: list[str] = []
    result = train([write_dataset(tmp_path / "data", 12)], tmp_path / "adapter", config, say=said.append)
    assert result.settings.scores["validation_loss"] < result.settings.scores["validation_loss_before"]
    (line,) = [line for line in said if line.startswith("adapter: rank")]
    assert "vision" in line
    assert "language" in line
    assert result.settings.prompt, "the question is kept with the adapter"

    captioner = DifferenceCaptioner.from_pretrained(folder, result.output)
    pair = random_images(rng, 2)
    expected = captioner(*pair, max_changes=0, max_new_tokens=TOKENS)
    plain: Any = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    model = PeftModel.from_pretrained(plain, str(result.output)).eval()
    assert model.peft_config["default"].base_model_name_or_path == str(folder)
    backbone, prompt = captioner.backbone, captioner.settings.prompt
    ids = torch.tensor([backbone.text_format.prompt_tokens(prompt, backbone.tokenizer)])
    pixels = captioner.joint_model.preprocessor([ImagePair.open(*pair)])
    inputs = backbone.inputs_of({"input_ids": ids, "pixel_values": pixels})
    with torch.inference_mode():
        found = model.generate(
            **inputs, attention_mask=torch.ones_like(ids), max_new_tokens=TOKENS, do_sample=False
        )
    answer = backbone.tokenizer.decode(found[0, ids.shape[1] :], skip_special_tokens=True)
    assert " ".join(answer.split()) == expected.caption
    untrained = DifferenceCaptioner.from_pretrained(folder)(*pair, max_changes=0, max_new_tokens=TOKENS)
    assert untrained.tokens != expected.tokens


@pytest.mark.parametrize("family", ALL)
def test_explains_by_gradient_and_occlusion(
    chat_checkpoint: Checkpoints, family: str, rng: np.random.Generator
) -> None:
    captioner = DifferenceCaptioner(load_backbone(chat_checkpoint(family)))
    height, width = captioner.layout.part_size
    pairs = []
    for _ in range(3):  # of one alone, every change may happen to speak against what an untrained model says
        before = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        after = before.copy()
        after[:, : width // 2] = 255 - after[:, : width // 2]
        pairs.append((before, after))
    assert captioner.default_method == "gradient"
    for method in (None, "occlusion"):
        settings: dict[str, Any] = {"max_changes": 0, "max_new_tokens": 2, "suppress_unchanged": False}
        found = list(captioner.explain_stream(pairs, method, **settings))
        assert {one.method for one in found} == {method or "gradient"}
        maps = [half for one in found for half in (one.sentence.before, one.sentence.after)]
        columns = maps[0].shape[1]
        assert max(one.max() for one in maps) > 0
        if method is None:  # to first order nothing depends on what is the same in both images
            assert not any(one[:, columns // 2 :].any() for one in maps)
    with pytest.raises(ModelError, match="is not read by cross-attention.*gradient or occlusion"):
        captioner.explain(before, after, "cross_attention", max_changes=0, max_new_tokens=2)


@pytest.mark.parametrize("family", ALL)
def test_saves_whole(chat_checkpoint: Checkpoints, family: str, tmp_path: Path) -> None:
    captioner = DifferenceCaptioner(load_backbone(chat_checkpoint(family)))
    folder = captioner.backbone.save(tmp_path / "whole", captioner.settings)
    again = DifferenceCaptioner.from_pretrained(folder)
    assert again.settings == captioner.settings
    weights, others = captioner.backbone.model.state_dict(), again.backbone.model.state_dict()
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert again.backbone.text_format == captioner.backbone.text_format


def test_what_does_not_fit_is_refused(chat_checkpoint: Checkpoints) -> None:
    square, free = load_backbone(chat_checkpoint("smolvlm")), load_backbone(chat_checkpoint("qwen3_vl"))
    with pytest.raises(ConfigError, match="pictures of 64x32 pixels .* takes 32x32"):
        square.arranged(JointLayout("vertical", 64, 32), two_stream=False)
    assert square.arranged(JointLayout("vertical", 64, 32), two_stream=True).patch_size == 8
    with pytest.raises(
        ConfigError, match="pictures of 480x480 .* multiples of 16, with 1,024 to 8,192 pixels"
    ):
        free.arranged(JointLayout("vertical", 480, 480), two_stream=False)
    with pytest.raises(ConfigError, match="merge is both"):
        free.arranged(free.default_layout(two_stream=True), two_stream=True, merge="both")
    with pytest.raises(ModelError, match="has no part called qformer; expected vision or language"):
        from blip2idc.model.adapters.adapter import attach_adapter

        attach_adapter(free, LoraSettings(parts=("qformer",)))


def test_a_checkpoint_whose_parts_disagree_is_refused(chat_checkpoint: Checkpoints, tmp_path: Path) -> None:
    import shutil

    from tests.fixtures.tiny_blip2 import edit_json

    folder = tmp_path / "copied"
    shutil.copytree(chat_checkpoint("smolvlm"), folder)
    (folder / "chat_template.jinja").unlink()
    edit_json(folder / "tokenizer_config.json", chat_template=None)
    with pytest.raises(ModelError, match="has no chat template"):
        load_backbone(folder)
    (folder / "chat_template.jinja").write_text("no image{% if add_generation_prompt %} here{% endif %}")
    with pytest.raises(ModelError, match="does not continue what it writes to ask"):
        load_backbone(folder)
    shutil.copytree(chat_checkpoint("qwen3_vl"), folder, dirs_exist_ok=True)
    edit_json(folder / "preprocessor_config.json", patch_size=14)
    with pytest.raises(ModelError, match="patch_size is 14 in its processor's files and 8 in its"):
        load_backbone(folder)
    edit_json(folder / "config.json", model_type="idefics2")
    with pytest.raises(ModelError, match="'idefics2'.*one of smolvlm, qwen2_5_vl"):
        load_backbone(folder)
