"""Pictures made anew of dots, cells, glass, paint, pencil, scattered pixels: told by name, and no plain edit is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.whole.measure import measure_whole
from blip2idc.images.changes.whole.prints import pencilled, reprinted
from blip2idc.images.changes.whole.views import Views

Edit = Callable[[Pixels], Pixels]


def grey(picture: Pixels) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def screen(picture: Pixels) -> Pixels:
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    dots = 128 + 64 * (np.cos(rows * np.pi / 4) + np.cos(columns * np.pi / 4))
    return np.where(cv2.GaussianBlur(picture, (0, 0), 2) > dots[..., None], 255, 0).astype(np.uint8)


def spread(picture: Pixels) -> Pixels:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    shift = rng.integers(-5, 6, size=(2, *rows.shape))
    rows, columns = np.clip(rows + shift[0], 0, rows.max()), np.clip(columns + shift[1], 0, columns.max())
    return picture[rows, columns]


def cells(picture: Pixels) -> Pixels:
    """Cells around scattered points, each of one colour, with light joints."""
    rng = np.random.default_rng(0)
    height, width = picture.shape[:2]
    grid = np.stack(np.mgrid[8:height:16, 8:width:16], axis=-1).reshape(-1, 2) + rng.uniform(-4, 4, (1, 2))
    points = grid + rng.uniform(-4, 4, grid.shape)
    seeds = np.ones((height, width), np.uint8)
    at = np.clip(points.astype(int), 0, (height - 1, width - 1))
    seeds[at[:, 0], at[:, 1]] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    counts = np.maximum(np.bincount(labels.ravel()), 1)
    means = np.stack(
        [np.bincount(labels.ravel(), picture[..., k].ravel()) / counts for k in range(3)], axis=-1
    )
    result = means[labels].astype(np.uint8)
    joints = cv2.morphologyEx(labels.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    result[joints] = 230
    return result


def dark_lines(picture: Pixels) -> Pixels:
    plane = grey(picture)
    lines = plane < 0.88 * cv2.GaussianBlur(plane, (0, 0), 4)
    return np.where(lines[..., None], picture // 6, picture).astype(np.uint8)


def glass(picture: Pixels) -> Pixels:
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]

    def twice(at: np.ndarray, side: int) -> np.ndarray:
        middle = (at // side + 0.5) * side
        return np.clip(middle + 2 * (at + 0.5 - middle) - 0.5, 0, at.max()).astype(int)

    return picture[twice(rows, 26), twice(columns, 32)]


def paint(picture: Pixels) -> Pixels:
    level = (grey(picture) // 12).astype(int)
    shares = np.stack([cv2.blur((level == index).astype(np.float32), (11, 11)) for index in range(22)])
    chosen = shares.argmax(axis=0)
    result = picture.copy()
    for index in range(22):
        here = (level == index).astype(np.float32)
        mean = cv2.blur(picture * here[..., None], (11, 11)) / np.maximum(shares[index], 1e-4)[..., None]
        result[chosen == index] = mean[chosen == index]
    return result


def pencil(picture: Pixels) -> Pixels:
    plane = cv2.GaussianBlur(grey(picture), (0, 0), 1)
    lines = np.hypot(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1))
    return np.repeat(np.clip(265 - 1.6 * lines, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (screen, "halftone"),
        (spread, "scatter"),
        (cells, "mosaic"),
        (dark_lines, "cartoon"),
        (glass, "glass_tiles"),
        (paint, "oil_paint"),
    ],
)
def test_what_a_picture_is_made_of_is_told(edit: Edit, kind: str, pictures: list[Pixels]) -> None:
    found = [measure_whole(picture, edit(picture)) for picture in pictures]
    told = [fact.kind for fact in found if fact is not None]
    assert told.count(kind) >= 3, told
    assert set(told) == {kind}, told


def test_a_drawing_is_told(pictures: list[Pixels]) -> None:
    found = [measure_whole(picture, pencil(picture)) for picture in pictures]
    assert sum(fact is not None and fact.kind in ("sketch", "outlines") for fact in found) >= 3, found


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 2),
        lambda picture: cv2.medianBlur(picture, 3),
        lambda picture: np.clip(picture * 1.4, 0, 255).astype(np.uint8),
        lambda picture: picture // 64 * 64 + 32,
        lambda picture: 255 - picture,
        lambda picture: np.repeat(grey(picture).astype(np.uint8)[..., None], 3, axis=-1),
        lambda picture: cv2.addWeighted(picture, 2.5, cv2.GaussianBlur(picture, (0, 0), 2), -1.5, 0),
    ],
)
def test_plain_edits_are_no_prints(edit: Edit, pictures: list[Pixels]) -> None:
    for picture in pictures:
        views = Views(picture, edit(picture))
        assert reprinted(views) is None
        assert pencilled(views) is None
