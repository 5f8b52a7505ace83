"""Windows around a change: context, borders, the same part of the scene in both images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.changes import Alignment, RowRun
from blip2idc.images.changes.crops import ELONGATION, LEAST_CONTEXT, change_windows, crop_change
from blip2idc.images.pair import ImagePair


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def shifted(dx: float, dy: float, scale: float = 1.0) -> Alignment:
    kind = "shifted" if scale == 1 else "scaled"
    return Alignment(kind, ((scale, 0.0, dx), (0.0, scale, dy)))  # type: ignore[arg-type]


def test_a_change_keeps_room_on_every_side_at_native_resolution() -> None:
    pair = ImagePair(picture(800, 600), picture(800, 600, 1))
    box = (300, 200, 200, 120)
    crops = crop_change(pair, box, box)
    assert crops.before.size == crops.after.size == (400, 240)
    assert crops.before.tobytes() == pair.before.crop((200, 140, 600, 380)).tobytes()
    assert crops.after.tobytes() == pair.after.crop((200, 140, 600, 380)).tobytes()


def test_a_small_change_gets_the_least_context_and_a_long_one_is_made_less_elongated() -> None:
    window, _ = change_windows((900, 900), (900, 900), (400, 400, 4, 4), None)
    assert window == (400 - LEAST_CONTEXT, 400 - LEAST_CONTEXT, 4 + 2 * LEAST_CONTEXT, 4 + 2 * LEAST_CONTEXT)
    (_, _, width, height), _ = change_windows((1280, 2000), (1280, 2000), None, (300, 900, 400, 10))
    assert (width, height) == (800, 800 // ELONGATION)


def test_before_and_after_of_a_move_are_both_in_the_window() -> None:
    first, second = change_windows((1000, 1000), (1000, 1000), (400, 400, 20, 20), (480, 430, 20, 20))
    assert first == second
    assert first[0] <= 400 - LEAST_CONTEXT
    assert first[0] + first[2] >= 500 + LEAST_CONTEXT


def test_at_the_border_the_window_is_moved_into_the_image() -> None:
    first, second = change_windows((600, 500), (600, 500), (0, 480, 20, 20), (0, 480, 20, 20))
    assert first == second == (0, 384, 116, 116)


def test_a_change_of_most_of_the_image_is_looked_at_whole() -> None:
    assert change_windows((320, 160), (320, 160), (20, 10, 250, 130), None) == ((0, 0, 320, 160),) * 2


def test_shifted_images_show_the_same_pixels() -> None:
    scene = picture(700, 500)
    pair = ImagePair(scene.crop((0, 0, 600, 500)), scene.crop((30, 0, 630, 500)))
    for box in ((200, 200, 40, 40), (31, 100, 20, 20), (570, 100, 20, 20)):
        crops = crop_change(pair, box, None, shifted(-30, 0))
        assert crops.before.tobytes() == crops.after.tobytes(), box


def test_scaled_images_show_the_same_part_of_the_scene() -> None:
    first, second = change_windows(
        (500, 400), (1000, 800), (200, 150, 40, 30), (400, 300, 80, 60), shifted(0.5, 0.5, 2.0)
    )
    assert second == tuple(2 * value for value in first)


def test_inserted_rows_keep_what_lies_above_them_in_line() -> None:
    rows = Alignment("rows", rows=(RowRun(0, 0, 300), RowRun(300, 360, 500)))
    first, second = change_windows((1280, 800), (1280, 860), None, (100, 310, 300, 40), rows)
    assert first[:2] == second[:2]
    assert first[2:] == second[2:]
    removed = Alignment("rows", rows=(RowRun(0, 0, 300), RowRun(360, 300, 500)))
    assert change_windows((1280, 860), (1280, 800), (100, 310, 300, 40), None, removed) == (second, first)


def test_below_inserted_rows_the_windows_follow_the_page() -> None:
    rows = Alignment("rows", rows=(RowRun(0, 0, 300), RowRun(300, 360, 500)))
    box, moved = (100, 600, 50, 20), (100, 660, 50, 20)
    first, second = change_windows((1280, 800), (1280, 860), box, moved, rows)
    assert (first[0], first[1] + 60) == second[:2]


@pytest.mark.parametrize(
    ("box", "row"),
    [
        ((100, 40, 50, 20), 10),  # above the first run, as far from it as before
        ((100, 20, 50, 20), 0),
        ((100, 120, 50, 20), 90),
        ((100, 260, 50, 20), 230),
        ((100, 310, 50, 20), 270),  # between two runs, of which nothing is left but their seam
        ((100, 420, 50, 20), 330),
        ((100, 560, 50, 20), 470),  # below the last one
    ],
)
def test_places_above_between_and_below_runs_of_rows(box: tuple[int, int, int, int], row: int) -> None:
    rows = Alignment("rows", rows=(RowRun(70, 40, 230), RowRun(360, 270, 200)))
    first, second = change_windows((400, 600), (400, 500), box, None, rows)
    middle = first[1] + first[3] / 2, second[1] + second[3] / 2
    assert middle[0] == pytest.approx(box[1] + 10, abs=60)
    if 60 < row < 440:
        assert middle[1] == pytest.approx(row + 10, abs=12)


def test_without_a_box_there_is_nothing_to_cut() -> None:
    with pytest.raises(ImageError, match="neither image has a box"):
        change_windows((10, 10), (10, 10), None, None)
