"""Frames around pictures, and pictures that were turned or drawn out: what is told, and what only looks like it."""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.geometry import framed, mapped
from blip2idc.images.changes.whole.views import Views

WHITE = (255, 255, 255)


def around(picture: Pixels, *sides: int) -> Pixels:
    """A picture with white above, below, left and right of it."""
    return np.asarray(cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=WHITE))


def laid(picture: Pixels, *matrix: tuple[float, float, float]) -> Pixels:
    size = picture.shape[1::-1]
    if len(matrix) == 2:
        map_of = np.array(matrix, np.float32)
        return np.asarray(cv2.warpAffine(picture, map_of, size, borderMode=cv2.BORDER_REFLECT))
    map_of = np.array(matrix, np.float32)
    return np.asarray(cv2.warpPerspective(picture, map_of, size, borderMode=cv2.BORDER_REFLECT))


def turned(picture: Pixels, degrees: float) -> Pixels:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT))


def test_a_white_frame_that_is_widest_below_is_a_polaroid(pictures: list[Pixels]) -> None:
    for picture in pictures:
        assert framed(Views(picture, around(picture, 12, 40, 12, 12))) == Fact("polaroid")
        assert framed(Views(picture, around(picture, 12, 12, 12, 12))) == Fact("border", {"color": "white"})


def test_a_frame_around_another_picture_is_none_of_this_one(pictures: list[Pixels]) -> None:
    for picture, other in zip(pictures, [*pictures[1:], pictures[0]], strict=True):
        assert framed(Views(picture, around(other, 12, 12, 12, 12))) is None
        bars = other.copy()
        bars[:40] = bars[-40:] = 0
        assert framed(Views(picture, bars)) is None


def test_a_frame_that_leaves_next_to_nothing_is_none(pictures: list[Pixels]) -> None:
    for picture in pictures:
        strip = np.ascontiguousarray(picture[100:148, :200])
        after = strip.copy()
        after[:17], after[-17:], after[:, :17], after[:, -17:] = 255, 255, 255, 255
        assert framed(Views(strip, after)) is None


def test_a_picture_that_leans_or_was_reduced_onto_a_ground_is_not_called_turned_or_stretched(
    pictures: list[Pixels],
) -> None:
    picture = pictures[0][:220, :240]
    height, width = picture.shape[:2]
    assert mapped(Views(picture, laid(picture, (1, 0.16, -0.08 * height), (0, 1, 0)))) is None
    wide = np.asarray(cv2.resize(picture, (round(1.3 * width), height)))
    assert mapped(Views(picture, wide)) == Fact("stretch", {"way": "wider"})
    assert mapped(Views(picture, around(wide, 30, 30, 40, 40))) is None


def test_a_picture_of_another_moment_is_not_called_turned(pictures: list[Pixels]) -> None:
    picture, other = pictures[0][:220, :240], pictures[1]
    after = turned(picture, 8)
    assert mapped(Views(picture, after)) == Fact("rotate", {"side": "left"})
    after[40:110, 40:120] = other[40:110, 40:120]
    assert mapped(Views(picture, after)) is None


def test_a_picture_of_another_moment_is_not_called_tilted(pictures: list[Pixels]) -> None:
    picture, other = pictures[0][:220, :240], pictures[1]
    after = laid(picture, (1, 0, 0), (0, 1, 0), (0.25 / picture.shape[1], 0, 1))
    assert mapped(Views(picture, after)) == Fact("perspective")
    after[40:110, 40:120] = other[40:110, 40:120]
    assert mapped(Views(picture, after)) is None
