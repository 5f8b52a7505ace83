"""The captioner: equal to transformers' own generate, order and batching without influence, scores of sentences."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images
from transformers import Blip2ForConditionalGeneration

from blip2idc.errors import ConfigError, ImageError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.packaged import find_adapter
from blip2idc.model.files.settings import (
    Calibration,
    CaptionerSettings,
    Decoding,
    read_settings,
    write_settings,
)
from blip2idc.model.language import generate, make_prefix, score_sentences

LENGTH = 12


def pairs_of(rng: np.random.Generator, count: int) -> list[ImagePair]:
    images = random_images(rng, 2 * count)
    return [ImagePair(before, after) for before, after in zip(images[::2], images[1::2], strict=True)]


@pytest.fixture
def captioner(checkpoint: Path) -> DifferenceCaptioner:
    return DifferenceCaptioner.from_pretrained(checkpoint)


@pytest.mark.parametrize("beams", [1, 3])
def test_captions_are_those_of_generate(
    captioner: DifferenceCaptioner, rng: np.random.Generator, beams: int
) -> None:
    backbone = captioner.backbone
    pixels = captioner.joint_model.preprocessor(pairs_of(rng, 4))
    model = Blip2ForConditionalGeneration.from_pretrained(backbone.source.location)
    expected = model.generate(pixel_values=pixels, max_new_tokens=LENGTH, num_beams=beams, do_sample=False)
    expected = (
        expected[:, 1:]
        if backbone.text_format.encoder_decoder
        else expected[:, backbone.text_format.image_tokens + 1 :]
    )
    with torch.no_grad():
        prefix = make_prefix(backbone, backbone.encode(pixels))
        found = generate(backbone, prefix, Decoding(num_beams=beams, max_new_tokens=LENGTH))
    end = backbone.text_format.end_token_id
    wanted = [row[: row.index(end)] if end in row else row for row in expected.tolist()]
    assert found == wanted
    assert len({tuple(row) for row in found}) > 1, "a blind model would make this test empty"


def test_batched_is_one_by_one(captioner: DifferenceCaptioner, rng: np.random.Generator) -> None:
    pairs = pairs_of(rng, 9)
    single = [captioner(pair.before, pair.after, max_new_tokens=LENGTH) for pair in pairs]
    for size in (2, 4, 9, 20):
        batched = list(captioner.stream(pairs, batch_size=size, max_new_tokens=LENGTH))
        assert [item.caption for item in batched] == [item.caption for item in single]
        assert [item.change_probability for item in batched] == pytest.approx(
            [item.change_probability for item in single], abs=1e-6
        )
    assert len({item.caption for item in single}) > 1
    turned = list(captioner.stream(pairs[::-1], batch_size=4, max_new_tokens=LENGTH))
    assert [item.caption for item in turned] == [item.caption for item in single][::-1]


def test_lanes_are_one_batch(captioner: DifferenceCaptioner, rng: np.random.Generator) -> None:
    pairs = pairs_of(rng, 19)
    captioner.lanes = 1
    one = list(captioner.stream(pairs, batch_size=32, max_new_tokens=LENGTH))
    for lanes, size in ((2, 32), (2, 4), (3, 3)):
        captioner.lanes = lanes
        found = list(captioner.stream(pairs, batch_size=size, max_new_tokens=LENGTH))
        assert [item.caption for item in found] == [item.caption for item in one]
        assert [item.change_probability for item in found] == pytest.approx(
            [item.change_probability for item in one], abs=1e-6
        )
    assert len({item.caption for item in one}) > 1


def test_sentence_scores_are_those_of_whole_forward_passes(
    captioner: DifferenceCaptioner, rng: np.random.Generator
) -> None:
    backbone = captioner.backbone
    sentences = [
        [9, 20, 31, backbone.text_format.end_token_id],
        [9, 20, backbone.text_format.end_token_id],
        [40],
        [12, backbone.text_format.end_token_id],
        [30, 31, 32, 33, 34],
    ]
    pixels = captioner.joint_model.preprocessor(pairs_of(rng, 3))
    with torch.no_grad():
        prefix = make_prefix(backbone, backbone.encode(pixels))
        scores = score_sentences(backbone, prefix, sentences)
        for number, sentence in enumerate(sentences):
            for pair in range(3):
                expected = plain_score(
                    backbone.source.location, pixels[pair : pair + 1], sentence, backbone.text_format
                )
                assert scores[pair, number].item() == pytest.approx(expected, abs=1e-4)
        assert not torch.allclose(scores[0], scores[1], atol=1e-3)


def plain_score(location: str, pixels: torch.Tensor, sentence: list[int], text_format: object) -> float:
    """Log-probability of one sentence by one forward pass of transformers' model, without cache or batch."""
    model = Blip2ForConditionalGeneration.from_pretrained(location)
    prompt = [text_format.image_token_id] * text_format.image_tokens + [text_format.start_token_id]  # type: ignore[attr-defined]
    start = text_format.decoder_start_token_id  # type: ignore[attr-defined]
    if start is None:
        logits = model(pixel_values=pixels, input_ids=torch.tensor([prompt + sentence])).logits
        logits = logits[0, len(prompt) - 1 : -1]
    else:
        decoder = torch.tensor([[start, *sentence[:-1]]])
        logits = model(
            pixel_values=pixels, input_ids=torch.tensor([prompt]), decoder_input_ids=decoder
        ).logits[0]
    return float(logits.log_softmax(-1)[torch.arange(len(sentence)), sentence].sum())


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_shared_beginnings_stay_apart(opt_checkpoint: Path, rng: np.random.Generator, attention: str) -> None:
    """Scored together, sentences with common beginnings get what each gets alone."""
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, attention=attention)
    sentences = [[9, 20, 31, 5], [9, 20, 5], [40], [9, 20, 31, 33, 5], [12, 20, 31, 5]]
    with torch.no_grad():
        prefix = make_prefix(
            captioner.backbone,
            captioner.backbone.encode(captioner.joint_model.preprocessor(pairs_of(rng, 2))),
        )
        together = score_sentences(captioner.backbone, prefix, sentences)
        alone = [score_sentences(captioner.backbone, prefix, [sentence]) for sentence in sentences]
    assert torch.allclose(together, torch.cat(alone, dim=1), atol=1e-4)


def test_scoring_in_parts_changes_nothing(
    captioner: DifferenceCaptioner, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = captioner.joint_model.preprocessor(pairs_of(rng, 5))
    sentences = captioner.joint_model.no_change_tokens
    with torch.no_grad():
        prefix = make_prefix(captioner.backbone, captioner.backbone.encode(pixels))
        whole = score_sentences(captioner.backbone, prefix, sentences)
        monkeypatch.setattr("blip2idc.model.language._MAX_LOGITS", 1)
        assert torch.allclose(score_sentences(captioner.backbone, prefix, sentences), whole, atol=1e-5)


@pytest.mark.parametrize(
    "layout",
    [JointLayout("vertical", 64, 32), JointLayout("horizontal", 32, 64), JointLayout("vertical", 48, 48)],
)
def test_other_resolutions_interpolate_positions(
    opt_checkpoint: Path, rng: np.random.Generator, layout: JointLayout
) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, layout=layout)
    pixels = captioner.joint_model.preprocessor(pairs_of(rng, 2))
    assert pixels.shape == (2, 3, layout.height, layout.width)
    model = Blip2ForConditionalGeneration.from_pretrained(opt_checkpoint)
    with torch.no_grad():
        expected = model.get_image_features(pixels, interpolate_pos_encoding=True).pooler_output
        assert torch.equal(captioner.backbone.encode(pixels), expected)


def test_layout_that_patches_do_not_tile_is_refused(opt_checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="patches of 8"):
        DifferenceCaptioner.from_pretrained(opt_checkpoint, layout=JointLayout("vertical", 40, 32))


def test_prompt_and_settings_file(opt_checkpoint: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in opt_checkpoint.iterdir():
        (folder / file.name).symlink_to(file)
    settings = CaptionerSettings(
        layout=JointLayout("horizontal", 32, 32),
        prompt="the change",
        decoding=Decoding(max_new_tokens=5),
        no_change_captions=("nothing", "there is no change"),
        calibration=Calibration(0.1, 0.1, 0.25, 10, 0.9),
    )
    write_settings(folder, settings)
    assert read_settings(folder) == settings
    captioner = DifferenceCaptioner.from_pretrained(folder)
    assert captioner.settings == settings
    plain = DifferenceCaptioner(captioner.backbone, replace(settings, prompt=""))
    images = random_images(rng, 2)
    with_prompt, without = captioner(*images), plain(*images)
    assert with_prompt.change_probability != pytest.approx(without.change_probability, abs=1e-6)


def test_unknown_decoding_and_settings_are_refused(opt_checkpoint: Path, tmp_path: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint)
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    with pytest.raises(ConfigError, match="num_beam is not known; did you mean num_beams"):
        captioner(image, image, num_beam=3)
    with pytest.raises(ConfigError, match="max_new_tokens is 0"):
        captioner(image, image, max_new_tokens=0)
    (tmp_path / "blip2idc.json").write_text('{"layuot": {}}')
    with pytest.raises(ModelError, match=r"blip2idc.json.*layuot is not known; did you mean layout"):
        read_settings(tmp_path)


def test_bad_image_in_a_stream_names_it(opt_checkpoint: Path, tmp_path: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint)
    (tmp_path / "text.png").write_text("no image")
    good = np.zeros((8, 8, 3), dtype=np.uint8)
    with pytest.raises(ImageError, match=r"text\.png"):
        list(captioner.stream([(good, good), (good, tmp_path / "text.png")]))


def test_stream_reads_its_input_as_needed(opt_checkpoint: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint)
    taken = []

    def endless() -> object:
        image = np.zeros((8, 8, 3), dtype=np.uint8)
        while True:
            taken.append(1)
            yield image, image

    stream = captioner.stream(endless(), batch_size=3, max_new_tokens=2)  # type: ignore[arg-type]
    for _ in range(4):
        next(stream)
    assert len(taken) <= 20
    stream.close()  # type: ignore[attr-defined]


def test_which_adapter(tmp_path: Path) -> None:
    assert find_adapter(tmp_path, "default") is None
    assert find_adapter(None, None) is None
    assert find_adapter(tmp_path, "owner/name") == "owner/name"
    with pytest.raises(ModelError, match="adapter 'nothing'"):
        find_adapter(None, "nothing")


def test_caption_stays_within_the_positions(opt_checkpoint: Path, rng: np.random.Generator) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint)
    long = captioner(*random_images(rng, 2), max_new_tokens=1000)
    assert long.caption
    captioner.backbone.model.config.text_config.max_position_embeddings = 5
    with pytest.raises(ModelError, match="5 positions"):
        captioner(*random_images(rng, 2))


@pytest.mark.parametrize(
    ("file", "path", "value", "sentence"),
    [
        ("config.json", ("text_config", "dropout"), 7.5, "its files cannot be used .*dropout probability"),
        ("config.json", ("vision_config", "layer_norm_eps"), float("nan"), "config.json: holds NaN"),
        ("config.json", ("num_labels",), 10**19, "num_labels is 10000000000000000000; expected"),
        ("tokenizer_config.json", ("model_max_length",), "x", "its files cannot be used .*TypeError"),
    ],
)
def test_what_a_description_makes_a_network_do(
    file: str, path: tuple[str, ...], value: object, sentence: str, opt_checkpoint: Path, tmp_path: Path
) -> None:
    """Libraries notice some values only when they compute with them."""
    folder = shutil.copytree(opt_checkpoint, tmp_path / "model")
    content = json.loads((folder / file).read_text())
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=f"model '{folder}': .*{sentence}"):
        DifferenceCaptioner.from_pretrained(folder)(
            *random_images(np.random.default_rng(0), 2), max_changes=0
        )


def test_numbers_that_are_none(captioner: DifferenceCaptioner, rng: np.random.Generator) -> None:
    """As weights of another type, or damaged ones, give them: they are told, not printed as a probability."""
    with torch.no_grad():
        captioner.backbone.model.language_projection.bias.fill_(float("nan"))
    with pytest.raises(ModelError, match="gives numbers that are not finite"):
        captioner(*random_images(rng, 2), max_changes=0)
