"""What was laid over a picture: told by name and place; things that only came or went are none of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.whole.overlays import blended, laid_over
from blip2idc.images.changes.whole.views import Views


def kinds(found: list[object]) -> list[str | None]:
    return [getattr(fact, "kind", None) for fact in found]


def test_a_grid_is_told_with_its_colour(pictures: list[Pixels]) -> None:
    for picture in pictures:
        after = picture.copy()
        after[::30], after[:, ::30] = (200, 20, 20), (200, 20, 20)
        fact = laid_over(Views(picture, after))
        assert fact is not None
        assert (fact.kind, fact.values) == ("grid_lines", {"color": "red"})


@pytest.mark.parametrize(("opacity", "kind"), [(255, "text"), (120, "watermark")])
def test_words_are_told_with_their_place(opacity: int, kind: str, pictures: list[Pixels]) -> None:
    told = []
    for picture in pictures:
        image = Image.fromarray(picture)
        layer = Image.new("RGBA", image.size)
        font = ImageFont.load_default(image.height // 8)
        ImageDraw.Draw(layer).text(
            (30, image.height * 0.6), "Lisbon", fill=(255, 255, 255, opacity), font=font
        )
        fact = laid_over(
            Views(picture, np.asarray(Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")))
        )
        if fact is not None:
            told.append(fact.kind)
            assert abs(int(fact.values["left"]) - 30) < 12
            assert int(fact.values["top"]) >= 0.55 * image.height
    assert told.count(kind) == len(told) >= 3, told


@pytest.mark.parametrize("corner", ["bottom right", "bottom left", "top right", "top left"])
def test_a_curled_corner_is_told_with_the_corner(corner: str, pictures: list[Pixels]) -> None:
    turn = (slice(None, None, -1 if "top" in corner else 1), slice(None, None, -1 if "left" in corner else 1))
    for picture in pictures:
        height, width = picture.shape[:2]
        rows, columns = np.mgrid[:height, :width]
        off = columns / width + rows / height - 1.5  # beyond the fold
        after = picture.copy()
        after[off > 0] = 255
        roll = (off > -0.2) & (off <= 0.05)
        shade = 120 + 110 * np.sin(np.pi * (off + 0.2) / 0.25)
        after[roll] = shade[roll][:, None]
        fact = laid_over(Views(picture[turn].copy(), after[turn].copy()))
        assert fact is not None
        assert (fact.kind, fact.values) == ("page_curl", {"corner": corner})


def test_a_puzzle_is_told(pictures: list[Pixels]) -> None:
    told = []
    for picture in pictures:
        height, width = picture.shape[:2]
        lines = np.zeros((height, width), np.uint8)
        for part in range(1, 5):
            for length, side, turned in ((height, width, False), (width, height, True)):
                along = np.arange(length)
                knob = 0.05 * side * np.exp(-((((along / length * 4) % 1) - 0.5) ** 2) / 0.02)
                points = np.stack([part * side / 5 + knob, along], axis=1)
                points = points[:, ::-1] if turned else points
                cv2.polylines(lines, [points.round().astype(np.int32)], False, 255, 2)
        after = np.where(lines[..., None] > 0, picture // 3, picture).astype(np.uint8)
        after = np.where(
            np.roll(lines, 2, (0, 1))[..., None] > lines[..., None], 255 - (255 - picture) // 2, after
        )
        told.append(laid_over(Views(picture, after.astype(np.uint8))))
    assert kinds(told).count("jigsaw") >= 3, told


def test_another_picture_mixed_in_is_told(pictures: list[Pixels]) -> None:
    found = []
    for one, other in zip(pictures, [*pictures[1:], pictures[0]], strict=True):
        found.append(
            blended(Views(one, cv2.addWeighted(one, 0.6, cv2.resize(other, one.shape[1::-1]), 0.4, 0)))
        )
    assert kinds(found).count("double_exposure") >= 3, found


def test_things_that_came_are_no_overlay(pictures: list[Pixels]) -> None:
    for picture, other in zip(pictures, [*pictures[1:], pictures[0]], strict=True):
        height, width = picture.shape[:2]
        pasted, boxed, blurred, removed = (picture.copy() for _ in range(4))
        pasted[40:120, 60:160] = other[10:90, 20:120]
        boxed[: height // 3, : width // 3] = (250, 250, 250)
        blurred[50:150, 40:180] = cv2.GaussianBlur(picture, (0, 0), 4)[50:150, 40:180]
        cv2.circle(removed, (width // 2, height // 2), 30, (10, 60, 200), -1)
        for after in (pasted, boxed, blurred, removed):
            assert laid_over(Views(picture, after)) is None
            assert blended(Views(picture, after)) is None


def test_words_on_a_page_are_left_to_the_page() -> None:
    page = np.full((300, 400, 3), 245, np.uint8)
    after = page.copy()
    cv2.putText(after, "Welcome", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    assert laid_over(Views(page, after)) is None


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: np.clip(picture * 0.7 + 20, 0, 255).astype(np.uint8),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 3),
        lambda picture: (0.7 * picture + 0.3 * np.array([200, 30, 30])).astype(np.uint8),
        lambda picture: cv2.resize(picture[20:-20, 20:-20], picture.shape[1::-1]),
    ],
)
def test_plain_edits_mix_nothing_in(edit: object, pictures: list[Pixels]) -> None:
    for picture in pictures:
        assert blended(Views(picture, edit(picture))) is None  # type: ignore[operator]


def test_lines_of_which_one_is_as_wide_as_what_is_between_them_are_no_grid(pictures: list[Pixels]) -> None:
    for picture in pictures:
        after = picture.copy()
        after[::30], after[:, ::30] = (200, 20, 20), (200, 20, 20)
        after[112:129] = (200, 20, 20)
        assert laid_over(Views(picture, after)) is None


def corner_off(picture: Pixels, across: int, up: int) -> Pixels:
    """A picture with white instead of its lower right corner."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    after = picture.copy()
    after[(width - 1 - columns) / across + (height - 1 - rows) / up < 1] = 255
    return after


def test_a_corner_that_was_cut_off_is_not_curled(pictures: list[Pixels]) -> None:
    for picture in pictures:
        height, width = picture.shape[:2]
        assert laid_over(Views(picture, corner_off(picture, width // 2, height // 2))) is None
        small = cv2.resize(picture, (64, 48), interpolation=cv2.INTER_AREA)
        assert laid_over(Views(small, corner_off(small, 40, 8))) is None


def test_a_puzzle_of_which_each_cut_has_two_edges(pictures: list[Pixels]) -> None:
    told = []
    for picture in pictures:
        after = picture.copy()
        for axis, side in enumerate(picture.shape[:2]):
            for part in range(1, 5):
                for at in (part * side // 5 - 5, part * side // 5 + 5):
                    line = (slice(at, at + 2), slice(None))[:: -1 if axis else 1]
                    after[line] = 255 * (after[line].mean(axis=2, keepdims=True) < 128)
        told.append(laid_over(Views(picture, after)))
    assert kinds(told).count("jigsaw") >= 3, told


def test_words_of_thin_strokes_are_told(pictures: list[Pixels]) -> None:
    told = []
    for picture in pictures:
        after = picture.copy()
        cv2.putText(after, "Lisbon in May", (30, 200), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 1)
        told.append(laid_over(Views(picture, after)))
    assert kinds(told).count("text") >= 2, told
    assert set(kinds(told)) <= {"text", None}


def test_dashes_are_no_words(pictures: list[Pixels]) -> None:
    for picture in pictures:
        after = picture.copy()
        for left in range(30, 230, 30):
            after[200:204, left : left + 20] = (255, 255, 255)
        assert laid_over(Views(picture, after)) is None


def test_nothing_is_mixed_into_a_plain_ground(pictures: list[Pixels]) -> None:
    plain = np.full_like(pictures[0], 128)
    assert blended(Views(plain, cv2.addWeighted(plain, 0.6, pictures[0], 0.4, 0))) is None
