"""The world `edits`: pure pairs, true boxes, edits that show, distractors that are no cue."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.worlds.edits.captions import PLACES, TEMPLATES, captions_of, kind_of_caption
from blip2idc.worlds.edits.regions import REGION_OPERATIONS, place_of
from blip2idc.worlds.edits.textures import texture
from blip2idc.worlds.edits.visibility import seen
from blip2idc.worlds.edits.world import KINDS, EditsWorld
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, WorldPair

SMALL = {"height": 64, "width": 128}


def changed_pixels(pair: WorldPair) -> np.ndarray:
    return (pair.before != pair.after).any(axis=-1)


def digest(pair: WorldPair) -> tuple[bytes, bytes, tuple[str, ...], str]:
    return pair.before.tobytes(), pair.after.tobytes(), pair.captions, repr(pair.change)


def fresh_digests(indices: list[int]) -> list[tuple[bytes, bytes, tuple[str, ...], str]]:
    world = EditsWorld(11, **SMALL, textures_share=0.3)
    return [digest(world.pair(index)) for index in indices]


def test_a_pair_depends_on_seed_and_index_only() -> None:
    forwards = fresh_digests(list(range(12)))
    backwards = fresh_digests(list(range(11, -1, -1)))
    assert forwards == backwards[::-1]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(fresh_digests, list(range(12))).result() == forwards
    other = EditsWorld(12, **SMALL, textures_share=0.3)
    assert all(digest(other.pair(index)) != forwards[index] for index in range(12))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_shows_says_so_and_tells_the_truth(kind: str) -> None:
    world = EditsWorld(5, **SMALL, kinds=[kind], no_change_share=0.0, textures_share=0.5)
    for index in range(6):
        pair = world.pair(index)
        assert pair.kind == kind
        assert pair.before.shape == pair.after.shape == (64, 128, 3)
        assert pair.before.dtype == pair.after.dtype == np.uint8
        assert len(set(pair.captions)) >= 6
        assert {kind_of_caption(caption) for caption in pair.captions} == {kind}
        assert np.abs(seen(pair.after) - seen(pair.before)).max() > 20
        if kind not in REGION_OPERATIONS:
            assert pair.before_box is None
            assert pair.before_mask is None


@pytest.mark.parametrize("kind", list(REGION_OPERATIONS))
def test_a_region_edit_changes_its_mask_and_nothing_else(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blip2idc.worlds.edits.world.DISTRACTED_CHANGED", 0.0)
    world = EditsWorld(6, height=80, width=160, kinds=[kind], no_change_share=0.0)
    for index in range(6):
        pair = world.pair(index)
        assert pair.after_mask is not None
        assert pair.after_box == pair.before_box
        assert pair.after_box is not None
        assert not changed_pixels(pair)[~pair.after_mask].any()
        assert changed_pixels(pair)[pair.after_mask].mean() > 0.5
        left, top, width, height = pair.after_box
        rows, columns = np.nonzero(pair.after_mask)
        assert (left, top) == (columns.min(), rows.min())
        assert (width, height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
        if kind != "text":
            assert 0.12 * 160 <= width <= 0.35 * 160
        place = place_of(left + width / 2, top + height / 2, 80, 160)
        assert pair.change["place"] == place
        assert all(place in caption for caption in pair.captions)


def test_half_of_the_pairs_are_unchanged_and_their_distractors_are_small() -> None:
    world = EditsWorld(7, **SMALL)
    pairs = [world.pair(index) for index in range(120)]
    same = [pair for pair in pairs if pair.kind == "none"]
    assert 45 <= len(same) <= 75
    assert all(pair.captions == NO_CHANGE_CAPTIONS for pair in same)
    assert {name for pair in same for name in pair.change["distractors"]} == {
        "reencode",
        "resize",
        "brightness",
        "shift",
    }
    for pair in same:
        drift = abs(float(pair.after.mean()) - float(pair.before.mean()))
        assert drift < 9
        if not pair.change["distractors"]:
            assert np.array_equal(pair.before, pair.after)


def test_changed_pairs_carry_distractors_too() -> None:
    world = EditsWorld(8, **SMALL, no_change_share=0.0)
    distracted = [bool(world.pair(index).change["distractors"]) for index in range(60)]
    assert 15 <= sum(distracted) <= 45


def test_a_grey_picture_is_given_another_edit() -> None:
    gray = np.repeat(np.random.default_rng(0).integers(0, 256, (60, 120, 1), dtype=np.uint8), 3, axis=-1)
    world = EditsWorld(
        0, [gray], **SMALL, no_change_share=0.0, kinds=["black_and_white", "desaturate", "border"]
    )
    assert {world.pair(index).kind for index in range(3)} == {"border"}


def test_a_flat_picture_that_no_edit_shows_on_is_refused_in_one_sentence() -> None:
    flat = np.full((60, 120, 3), 90, dtype=np.uint8)
    world = EditsWorld(0, [flat], **SMALL, no_change_share=0.0, kinds=["flip", "blur"])
    with pytest.raises(InputError, match=r"flip, blur shows .* more kinds of edit"):
        world.pair(0)


def test_a_function_may_make_the_pictures() -> None:
    def rows(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
        return np.broadcast_to(
            rng.integers(0, 256, (height, 1, 3), dtype=np.uint8), (height, width, 3)
        ).copy()

    pair = EditsWorld(0, rows, **SMALL, no_change_share=1.0).pair(0)
    assert pair.change["picture"] == "rows"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"width": 16}, "16x160"),
        ({"no_change_share": 1.5}, r"no_change_share is 1\.5"),
        ({"textures_share": -0.1}, "textures_share is -0.1"),
        ({"kinds": ["brighten", "explode"]}, "'explode' is unknown"),
        ({"kinds": []}, "at least one"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], names: str) -> None:
    with pytest.raises(ConfigError, match=names):
        EditsWorld(**{"seed": 0, **settings})  # type: ignore[arg-type]


def test_captions_are_short_few_worded_and_belong_to_one_kind() -> None:
    words: set[str] = set()
    owner: dict[str, str] = {}
    for kind in KINDS:
        assert len(TEMPLATES[kind]) >= 6
        for color in ("red", "black"):
            for place in PLACES:
                for axis in ("horizontal", "vertical"):
                    details = {"color": color, "place": place, "side": "left", "axis": axis}
                    for caption in captions_of(kind, details):
                        words.update(caption.split())
                        assert len(caption.split()) <= 12
                        assert owner.setdefault(caption, kind) == kind
    assert len(words) < 250
    assert all(kind_of_caption(caption) == kind for caption, kind in owner.items())
    assert kind_of_caption("the dog is gone") is None
    assert kind_of_caption("  No change was made. ") == "none"


class TwoPhotographs:
    """Draws textures under one of two names, and remembers the names."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def draw(self, rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, str]:
        self.names.append("one" if rng.random() < 0.5 else "two")
        return texture(rng, height, width), self.names[-1]


def test_a_pasted_piece_comes_from_another_photograph() -> None:
    world = EditsWorld(1, None, 64, 128, no_change_share=0.0, kinds=("region_paste",))
    world.pictures = supply = TwoPhotographs()
    for index in range(12):
        pair = world.pair(index)
        assert supply.names[-1] != pair.change["picture"]
