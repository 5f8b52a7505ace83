"""The service behind the page: answers, and refusals in one sentence that names no path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.checkpoints import random_images

from blip2idc.app.page import answer_html
from blip2idc.app.service import Answer, DifferenceService
from blip2idc.app.settings import AppSettings
from blip2idc.errors import ConfigError, ImageError, ModelError
from blip2idc.model.captioner import DifferenceCaptioner


@pytest.fixture(scope="module")
def service(opt_checkpoint: Path) -> Iterator[DifferenceService]:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")
    made = DifferenceService(captioner, max_pixels=100_000)
    yield made
    made.close()


@pytest.fixture
def paths(tmp_path: Path, rng: np.random.Generator) -> tuple[Path, Path]:
    names = tmp_path / "a.png", tmp_path / "b.png"
    for path, image in zip(names, random_images(rng, 2), strict=True):
        image.save(path)
    return names


@pytest.fixture
def answer(service: DifferenceService, paths: tuple[Path, Path]) -> Answer:
    return service.answer(*paths)


def test_the_answer_is_what_the_captioner_says(
    service: DifferenceService, answer: Answer, paths: tuple[Path, Path]
) -> None:
    told = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    direct = service.captioner(*paths)
    assert told["caption"] == direct.caption == " ".join(told["words"])
    assert told["change_probability"] == pytest.approx(direct.change_probability, abs=1e-5)
    assert told["changed"] is direct.changed
    assert {"model", "adapter", "layout", "method", "before_boxes", "after_boxes"} < set(told)


def test_without_heatmaps(service: DifferenceService, answer: Answer, paths: tuple[Path, Path]) -> None:
    plain = service.answer(*paths, heatmaps=False)
    told, with_maps = plain.to_dict(), answer.to_dict()
    assert plain.explanation is None
    assert told.keys() == with_maps.keys()
    assert (told["caption"], told["words"]) == (with_maps["caption"], with_maps["words"])
    with pytest.raises(ModelError, match="asked for without heatmaps"):
        plain.pictures()


def test_pictures_of_sentence_and_word(answer: Answer) -> None:
    for word in (None, 0):
        assert [picture.size for picture in answer.pictures(word)] == [(56, 40), (56, 40)]


def test_html_is_escaped(answer: Answer) -> None:
    hostile = '<script>alert("x")</script> & <img src=x onerror=y>'
    shown = answer_html(replace(answer, difference=replace(answer.difference, caption=hostile)))
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &lt;img" in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert "probability of change" in shown


def test_large_pictures_go_back_small(service: DifferenceService, tmp_path: Path) -> None:
    Image.new("RGB", (2000, 50)).save(tmp_path / "wide.png")
    found = service.answer(tmp_path / "wide.png", tmp_path / "wide.png")
    assert found.shown.before.size == (1024, 26)
    assert found.sizes == ((2000, 50), (2000, 50))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "the image after is missing; choose two images"),
        (
            b"text",
            "the image after: is not an image, or of a format that is not opened (see docs/security.md)",
        ),
        (b"", "the image after: the file is empty (0 bytes); expected an image"),
    ],
)
def test_refusals(
    service: DifferenceService, paths: tuple[Path, Path], tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    bad = tmp_path / "secret-name.png"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(ImageError) as caught:
        service.answer(paths[0], bad if content is not None else None)
    assert str(caught.value) == sentence


def test_too_many_pixels(service: DifferenceService, paths: tuple[Path, Path], tmp_path: Path) -> None:
    Image.new("1", (400, 400)).save(tmp_path / "big.png")
    with pytest.raises(ImageError, match="400x400 = 160,000 pixels, more than the limit of 100,000"):
        service.answer(tmp_path / "big.png", paths[1])


@pytest.mark.parametrize("values", [{"port": 70000}, {"max_upload_mb": 0}, {"queue": 0}])
def test_settings_out_of_range(values: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        AppSettings(**values)  # type: ignore[arg-type]
