"""What is done to one image of a pair is done to the other, and the sentence stays true."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.data import augment
from blip2idc.data.augment import augmented, inverted, mirrored
from blip2idc.data.records import PairRecord
from blip2idc.images.pair import ImagePair


def record(kind: str, **more: object) -> PairRecord:
    boxes = {name: more.pop(name) for name in ("before_box", "after_box") if name in more}
    return PairRecord("1", "a.png", "b.png", change={"kind": kind, **more}, **boxes)  # type: ignore[arg-type]


def drawn_pair(seed: int = 0) -> ImagePair:
    rng = np.random.default_rng(seed)
    before, after = (Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)) for _ in range(2))
    return ImagePair(before, after)


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("the cube on the left moved", "the cube on the right moved"),
        ("the cube left of the small ball is gone", "the cube right of the small ball is gone"),
        ("a block was added in the top left", "a block was added in the top right"),
        ("Right side is empty, the leftmost one stays", "Left side is empty, the rightmost one stays"),
        ("the cube is gone", "the cube is gone"),
        ("a man left", None),
        ("the man left the left lane", None),
        ("it is right there", None),
        ('the "Home" button is gone', None),
        ("the image was flipped", None),
    ],
)
def test_left_and_right_change_sides_where_they_are_places(caption: str, expected: str | None) -> None:
    assert mirrored(caption) == expected


@pytest.mark.parametrize(
    ("known", "caption", "expected"),
    [
        (record("add"), "a large red cube has been added", "the large red cube has been removed"),
        (record("drop"), "the orange ball is missing", "an orange ball has appeared"),
        (record("drop"), "the blue ball was removed", "a blue ball was added"),
        (record("add"), "there is now a cube", None),
        (record("none"), "nothing has changed", "nothing has changed"),
        (record("move"), "the cube was moved", None),
        (
            record("color", object="small red metal cube", to="blue", **{"from": "red"}),
            "the small red metal cube became blue",
            "the small blue metal cube became red",
        ),
        (
            record("color", object="small red metal cube", to="blue", **{"from": "red"}),
            "the cube has another color",
            None,
        ),
    ],
)
def test_captions_are_inverted_only_with_certainty(
    known: PairRecord, caption: str, expected: str | None
) -> None:
    assert inverted(known, caption) == expected


def test_both_images_are_treated_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "_SHARE", 1.0)
    pair = drawn_pair()
    same = ImagePair(pair.before, pair.before)
    known = record("none")
    for kind in ("flip", "crop", "color"):
        found, _ = augmented(same, known, "there is no change", [kind], np.random.default_rng(1))
        assert np.array_equal(np.asarray(found.before), np.asarray(found.after)), kind
        assert not np.array_equal(np.asarray(found.before), np.asarray(same.before)), kind
    found, caption = augmented(pair, record("add"), "a cube was added", ["swap"], np.random.default_rng(1))
    assert caption == "the cube was removed"
    assert np.array_equal(np.asarray(found.before), np.asarray(pair.after))


def test_a_crop_holds_what_changed_and_never_moves_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "_SHARE", 1.0)
    white = Image.new("RGB", (60, 40), "white")
    spot = white.copy()
    spot.paste((200, 0, 0), (3, 30, 13, 38))
    known = record("add", after_box=(3, 30, 10, 8))
    for seed in range(30):
        found, _ = augmented(
            ImagePair(white, spot), known, "a block was added", ["crop"], np.random.default_rng(seed)
        )
        red = (np.asarray(found.after)[..., 1] == 0).sum()
        assert red == 80, seed
        assert found.before.size == found.after.size
    for caption, what in (("a block was added on the left", known), ("a block was added", record("add"))):
        kept, _ = augmented(ImagePair(white, spot), what, caption, ["crop"], np.random.default_rng(0))
        assert kept.after.size == (60, 40)


def test_distractors_are_small_and_leave_tonal_captions_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "_SHARE", 1.0)
    smooth = Image.linear_gradient("L").resize((200, 100)).convert("RGB")
    pair = ImagePair(smooth, smooth)
    for seed in range(12):
        found, caption = augmented(
            pair, record("drop"), "the cube is gone", ["distract"], np.random.default_rng(seed)
        )
        assert caption == "the cube is gone"
        difference = np.abs(np.asarray(found.before, int) - np.asarray(found.after, int))
        assert difference.mean() < 12
    kept, _ = augmented(pair, record("brighten"), "it is brighter", ["distract"], np.random.default_rng(0))
    assert kept is pair


def test_nothing_is_drawn_from_another_kind() -> None:
    pair = drawn_pair()
    for seed in range(8):
        alone, _ = augmented(pair, record("none"), "no change", ["color"], np.random.default_rng(seed))
        both, _ = augmented(pair, record("move"), "a man left", ["color"], np.random.default_rng(seed))
        assert np.array_equal(np.asarray(alone.before), np.asarray(both.before))
