"""Things in photographs: masks that tell where they are, fillings that fit, sentences that name them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from blip2idc.errors import InputError
from blip2idc.worlds.edits.editor import EditorWorld
from blip2idc.worlds.edits.filters.captions import kind_of_sentence
from blip2idc.worlds.edits.objects.captions import kind_of_object_sentence, object_captions
from blip2idc.worlds.edits.objects.changes import CHANGES, shows
from blip2idc.worlds.edits.objects.compose import filled_in, laid, place
from blip2idc.worlds.edits.objects.cutouts import Cutouts, Shapes
from blip2idc.worlds.edits.objects.segments import segment
from blip2idc.worlds.edits.textures import texture


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=-1)


@pytest.mark.parametrize("kind", CHANGES)
def test_each_change_has_boxes_where_the_thing_is(kind: str) -> None:
    world = EditorWorld(2, texture, sizes=(120, 160), no_change_share=0.0, kinds=[kind])
    for index in range(2):
        pair = world.pair(index)
        assert pair.before.shape == pair.after.shape
        assert (pair.before_box is None) == (kind in ("object_added", "object_doubled"))
        assert (pair.after_box is None) == (kind == "object_removed")
        assert {kind_of_object_sentence(caption) for caption in pair.captions} == {kind}
        assert {kind_of_sentence(caption) for caption in pair.captions} == {None}


def test_an_added_thing_changes_its_mask_and_its_shadow_only(rng: np.random.Generator) -> None:
    picture = texture(rng, 120, 160)
    for _ in range(8):
        change = CHANGES["object_added"](picture, Shapes(), rng, 0.5)
        assert change is not None
        assert change.after_mask is not None
        left_alone = changed(change.before, change.after)[~change.after_mask].mean()
        assert changed(change.before, change.after)[change.after_mask].mean() > 0.7
        assert left_alone < 0.6


def test_without_shadow_nothing_outside_the_object_changes(rng: np.random.Generator) -> None:
    picture = texture(rng, 90, 120)
    thing = place(Shapes().draw(rng), rng, 90, 120)
    result, mask = laid(picture, type(thing)(thing.pixels, thing.left, thing.top, 0.0, 0.0))
    grown = np.asarray(Image.fromarray(mask).convert("L").resize((120, 90))) > 0
    reach = np.zeros_like(mask)
    rows, columns = np.nonzero(mask)
    reach[rows.min() - 2 : rows.max() + 3, columns.min() - 2 : columns.max() + 3] = True
    assert grown.any()
    assert not changed(picture, result)[~reach].any()


def test_filled_in_well_a_smooth_ground_comes_back(rng: np.random.Generator) -> None:
    ramp = np.repeat(np.linspace(20, 235, 120)[None, :, None], 80, axis=0).repeat(3, axis=-1).astype(np.uint8)
    damaged = ramp.copy()
    mask = np.zeros((80, 120), dtype=np.bool_)
    mask[30:50, 40:70] = True
    damaged[mask] = (255, 0, 0)
    healed = filled_in(damaged, mask, rng, well=True)
    assert np.abs(healed[mask].astype(float) - ramp[mask]).mean() < 12
    assert not changed(damaged, healed)[:20].any()


def test_a_part_follows_the_edges_of_the_picture(rng: np.random.Generator) -> None:
    picture = np.full((100, 140, 3), (200, 200, 200), dtype=np.uint8)
    picture[30:60, 50:90] = (30, 60, 160)
    found = [mask for mask in (segment(picture, rng) for _ in range(12)) if mask is not None]
    assert found
    truth = np.zeros((100, 140), dtype=np.bool_)
    truth[30:60, 50:90] = True
    assert max((mask & truth).sum() / (mask | truth).sum() for mask in found) > 0.85


def test_a_folder_of_objects_gives_nouns_of_its_split_only(tmp_path: Path, rng: np.random.Generator) -> None:
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        image = Image.new("RGBA", (60, 60))
        ImageDraw.Draw(image).ellipse((5, 5, 55, 55), fill=(200, 20, 30, 255))
        image.save(tmp_path / split / "a.png")
    names = {"train/a.png": "an apple", "test/a.png": "some cherries"}
    (tmp_path / "names.json").write_text(json.dumps(names))
    assert Cutouts(tmp_path).nouns == ("an apple",)
    assert Cutouts(tmp_path, "test").draw(rng).name == "cherries"
    world = EditorWorld(
        1, sizes=(96, 128), no_change_share=0.0, kinds=["object_added"], objects=tmp_path, split="test"
    )
    assert "some cherries were added" in world.pair(0).captions
    with pytest.raises(InputError, match=r"holds no names.json"):
        Cutouts(tmp_path / "train")


def test_a_change_of_nothing_does_not_show(rng: np.random.Generator) -> None:
    picture = texture(rng, 90, 120)
    change = CHANGES["object_added"](picture, Shapes(), rng, 0.5)
    assert change is not None
    assert shows(change)
    assert not shows(type(change)(change.before, change.before, change.details, None, change.after_mask))


def test_sentences_agree_with_singular_and_plural() -> None:
    one = object_captions("object_removed", {"noun": "an apple", "place": "on the left"})
    many = object_captions("object_removed", {"noun": "some grapes", "place": "on the left"})
    assert "the apple on the left was removed" in one
    assert "the grapes on the left were removed" in many


@pytest.mark.parametrize("kind", [kind for kind in CHANGES if not kind.startswith("part")])
def test_plural_things_keep_the_kind_readable(kind: str) -> None:
    details = {
        "noun": "glasses", "second": "some cherries", "place": "at the top", "direction": "up", "color": "red",
        "size": "larger",
    }  # fmt: skip
    captions = object_captions(kind, details)
    assert {kind_of_object_sentence(caption) for caption in captions} == {kind}
    assert not any("glasses is" in caption or "glasses was" in caption for caption in captions)
