"""Bent pictures: each bend is told by its own name, no other, and none where nothing was bent."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.whole.views import Views
from blip2idc.images.changes.whole.warps import warped

Bend = Callable[[Pixels], Pixels]


def bent(
    picture: Pixels, source: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> Pixels:
    """A picture whose pixels come from elsewhere; x and y are given from the middle, in halves of the shorter side."""
    height, width = picture.shape[:2]
    half = min(height, width) / 2
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = source((columns - (width - 1) / 2) / half, (rows - (height - 1) / 2) / half)
    return cv2.remap(
        picture,
        (x * half + (width - 1) / 2).astype(np.float32),
        (y * half + (height - 1) / 2).astype(np.float32),
        cv2.INTER_LINEAR,
    )


def swirl(picture: Pixels) -> Pixels:
    def source(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turn = np.radians(110) * np.clip(1 - np.hypot(x, y), 0, 1) ** 2
        return x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)

    return bent(picture, source)


def waves(picture: Pixels) -> Pixels:
    return bent(picture, lambda x, y: (x, y + 0.06 * np.sin(x * 9)))


def ripple(picture: Pixels) -> Pixels:
    def source(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shift = 0.05 * np.sin(np.hypot(x, y) * 24)
        return x + shift, y + shift

    return bent(picture, source)


def barrel(picture: Pixels) -> Pixels:
    def source(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        larger = 0.7 + 0.5 * (x * x + y * y)
        return x * larger, y * larger

    return bent(picture, source)


@pytest.mark.parametrize(
    ("bend", "kind"),
    [(swirl, "swirl"), (waves, "waves"), (ripple, "ripple"), (barrel, "lens_distortion")],
)
def test_a_bend_is_told_by_its_name(bend: Bend, kind: str, pictures: list[Pixels]) -> None:
    found = [warped(Views(picture, bend(picture))) for picture in pictures]
    told = [fact.kind for fact in found if fact is not None]
    assert told.count(kind) == len(told) >= 3, told


@pytest.mark.parametrize(
    "other",
    [
        lambda picture: picture[20:-20, 30:-30],
        lambda picture: cv2.resize(picture[20:-20, 30:-30], picture.shape[1::-1]),
        lambda picture: np.ascontiguousarray(picture[:, ::-1]),
        lambda picture: np.roll(picture, 6, axis=0),
        lambda picture: cv2.warpAffine(
            picture,
            cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), 7, 1),
            picture.shape[1::-1],
        ),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 3),
    ],
)
def test_what_is_not_bent_is_not_called_so(other: Bend, pictures: list[Pixels]) -> None:
    assert [warped(Views(picture, other(picture))) for picture in pictures] == [None] * len(pictures)


def test_another_picture_is_no_bend(pictures: list[Pixels]) -> None:
    for one, other in itertools.pairwise(pictures):
        assert warped(Views(one, cv2.resize(other, one.shape[1::-1]))) is None
