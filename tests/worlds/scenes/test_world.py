from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from blip2idc.errors import ConfigError
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS
from blip2idc.worlds.scenes.captions import WORDINGS, attributes, describe, place, references, relation
from blip2idc.worlds.scenes.renderer import COLORS, SceneObject, View, render, visible_mask
from blip2idc.worlds.scenes.world import (
    KINDS,
    SceneChange,
    ScenesWorld,
    box_of,
    draw_change,
    draw_view,
    jitter,
)


def thing(**changes: object) -> SceneObject:
    plain = SceneObject("cube", "large", "red", "rubber", 0.0, 0.0, 0.3)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def small_world(**settings: object) -> ScenesWorld:
    return ScenesWorld(**{"seed": 3, "height": 64, "width": 128, **settings})  # type: ignore[arg-type]


def test_a_pair_depends_on_nothing_but_settings_and_index() -> None:
    one, other = small_world(), small_world()
    for index in (4, 0, 9):
        first = one.pair(index)
        again = other.pair(index)
        assert first.before.tobytes() == again.before.tobytes()
        assert first.after.tobytes() == again.after.tobytes()
        assert (first.captions, first.change, first.before_box, first.after_box) == (
            again.captions,
            again.change,
            again.before_box,
            again.after_box,
        )
    assert one.pair(0).before.tobytes() != small_world(seed=4).pair(0).before.tobytes()


def test_half_the_pairs_hold_no_change_and_the_kinds_are_even() -> None:
    world = small_world(supersample=1)
    kinds = [world.pair(index).kind for index in range(300)]
    assert 0.42 < kinds.count("none") / len(kinds) < 0.58
    for kind in KINDS:
        assert 0.04 < kinds.count(kind) / len(kinds) < 0.18


def test_camera_and_light_always_move() -> None:
    world = small_world(no_change_share=1.0)
    for index in range(20):
        pair = world.pair(index)
        assert pair.captions == NO_CHANGE_CAPTIONS
        assert pair.before_box is None
        assert pair.after_box is None
        assert np.abs(pair.before.astype(int) - pair.after.astype(int)).max() > 20
    view = draw_view(np.random.default_rng(0))
    first, second = (jitter(view, np.random.default_rng(seed)) for seed in (1, 2))
    assert first.azimuth != second.azimuth
    assert first.light_azimuth != second.light_azimuth


@pytest.mark.parametrize(
    ("kind", "before", "after"), [("add", False, True), ("drop", True, False), ("move", True, True)]
)
def test_boxes_exist_where_the_object_is(kind: str, before: bool, after: bool) -> None:
    world = small_world(no_change_share=0.0, kinds=(kind,))
    for index in range(8):
        pair = world.pair(index)
        assert (pair.before_box is not None, pair.after_box is not None) == (before, after)
        for mask, box in ((pair.before_mask, pair.before_box), (pair.after_mask, pair.after_box)):
            if mask is None:
                continue
            assert box == box_of(mask)
            x, y, width, height = box
            assert mask[y : y + height, x : x + width].sum() == mask.sum() > 0
            assert 0 <= x < x + width <= 128
            assert 0 <= y < y + height <= 64


def test_masks_show_the_object_and_only_it() -> None:
    objects = (thing(color="blue"), thing(shape="sphere", color="yellow", x=2.0))
    picture, seen = render(objects, View(), 96, 192)
    for index, (low, high) in enumerate(((2, 0), (0, 2))):
        mask = visible_mask(seen, index)
        pixels = picture[mask].astype(int)
        # blue has more blue than red, yellow the reverse
        assert mask.sum() > 100
        assert np.mean(pixels[:, low] > pixels[:, high]) > 0.95
    alone, _ = render(objects[:1], View(), 96, 192)
    changed = np.abs(alone.astype(int) - picture).max(axis=-1) > 40
    assert np.mean(changed[visible_mask(seen, 1)]) > 0.9


def test_a_nearer_object_hides_a_farther_one() -> None:
    near, far = thing(color="red", y=-1.0), thing(color="cyan", size="small", y=0.6)
    _, alone = render((far,), View(), 96, 192)
    for order in ((near, far), (far, near)):
        _, seen = render(order, View(), 96, 192)
        hidden = visible_mask(seen, order.index(far)).sum()
        assert hidden < visible_mask(alone, 0).sum()


def test_an_object_throws_a_shadow_away_from_the_light() -> None:
    bare, _ = render((), View(), 96, 192)
    picture, seen = render((thing(),), View(), 96, 192)
    darker = (bare.astype(int).sum(-1) - picture.astype(int).sum(-1) > 60) & ~visible_mask(seen, 0)
    assert darker.sum() > 50
    light = View().light
    columns = np.nonzero(darker)[1]
    assert math.copysign(1, columns.mean() - 96) == -math.copysign(1, light[0])


def test_metal_and_rubber_look_different() -> None:
    for shape in ("cube", "sphere", "cylinder"):
        pictures = [
            render((thing(shape=shape, material=m),), View(), 64, 128)[0] for m in ("rubber", "metal")
        ]
        mask = visible_mask(render((thing(shape=shape),), View(), 64, 128)[1], 0)
        assert np.abs(pictures[0].astype(int) - pictures[1])[mask].mean() > 10


@pytest.mark.parametrize("kind", KINDS)
def test_captions_name_one_object_only(kind: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        change = draw_change(rng, kind)
        scene, index = (
            (change.before, change.before_index)
            if change.before_index is not None
            else (change.after, change.after_index)
        )
        assert index is not None
        captions = change.captions(rng)
        assert len(captions) == len(set(captions)) >= 6
        for name in change.names():
            assert [k for k in range(len(scene)) if name in references(scene, k)] == [index]
            assert any(name in caption for caption in captions)
        if change.new_value is not None:
            old = getattr(scene[index], kind)
            assert change.new_value != old
            assert all(change.new_value in caption for caption in captions)


def test_twins_are_told_apart_by_place_or_neighbour() -> None:
    scene = (thing(x=-2.5), thing(x=2.5), thing(shape="sphere", x=-1.2, y=1.2))
    assert references(scene, 0) == [
        "large red rubber cube on the left",
        "large red rubber cube left of the large red rubber sphere",
    ]
    assert references(scene[:2], 1) == ["large red rubber cube on the right"]
    assert references((thing(x=-2.0), thing(x=-2.0, y=1.5)), 0) == []
    assert references(scene, 2)[0] == "large red rubber sphere"


def test_places_and_relations() -> None:
    assert [place(thing(x=x)) for x in (-2.0, -1.0, 0.0, 2.0)] == [
        "on the left",
        None,
        "in the middle",
        "on the right",
    ]
    assert relation(thing(y=-1.0), thing(y=1.0)) == "in front of"
    assert relation(thing(y=1.0), thing(y=-1.0)) == "behind"
    assert relation(thing(x=0.1), thing()) is None


def test_every_kind_has_six_wordings() -> None:
    for kind, wordings in WORDINGS.items():
        assert len(set(wordings)) >= 6, kind
    sentences = describe("color", [attributes(thing())], "blue", np.random.default_rng(0))
    assert sentences[0] == "the large red rubber cube changed to blue"
    assert (
        SceneChange("none", (thing(),), (thing(),)).captions(np.random.default_rng(0)) == NO_CHANGE_CAPTIONS
    )


def test_color_changes_reach_the_pixels() -> None:
    world = small_world(no_change_share=0.0, kinds=("color",))
    for index in range(10):
        pair = world.pair(index)
        assert pair.before_mask is not None
        assert pair.after_mask is not None
        before, after = pair.before[pair.before_mask].mean(axis=0), pair.after[pair.after_mask].mean(axis=0)
        named = [np.array(COLORS[pair.change[key]], dtype=float) for key in ("from", "to")]
        toward = named[1] - named[0]
        assert float((after - before) @ toward) > 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"height": 20}, "128x20"),
        ({"no_change_share": 1.5}, "no_change_share"),
        ({"objects": (5, 2)}, "objects"),
        ({"kinds": ("texture",)}, "texture"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        small_world(**settings)


def test_the_size_for_looking_at() -> None:
    pair = ScenesWorld(1, height=320, width=480, no_change_share=0.0).pair(2)
    assert pair.before.shape == pair.after.shape == (320, 480, 3)
    assert 40 < pair.before.mean() < 220
