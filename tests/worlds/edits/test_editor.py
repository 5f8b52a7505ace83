"""The wide variety of the world `edits`: every kind shows and says so, at every strength and size."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.errors import ConfigError
from blip2idc.worlds.edits.editor import EDITOR_KINDS, GROUPS, EditorWorld, kind_of
from blip2idc.worlds.edits.filters.captions import sentences_of
from blip2idc.worlds.edits.filters.catalogue import FILTERS, UNDOING, difference
from blip2idc.worlds.edits.filters.lettering import lettering
from blip2idc.worlds.edits.textures import texture
from blip2idc.worlds.pair import WorldPair


def digest(pair: WorldPair) -> tuple[bytes, bytes, tuple[str, ...], str]:
    return pair.before.tobytes(), pair.after.tobytes(), pair.captions, repr(pair.change)


def test_a_pair_depends_on_seed_and_index_only() -> None:
    forwards = [digest(EditorWorld(3, sizes=(64, 128)).pair(index)) for index in range(8)]
    world = EditorWorld(3, sizes=(64, 128))
    assert [digest(world.pair(index)) for index in reversed(range(8))] == forwards[::-1]
    assert digest(EditorWorld(4, sizes=(64, 128)).pair(0)) != forwards[0]


@pytest.mark.parametrize("kind", EDITOR_KINDS)
def test_each_kind_shows_and_its_sentences_are_its_own(kind: str) -> None:
    world = EditorWorld(5, texture, sizes=(96, 160), no_change_share=0.0, kinds=[kind])
    for index in range(2):
        pair = world.pair(index)
        assert pair.kind == kind
        assert not np.array_equal(pair.before, pair.after)
        assert pair.before.dtype == pair.after.dtype == np.uint8
        assert pair.before.shape[2] == pair.after.shape[2] == 3
        assert len(set(pair.captions)) >= 2
        assert {kind_of(caption) for caption in pair.captions} == {kind}


def test_the_strength_runs_from_just_visible_to_extreme(rng: np.random.Generator) -> None:
    picture = texture(rng, 120, 160)
    for kind in ("brighten", "darken", "blur", "noise", "pixelate", "saturate", "scatter", "double_exposure"):
        if kind in FILTERS:
            weak, strong = (
                np.mean([difference(picture, FILTERS[kind](picture, rng, at).picture) for _ in range(5)])
                for at in (0.0, 1.0)
            )
            assert strong > 1.8 * weak > 0


def test_no_filter_writes_into_its_input(rng: np.random.Generator) -> None:
    picture = texture(rng, 60, 90)
    picture.setflags(write=False)
    for operation in FILTERS.values():
        operation(picture, rng, 0.5)


def test_an_edit_undone_is_the_edit_the_other_way_round() -> None:
    removed = EditorWorld(6, sizes=(96, 96), no_change_share=0.0, kinds=["border_removed"]).pair(0)
    assert "border" in UNDOING["border_removed"]
    assert removed.before.std() != removed.after.std()
    assert any("removed" in caption or "gone" in caption for caption in removed.captions)


def test_a_third_is_unchanged_and_only_nuisances_differ() -> None:
    world = EditorWorld(7, sizes=(200, 256))
    pairs = [world.pair(index) for index in range(45)]
    same = [pair for pair in pairs if pair.kind == "none"]
    assert 8 <= len(same) <= 24
    assert all(difference(pair.before, pair.after) < 9 for pair in same)
    assert any(pair.before.shape != pair.after.shape for pair in same)


def test_groups_stand_for_their_kinds() -> None:
    world = EditorWorld(1, sizes=(64, 64), kinds=["objects", "sepia"])
    assert world.kinds == (*GROUPS["objects"], "sepia")


def test_weak_edits_are_called_little_and_strong_ones_much() -> None:
    assert "the photo is a little brighter" in sentences_of("brighten", {}, 0.1)
    assert "the photo is much brighter" in sentences_of("brighten", {}, 0.9)
    assert "the photo is brighter" in sentences_of("brighten", {}, 0.5)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"sizes": (16, 64)}, "16 to 64"),
        ({"sizes": (128, 64)}, "128 to 64"),
        ({"kinds": ["explode"]}, "'explode' is unknown"),
        ({"kinds": ["brigten"]}, "like brighten"),
        ({"kinds": []}, "at least one"),
        ({"no_change_share": 2.0}, "no_change_share is 2.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], names: str) -> None:
    with pytest.raises(ConfigError, match=names):
        EditorWorld(**{"seed": 0, **settings})  # type: ignore[arg-type]


def test_lettering_changes_its_mask_only_and_stays_inside(rng: np.random.Generator) -> None:
    picture = texture(rng, 90, 130)
    words = set()
    for strength in (0.0, 0.3, 0.6, 0.9):
        edited = lettering(picture, rng, strength, picture)
        assert edited.mask is not None
        assert not (edited.picture != picture).any(axis=-1)[~edited.mask].any()
        words.add(edited.details["word"])
    assert len(words) > 1
