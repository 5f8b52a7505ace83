"""Pictures that are shown in another size."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.images.changes import Fact
from blip2idc.images.changes.facts.scaling import resized_picture
from blip2idc.images.changes.result import Box
from blip2idc.worlds.edits.photographs import packaged_photographs


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.open(packaged_photographs("test")[0]).convert("RGB").resize((160, 120))


def page(content: Image.Image, at: tuple[int, int] = (20, 30)) -> tuple[np.ndarray, Box]:
    image = Image.new("RGB", (480, 400), "white")
    image.paste(content, at)
    return np.asarray(image), (*at, *content.size)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_a_picture_that_is_larger_or_smaller(picture: Image.Image, factor: float) -> None:
    (before, one), (after, other) = (
        page(picture),
        page(picture.resize((round(160 * factor), round(120 * factor))), (60, 50)),
    )
    assert resized_picture(before, after, (one, other)) == Fact("resized", {"factor": factor})
    back = resized_picture(after, before, (other, one))
    assert back is not None
    assert back.values["factor"] == pytest.approx(1 / factor, abs=0.01)


def test_a_part_of_it_at_its_own_size(picture: Image.Image) -> None:
    (before, one), (after, other) = page(picture), page(picture.crop((0, 40, 160, 90)))
    fact = resized_picture(before, after, (one, other))
    assert fact == Fact("resized", {"factor": round((50 / 120) ** 0.5, 2)})


def test_what_is_another_picture_or_none_or_as_large(picture: Image.Image) -> None:
    before, one = page(picture)
    turned = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((200, 150))
    after, other = page(turned)
    assert resized_picture(before, after, (one, other)) is None
    plain, place = page(Image.new("RGB", (200, 150), "#cccccc"))
    assert resized_picture(before, plain, (one, place)) is None
    assert resized_picture(before, before, (one, one)) is None
    assert resized_picture(before, page(picture.resize((164, 122)))[0], (one, (20, 30, 164, 122))) is None
    assert resized_picture(before, after, (one, None)) is None
    assert resized_picture(before, after, (None, other)) is None
    assert resized_picture(before, after, (one, (20, 30, 200, 11))) is None
