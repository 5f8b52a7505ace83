"""Weather, streets and land seen from above: what changes is where it is said to be, and the rest stays."""

from __future__ import annotations

import numpy as np

from blip2idc.worlds.edits.editor import EditorWorld, kind_of
from blip2idc.worlds.edits.filters.catalogue import difference
from blip2idc.worlds.edits.objects.cutouts import Shapes
from blip2idc.worlds.edits.operations import luma
from blip2idc.worlds.edits.scenery.satellite import SATELLITE, same_land
from blip2idc.worlds.edits.scenery.street import STREET
from blip2idc.worlds.edits.scenery.weather import night, winter
from blip2idc.worlds.edits.textures import texture


def test_somebody_who_comes_changes_only_the_place_told(rng: np.random.Generator) -> None:
    picture = texture(rng, 160, 200)
    for kind in ("person_came", "car_left"):
        change = STREET[kind](picture, Shapes(), rng, 0.5)
        assert change is not None
        mask = change.after_mask if kind == "person_came" else change.before_mask
        assert mask is not None
        rows, columns = np.nonzero(mask)
        near = np.zeros_like(mask)
        near[max(0, rows.min() - 16) : rows.max() + 17, max(0, columns.min() - 16) : columns.max() + 17] = (
            True
        )
        assert not (change.before != change.after).any(axis=-1)[~near].any()
        assert rows.max() > 0.4 * 160


def test_a_new_road_is_where_the_land_became_grey(rng: np.random.Generator) -> None:
    change = SATELLITE["land_road"](texture(rng, 128, 128), Shapes(), rng, 0.5)
    assert change is not None
    assert change.after_mask is not None
    assert 0.01 < change.after_mask.mean() < 0.2
    gap = np.abs(change.after.astype(int) - change.before).mean(axis=-1)
    assert gap[change.after_mask].mean() > 2 * gap[~change.after_mask].mean()


def test_the_same_land_on_two_days_differs_by_light_only(rng: np.random.Generator) -> None:
    first, second = same_land(texture(rng, 128, 128), rng)
    assert 0 < difference(first, second) < 14


def test_night_is_dark_and_winter_turns_green_to_white(rng: np.random.Generator) -> None:
    picture = texture(rng, 100, 120)
    assert luma(night(picture, rng, 0.5).picture).mean() < 0.6 * luma(picture).mean()
    meadow = np.full((60, 80, 3), (70, 130, 50), dtype=np.uint8)
    white = winter(meadow, rng, 1.0).picture
    assert white.min() > 150


def test_sentences_of_scenery_are_read_back() -> None:
    world = EditorWorld(3, texture, (96, 128), 0.0, ["street", "satellite"])
    for index in range(6):
        pair = world.pair(index)
        assert {kind_of(caption) for caption in pair.captions} == {pair.kind}
