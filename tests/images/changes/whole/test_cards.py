"""The picture on a ground: with a shadow behind it, or as a card."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.whole.cards import carded
from blip2idc.images.changes.whole.views import Views


def shaded(picture: Pixels) -> Pixels:
    image = Image.fromarray(picture)
    width, height = image.width + 40, image.height + 40
    shadow = Image.new("L", (width, height), 255)
    shadow.paste(70, (14, 14, 14 + image.width, 14 + image.height))
    result = Image.merge("RGB", [shadow.filter(ImageFilter.GaussianBlur(5))] * 3)
    result.paste(image, (6, 6))
    return np.asarray(result)


def carded_anew(picture: Pixels) -> Pixels:
    image = Image.fromarray(picture)
    card = Image.new("RGBA", (image.width + 36, image.height + 70), "white")
    card.paste(image, (18, 18))
    turned = card.rotate(-6, Image.Resampling.BICUBIC, expand=True)
    ground = Image.new("RGBA", (turned.width + 20, turned.height + 20), (120, 110, 100, 255))
    ground.alpha_composite(turned, (10, 10))
    return np.asarray(ground.convert("RGB"))


def kinds(pictures: list[Pixels], edit: object) -> list[str]:
    found = [carded(Views(picture, edit(picture))) for picture in pictures]  # type: ignore[operator]
    return [fact.kind for fact in found if fact is not None]


def test_a_shadow_behind_the_picture_is_told(pictures: list[Pixels]) -> None:
    told = kinds(pictures, shaded)
    assert told.count("drop_shadow") == len(told) >= 3, told


def test_a_card_is_told(pictures: list[Pixels]) -> None:
    told = kinds(pictures, carded_anew)
    assert told.count("polaroid") == len(told) >= 3, told


def test_frames_crops_and_turns_are_neither(pictures: list[Pixels]) -> None:
    for edit in (
        lambda picture: np.pad(picture, ((20, 20), (20, 20), (0, 0)), constant_values=60),
        lambda picture: picture[15:-15, 25:-25],
        lambda picture: np.asarray(Image.fromarray(picture).rotate(8, expand=True, fillcolor="white")),
    ):
        assert kinds(pictures, edit) == []


def shaded_below(picture: Pixels, blur: int) -> Pixels:
    """A picture with a shadow that is seen right of it and below alone."""
    shadow = Image.new("L", (picture.shape[1] + 30, picture.shape[0] + 30), 255)
    shadow.paste(70, (10, 10, 10 + picture.shape[1], 10 + picture.shape[0]))
    result = Image.merge("RGB", [shadow.filter(ImageFilter.GaussianBlur(blur)) if blur else shadow] * 3)
    result.paste(Image.fromarray(picture), (0, 0))
    return np.asarray(result)


def test_a_shadow_is_soft_though_the_picture_reaches_the_edge_on_the_other_sides(
    pictures: list[Pixels],
) -> None:
    told = kinds(pictures[:1], lambda picture: shaded_below(picture, 5))
    assert told == ["drop_shadow"]
    assert kinds(pictures[:1], lambda picture: shaded_below(picture, 0)) == []


def test_a_card_that_is_not_turned_is_told_by_its_frame_that_is_widest_below(pictures: list[Pixels]) -> None:
    def upright(picture: Pixels, above: int, below: int) -> Pixels:
        card = np.pad(picture, ((above, below), (12, 12), (0, 0)), constant_values=250)
        return np.pad(card, ((8, 8), (8, 8), (0, 0)), constant_values=120)

    small = [pictures[0][:220, :220]]
    assert kinds(small, lambda picture: upright(picture, 12, 40)) == ["polaroid"]
    assert kinds(small, lambda picture: upright(picture, 40, 12)) == []
    assert kinds(small, lambda picture: upright(picture, 12, 12)) == []
