"""Pictures that do not load, by the icon that stands in their place."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, find_changes
from blip2idc.images.changes.facts.pages.broken import _COLORS, _ICON


def icon(ground: tuple[int, int, int], scale: int) -> Image.Image:
    values = [[_COLORS.get(sign, ground) for sign in line] for line in _ICON]
    return Image.fromarray(np.array(values, np.uint8)).resize(
        (16 * scale, 16 * scale), Image.Resampling.NEAREST
    )


def page(*, loads: bool, scale: int = 1, ground: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    image = Image.new("RGB", (480, 320), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 30), fill="#1d2b45")
    font = ImageFont.truetype("DejaVuSans.ttf", 14)
    draw.text((60, 270), "All prices include taxes", "#777777", font)
    if loads:
        noise = np.random.default_rng(3).integers(0, 255, (12, 16, 3)).astype(np.uint8)
        image.paste(Image.fromarray(noise).resize((120, 90), Image.Resampling.BICUBIC), (60, 80))
    else:
        image.paste(icon(ground, scale), (60, 80))
        draw.text((62 + 16 * scale, 80), "Hiking boots", "#888888", font)
    return image


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("ground", [(255, 255, 255), (33, 37, 41)])
@pytest.mark.parametrize("back", [False, True])
def test_a_picture_that_does_not_load(ground: tuple[int, int, int], scale: int, back: bool) -> None:
    pages = [page(loads=loads, scale=scale, ground=ground) for loads in (True, False)]
    (change,) = find_changes(*pages[:: -1 if back else 1], texts=False).changes
    assert change.facts == (Fact("broken", {"in": "before" if back else "after"}),)
    assert change.sentence == f"the picture {'loads again' if back else 'does not load now'}"


def test_a_green_badge_is_no_picture_that_does_not_load() -> None:
    images = [page(loads=True) for _ in range(2)]
    for image, color in zip(images, ("#888888", _COLORS["g"]), strict=True):
        ImageDraw.Draw(image).rounded_rectangle((320, 100, 400, 130), 6, fill=color)
    assert not any(change.fact("broken") for change in find_changes(*images, texts=False).changes)
