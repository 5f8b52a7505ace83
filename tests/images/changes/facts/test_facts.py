"""Facts of photographs: each edit is told as what it is, and none as something else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.ground import plain_ground
from blip2idc.worlds.edits.photographs import packaged_photographs

BOX = (180, 120, 90, 70)
Pixels = np.ndarray


@pytest.fixture(scope="module")
def photographs() -> tuple[Pixels, Pixels]:
    one, other = (np.asarray(Image.open(path).convert("RGB")) for path in packaged_photographs("test")[:2])
    return one, other


def inside(image: Pixels, content: Pixels, box: tuple[int, int, int, int] = BOX) -> Pixels:
    x, y, width, height = box
    result = image.copy()
    result[y : y + height, x : x + width] = content
    return result


def part(image: Pixels, box: tuple[int, int, int, int] = BOX) -> Pixels:
    x, y, width, height = box
    return image[y : y + height, x : x + width]


def only_fact(before: Pixels, after: Pixels) -> Any:
    (change,) = find_changes(before, after).changes
    (fact,) = change.facts
    return fact


def test_light(photographs: tuple[Pixels, Pixels]) -> None:
    image, _ = photographs
    darker = inside(image, (part(image) * 0.6).astype(np.uint8))
    assert only_fact(image, darker).kind == "darker"
    assert only_fact(darker, image).kind == "brighter"


def test_focus(photographs: tuple[Pixels, Pixels]) -> None:
    image, _ = photographs
    soft = inside(image, part(cv2.GaussianBlur(image, (0, 0), 3)))
    assert only_fact(image, soft).kind == "blurred"
    assert only_fact(soft, image).kind == "sharpened"


def test_grain(photographs: tuple[Pixels, Pixels]) -> None:
    image, _ = photographs
    grain = np.random.default_rng(0).normal(0, 25, part(image).shape)
    assert only_fact(image, inside(image, np.clip(part(image) + grain, 0, 255))).kind == "noise"


def test_grain_on_a_sky_does_not_appear() -> None:
    rng = np.random.default_rng(0)
    sky = np.clip(np.full((300, 400, 3), (140, 180, 220)) + rng.normal(0, 1.2, (300, 400, 3)), 0, 255).astype(
        np.uint8
    )
    grain = rng.normal(0, 25, part(sky).shape)
    assert only_fact(sky, inside(sky, np.clip(part(sky) + grain, 0, 255))).kind == "noise"


def test_a_patch_of_one_colour_covers(photographs: tuple[Pixels, Pixels]) -> None:
    image, _ = photographs
    patch = np.zeros((70, 90, 3), np.uint8) + np.array([20, 160, 70], np.uint8)
    fact = only_fact(image, inside(image, patch))
    assert fact.to_dict() == {"kind": "covered", "by": "green", "by_hex": "#14a046"}


def test_what_is_pasted_appears_and_what_is_filled_in_disappears(photographs: tuple[Pixels, Pixels]) -> None:
    image, other = photographs
    pasted = inside(image, part(other, (40, 200, 90, 70)))
    assert only_fact(image, pasted).kind == "appeared"
    assert only_fact(pasted, image).kind == "disappeared"


@pytest.mark.parametrize("step", [(30, 12), (-150, 60)])
def test_a_thing_that_moved_is_one_change(photographs: tuple[Pixels, Pixels], step: tuple[int, int]) -> None:
    image, other = photographs
    thing = part(other, (40, 200, 90, 70))
    target = (BOX[0] + step[0], BOX[1] + step[1], BOX[2], BOX[3])
    before, after = inside(image, thing), inside(image, thing, target)
    (change,) = find_changes(before, after).changes
    assert change.fact("moved").values == {"dx": step[0], "dy": step[1]}
    assert (change.before_box, change.after_box) == (BOX, target)


@pytest.mark.parametrize("step", [11, -9])
def test_a_plain_bar_that_moved_by_less_than_its_width_is_told_by_its_ends(step: int) -> None:
    before, after = (np.full((200, 300, 3), 250, np.uint8) for _ in range(2))
    before[60:140, 100:134] = after[60:140, 100 + step : 134 + step] = (20, 160, 70)
    (change,) = find_changes(before, after).changes
    moved = change.fact("moved")
    assert moved is not None
    assert moved.values == {"dx": step, "dy": 0}


def test_a_cover_that_lets_shapes_shine_through_is_another_colour() -> None:
    before, after = (np.full((200, 300, 3), 255, np.uint8) for _ in range(2))
    before[60:90, 100:180], after[60:90, 100:180] = (214, 69, 69), (248, 249, 250)
    for image in (before, after):
        image[70:80, 110:116] = image[70:80, 130:136] = image[70:74, 140:170] = 255
    (change,) = find_changes(before, after).changes
    recoloured = change.fact("recoloured")
    assert recoloured is not None
    assert recoloured.values["to_hex"] == "#f8f9fa"


def test_a_box_over_a_text_in_little_of_its_place_covers_it() -> None:
    before = np.full((200, 900, 3), 255, np.uint8)
    before[95:103, 40:44] = before[95:103, 50:54] = before[95:97, 60:70] = 20
    after = before.copy()
    after[85:112, 30:880] = (13, 110, 253)
    (change,) = find_changes(before, after).changes
    assert [fact.kind for fact in change.facts] == ["covered"]


@pytest.mark.parametrize("factor", [0.6, 1.4])
def test_a_thing_that_grew_is_one_change(photographs: tuple[Pixels, Pixels], factor: float) -> None:
    image, other = photographs
    thing = part(other, (40, 200, 90, 70))
    width, height = round(90 * factor), round(70 * factor)
    resized = cv2.resize(thing, (width, height), interpolation=cv2.INTER_AREA)
    target = (225 - width // 2, 155 - height // 2, width, height)
    (change,) = find_changes(inside(image, thing), inside(image, resized, target)).changes
    assert change.fact("resized").values["factor"] == pytest.approx(factor, rel=0.05)


def test_ground_is_plain_where_nearly_all_of_it_has_one_colour() -> None:
    image = np.full((10, 10, 3), 240, np.float32)
    image[0] = 0
    everywhere = np.ones((10, 10), bool)
    assert plain_ground(image, everywhere, 5.0).tolist() == [240, 240, 240]
    image[:3] = 0
    assert plain_ground(image, everywhere, 5.0) is None
