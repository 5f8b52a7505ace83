"""CLIP as the filters use it, on a random one in the real on-disk format."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.tiny_clip import build_tiny_clip

from blip2idc.errors import ConfigError, ModelError
from blip2idc.synthesis.filters.clip import ClipEmbedder, ClipSettings


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def embedder(tiny: Path) -> ClipEmbedder:
    return ClipSettings(model=str(tiny), device="cpu", batch_size=2).load()


def _images(count: int = 5) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (40 + 9 * i, 60, 3), dtype=np.uint8)) for i in range(count)]


def test_the_description_names_weights_and_revision() -> None:
    assert ClipSettings().describe() == {
        "model": "openai/clip-vit-large-patch14",
        "revision": "32bd64288804d66eefd0ccbe215aa642df71cc41",
        "dtype": "auto",
    }
    assert ClipSettings(model="someone/else").describe()["revision"] is None
    assert ClipSettings(model="someone/else", revision="abc").describe()["revision"] == "abc"
    assert pickle.loads(pickle.dumps(ClipSettings())) == ClipSettings()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": ""}, "clip.model is empty"),
        ({"dtype": "half"}, "clip.dtype is 'half'"),
        ({"batch_size": 0}, "clip.batch_size is 0"),
    ],
)
def test_settings_out_of_range_are_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ClipSettings(**change)


def test_vectors_have_unit_length_and_one_space(embedder: ClipEmbedder) -> None:
    images, texts = embedder.images(_images()), embedder.texts(["a photograph", "the photo", "a"])
    assert images.dtype == texts.dtype == np.float32
    assert images.shape == (5, 16)
    assert texts.shape == (3, 16)
    for vectors in (images, texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.abs(images[0] - images[1]).max() > 0.01
    assert np.abs(texts[0] - texts[1]).max() > 0.01


def test_none_of_nothing(embedder: ClipEmbedder) -> None:
    assert embedder.images([]).shape == embedder.texts([]).shape == (0, 16)


def test_batches_give_what_each_gives_alone(embedder: ClipEmbedder) -> None:
    images, texts = _images(), ["a", "a photograph of something long", "the photo"]
    np.testing.assert_allclose(
        embedder.images(images), np.concatenate([embedder.images([one]) for one in images]), atol=1e-5
    )
    np.testing.assert_allclose(
        embedder.texts(texts), np.concatenate([embedder.texts([one]) for one in texts]), atol=1e-5
    )


def test_vectors_are_those_of_transformers_own_model(tiny: Path, embedder: ClipEmbedder) -> None:
    """Against the logits of the whole `CLIPModel`, which are scaled cosines."""
    import torch
    from transformers import CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    images, texts = _images(2), ["a photograph", "the photo of the"]
    model = CLIPModel.from_pretrained(tiny)
    tokens = CLIPTokenizer.from_pretrained(tiny)(texts, padding=True, return_tensors="pt")
    pixels = CLIPImageProcessorPil.from_pretrained(tiny)(images, return_tensors="pt")
    with torch.no_grad():
        output = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"], **pixels)
    expected = output.logits_per_image / model.logit_scale.detach().exp()
    np.testing.assert_allclose(embedder.images(images) @ embedder.texts(texts).T, expected, atol=1e-5)


def test_long_texts_are_cut_not_refused(embedder: ClipEmbedder) -> None:
    long = "the photograph " * 200
    vector, cut, other = embedder.texts([long, long + "x y z", "x y z " + long])
    np.testing.assert_allclose(vector, cut, atol=1e-6)
    assert np.abs(vector - other).max() > 1e-3


def test_images_of_any_mode_are_taken(embedder: ClipEmbedder) -> None:
    grey = _images(1)[0].convert("L")
    np.testing.assert_allclose(embedder.images([grey]), embedder.images([grey.convert("RGB")]), atol=1e-6)


def test_half_precision_is_near(tiny: Path, embedder: ClipEmbedder) -> None:
    half = ClipSettings(model=str(tiny), device="cpu", dtype="bfloat16").load()
    assert half.images(_images()).dtype == np.float32
    cosines = (half.images(_images()) * embedder.images(_images())).sum(axis=1)
    assert cosines.min() > 0.99


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"^clip\.model '/no/such': no such folder"):
        ClipSettings(model="/no/such").load()


def test_weights_that_cannot_be_fetched_are_named() -> None:
    with pytest.raises(
        ModelError, match="clip.model 'openai/clip-vit-large-patch14': cannot be read from the hub"
    ):
        ClipSettings().load()


def test_weights_that_are_incomplete_are_refused(tiny: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(tiny, tmp_path / "cut")
    weights = load_file(tiny / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, tmp_path / "cut" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are missing .*visual_projection.weight"):
        ClipSettings(model=str(tmp_path / "cut"), device="cpu").load()


def test_pickled_weights_are_not_read(tiny: Path, tmp_path: Path) -> None:
    import torch

    shutil.copytree(tiny, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pickled" / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"cannot be read .*model.safetensors"):
        ClipSettings(model=str(tmp_path / "pickled"), device="cpu").load()


def test_the_tiny_clip_has_the_files_of_the_released_one(tiny: Path) -> None:
    names = {path.name for path in tiny.iterdir()}
    assert names >= {
        "config.json",
        "model.safetensors",
        "vocab.json",
        "merges.txt",
        "preprocessor_config.json",
    }
    processor = json.loads((tiny / "preprocessor_config.json").read_text())
    assert processor["image_processor_type"] == "CLIPImageProcessor"
