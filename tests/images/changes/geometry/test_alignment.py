"""How two images lie on each other: in place, shifted, scaled, by rows, in no way."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.geometry import alignment
from blip2idc.images.changes.geometry.alignment import align, align_roughly, equal_share
from blip2idc.worlds.edits.photographs import packaged_photographs


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return np.asarray(Image.open(packaged_photographs("test")[0]).convert("RGB"))


def moved(image: np.ndarray, matrix: list[list[float]]) -> np.ndarray:
    return cv2.warpAffine(
        image, np.array(matrix), image.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def test_half_a_pixel_is_a_shift(photograph: np.ndarray) -> None:
    found = align(photograph, moved(photograph, [[1, 0, 0.5], [0, 1, -1.25]]))
    assert found.kind == "shifted"
    assert found.shift == pytest.approx((0.5, -1.25), abs=0.1)


def test_half_of_a_page_that_is_drawn_anew_stays_where_a_banner_covers_the_other_half() -> None:
    """Hardly anything agrees by itself, but every letter that is found again is where it was."""
    rng = np.random.default_rng(1)
    image = Image.new("RGB", (400, 560), "white")
    draw = ImageDraw.Draw(image)
    for row in range(22):
        word = "".join(chr(97 + int(letter)) for letter in rng.integers(0, 26, 34))
        draw.text((12, 10 + 25 * row), word, "#222222", ImageFont.load_default(15))
    page = np.asarray(image)
    covered = moved(page, [[1, 0, 0.5], [0, 1, 0.5]])
    covered[280:] = 255
    covered[320:324, 20:380] = 30
    assert align(page, covered).kind == "aligned"
    assert align(page, covered[::-1].copy()).kind == "none"


def test_a_small_turn_is_found(photograph: np.ndarray) -> None:
    turn = cv2.getRotationMatrix2D((photograph.shape[1] / 2, photograph.shape[0] / 2), 2.0, 1.0)
    found = align(photograph, moved(photograph, turn.tolist()))
    assert found.kind == "scaled"
    assert np.array(found.matrix) == pytest.approx(turn, abs=0.3)


def test_a_reduced_photograph_is_found_at_its_scale(photograph: np.ndarray) -> None:
    height, width = photograph.shape[:2]
    found = align(
        photograph, cv2.resize(photograph, (width * 3 // 5, height * 3 // 5), interpolation=cv2.INTER_AREA)
    )
    assert found.kind == "scaled"
    assert found.scale == pytest.approx(0.6, abs=0.005)


def test_the_mirror_image_lies_in_no_way_on_it(photograph: np.ndarray) -> None:
    assert align(photograph, np.ascontiguousarray(photograph[::-1])).kind == "none"


def test_equal_tiles_are_counted_where_there_is_structure() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[::2, ::2] = 200
    other = image.copy()
    other[:16, :] = 90
    assert equal_share(image, other) == 0.75


def test_features_are_not_sought_where_rows_explain_nearly_all(
    photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = np.tile(photograph, (2, 1, 1))
    page[len(photograph) :] = photograph[::-1]
    longer = np.concatenate([page[:200], np.full((60, page.shape[1], 3), 250, np.uint8), page[200:]])
    asked: list[int] = []
    monkeypatch.setattr(alignment, "_by_features", lambda *planes: asked.append(len(planes)))
    assert align_roughly(page, longer).kind == "rows"
    assert asked == []
    turned = cv2.rotate(photograph, cv2.ROTATE_180)
    assert align_roughly(photograph, turned).kind == "none"
    assert asked == [2]


def test_a_pair_of_equal_images_lies_in_place(photograph: np.ndarray) -> None:
    found = alignment.align_exactly(photograph[:64, :64], photograph[:64, :64])
    assert found is not None
    assert found.kind == "aligned"


def test_a_few_pixels_that_differ_by_little_leave_a_bare_page_equal() -> None:
    before = np.full((40, 40, 3), 255, np.uint8)
    after = before.copy()
    after[20, 20:22] = 253
    assert equal_share(before, after) == 1.0


@pytest.mark.parametrize("size", [(2400, 200), (2000, 167)])
def test_a_large_picture_that_lies_a_little_further_right(
    photograph: np.ndarray, size: tuple[int, int]
) -> None:
    wide = cv2.resize(photograph, (2400, 200), interpolation=cv2.INTER_CUBIC)
    other = cv2.resize(wide, size, interpolation=cv2.INTER_AREA)
    found = align_roughly(wide, other[:, 40:])
    assert found.scale == pytest.approx(size[0] / 2400, abs=0.01)
    assert found.matrix[0][2] == pytest.approx(-40, abs=1)
