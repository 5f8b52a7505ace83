"""Filters: what is measured of an edited image, what is accepted, which of several, what comes twice."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.filters_quality import THRESHOLDS, Candidate, candidates, fit_on, judge, measured
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from blip2idc.errors import ConfigError, InputError, ModelError
from blip2idc.synthesis.editors.deterministic import perform
from blip2idc.synthesis.filters.filters import (
    Duplicates,
    Measures,
    Thresholds,
    best_of,
    change_share,
    distance_of,
    fingerprint_of,
    is_duplicate,
    measure,
    reason_against,
)
from blip2idc.worlds.edits.photographs import packaged_photographs

GOOD = Measures(0.3, "00" * 200, image_similarity=0.9, text_similarity=0.3, direction_similarity=0.3)


def _photograph(index: int = 0, size: tuple[int, int] = (240, 160)) -> Image.Image:
    return Image.open(packaged_photographs()[index]).convert("RGB").resize(size)


def _edited(image: Image.Image, kind: str, seed: int = 0) -> Image.Image:
    edited = perform(kind, np.asarray(image), seed)
    assert edited is not None
    return Image.fromarray(edited.picture)


def _as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


class Plane:
    """An embedder in the plane: grey images by their value, texts by their length; it counts what it is given."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        self.seen.append(len(images))
        return _circle([float(np.asarray(image).mean()) / 255 for image in images])

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen.append(len(texts))
        return _circle([len(text) / 10 for text in texts])

    def describe(self) -> dict[str, Any]:
        return {"kind": "plane"}


def _circle(angles: Sequence[float]) -> NDArray[np.float32]:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _grey(value: int) -> Image.Image:
    return Image.new("RGB", (32, 32), (value,) * 3)


def test_similarities_are_cosines() -> None:
    (found,) = measure([_grey(0)], [_grey(255)], ["12"], ["12345"], Plane())
    assert found.image_similarity == pytest.approx(np.cos(1.0), abs=1e-6)
    assert found.text_similarity == pytest.approx(np.cos(1.0 - 0.5), abs=1e-6)
    # steps are chords: their angles are the means of the angles of their ends
    assert found.direction_similarity == pytest.approx(np.cos((0 + 1) / 2 - (0.2 + 0.5) / 2), abs=1e-6)
    assert found.change_share == 1.0


def test_the_direction_is_signed() -> None:
    (found,) = measure([_grey(255)], [_grey(0)], ["12"], ["12345"], Plane())
    assert found.direction_similarity is not None
    assert found.direction_similarity < -0.9


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (None, "ab", {"direction_similarity"}),
        ("ab", None, {"direction_similarity", "text_similarity"}),
        ("ab", "ab", {"direction_similarity"}),  # the captions make no step
    ],
)
def test_what_cannot_be_known_is_none(before: str | None, after: str | None, missing: set[str]) -> None:
    (found,) = measure([_grey(0)], [_grey(255)], [before], [after], Plane())
    names = ("image_similarity", "text_similarity", "direction_similarity")
    assert {name for name in names if getattr(found, name) is None} == missing


def test_equal_images_have_no_direction() -> None:
    (found,) = measure([_grey(9)], [_grey(9)], ["a"], ["abc"], Plane())
    assert found.direction_similarity is None
    assert found.image_similarity == pytest.approx(1.0)
    assert found.change_share == 0.0


def test_pixels_are_measured_without_an_embedder() -> None:
    (found,) = measure([_grey(0)], [_grey(255)], ["a"], ["b"], None)
    assert found == Measures(1.0, fingerprint_of(_grey(255)))
    assert measure([], [], [], [], Plane()) == []


def test_each_source_and_caption_is_embedded_once() -> None:
    source, plane = _grey(0), Plane()
    many = measure([source] * 3, [_grey(90), _grey(120), _grey(250)], ["a"] * 3, ["abc", "abc", None], plane)
    assert plane.seen == [4, 2]
    alone = [
        measure([source], [after], ["a"], [text], Plane())[0]
        for after, text in zip((_grey(90), _grey(120), _grey(250)), ("abc", "abc", None), strict=True)
    ]
    assert many == alone


def test_numbers_that_are_not_finite_are_refused() -> None:
    class Broken(Plane):
        def images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
            return np.full((len(images), 2), np.nan, dtype=np.float32)

    with pytest.raises(ModelError, match="not finite; set its dtype to float32"):
        measure([_grey(0)], [_grey(1)], [None], [None], Broken())


def test_images_of_unlike_size_are_refused() -> None:
    with pytest.raises(InputError, match="32x32 and the one after 16x16"):
        change_share(_grey(0), _grey(0).resize((16, 16)))


@pytest.mark.parametrize("quality", [70, 95])
def test_encoding_again_is_no_visible_change(quality: int) -> None:
    shares = [change_share(_photograph(i), _as_jpeg(_photograph(i), quality)) for i in range(8)]
    assert max(shares) < 0.005


def test_noise_that_nobody_sees_is_no_visible_change() -> None:
    pixels = np.asarray(_photograph(), dtype=np.int16)
    noise = np.random.default_rng(0).normal(0, 8, pixels.shape)
    noisy = Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
    assert np.abs(np.asarray(noisy, np.int16) - pixels).max(axis=2).__gt__(8).mean() > 0.5  # pixel by pixel
    assert change_share(_photograph(), noisy) < 0.005


@pytest.mark.parametrize("kind", ["brighten", "region_blur", "text", "sharpen", "desaturate"])
def test_edits_are_visible_changes(kind: str) -> None:
    assert change_share(_photograph(), _edited(_photograph(), kind)) > 0.005


def test_a_small_patch_counts_its_share() -> None:
    pixels = np.asarray(_photograph()).copy()
    pixels[20:52, 40:88] = 255 - pixels[20:52, 40:88]
    share = change_share(_photograph(), Image.fromarray(pixels))
    assert 0.6 * 32 * 48 / (240 * 160) < share < 1.6 * 32 * 48 / (240 * 160)


def test_measures_go_to_json_and_back() -> None:
    measures = Measures(1 / 3, "ab", 2 / 3, None, -1 / 7)
    values = json.loads(json.dumps(measures.to_dict()))
    assert values["change_share"] == 0.333333
    back = Measures.from_dict(values)
    assert back == Measures(0.333333, "ab", 0.666667, None, -0.142857)
    assert Measures.from_dict(back.to_dict()) == back
    former = {("print" if key == "fingerprint" else key): value for key, value in values.items()}
    assert Measures.from_dict(former) == back
    with pytest.raises(InputError, match="a candidate: fingerprint is missing"):
        Measures.from_dict({key: value for key, value in values.items() if key != "fingerprint"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_similarity": 1.2}, "filters.image_similarity is 1.2; expected a number from -1 to 1"),
        ({"smallest_change": -0.1}, "filters.smallest_change is -0.1; expected a number from 0 to 1"),
        ({"duplicate_distance": 64}, "filters.duplicate_distance is 64"),
        ({"direction_similarity": float("nan")}, "filters.direction_similarity is nan"),
        ({"image_similarity": 0.9, "highest_image_similarity": 0.8}, "so that nothing passes"),
        ({"smallest_change": 0.5, "largest_change": 0.4}, "so that nothing passes"),
    ],
)
def test_thresholds_out_of_range_are_named(change: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Thresholds(**change)


@pytest.mark.parametrize(
    ("change", "reason", "threshold"),
    [
        ({"change_share": 0.004}, "unchanged", "smallest_change"),
        ({"image_similarity": 0.999}, "unchanged", "highest_image_similarity"),
        ({"image_similarity": 0.74}, "another-picture", "image_similarity"),
        ({"text_similarity": 0.19}, "off-caption", "text_similarity"),
        ({"direction_similarity": 0.19}, "wrong-direction", "direction_similarity"),
        ({"direction_similarity": -0.5}, "wrong-direction", "direction_similarity"),
        ({}, None, None),
    ],
)
def test_reasons_against(change: dict[str, float], reason: str | None, threshold: str | None) -> None:
    measures = dataclasses.replace(GOOD, **change)
    assert reason_against(measures, Thresholds()) == reason
    if threshold is not None:  # which can be switched off
        assert reason_against(measures, Thresholds(**{threshold: None})) is None


def test_too_much_may_be_changed() -> None:
    assert reason_against(dataclasses.replace(GOOD, change_share=1.0), Thresholds()) is None
    assert reason_against(GOOD, Thresholds(largest_change=0.2)) == "too-much-changed"


def test_limits_themselves_are_accepted() -> None:
    limits = Measures(0.005, "", image_similarity=0.75, text_similarity=0.2, direction_similarity=0.2)
    assert reason_against(limits, Thresholds()) is None
    assert reason_against(dataclasses.replace(limits, image_similarity=0.995), Thresholds()) is None


def test_what_is_not_known_is_not_held_against() -> None:
    assert reason_against(Measures(0.3, ""), Thresholds()) is None
    assert reason_against(Measures(0.0, ""), Thresholds()) == "unchanged"


def test_the_best_has_the_greatest_direction_then_text_then_image() -> None:
    rows = [
        dataclasses.replace(GOOD, direction_similarity=0.25, text_similarity=0.9, image_similarity=0.99),
        dataclasses.replace(GOOD, direction_similarity=0.4, text_similarity=0.3),
        dataclasses.replace(GOOD, direction_similarity=0.4, text_similarity=0.35, image_similarity=0.8),
        dataclasses.replace(GOOD, direction_similarity=0.4, text_similarity=0.35, image_similarity=0.85),
        dataclasses.replace(GOOD, direction_similarity=0.4, text_similarity=0.35, image_similarity=0.85),
        dataclasses.replace(GOOD, direction_similarity=0.9, image_similarity=0.1),
    ]
    choice = best_of(rows, Thresholds())
    assert choice.index == 3
    assert choice.reasons == ("not-best", "not-best", "not-best", None, "not-best", "another-picture")


def test_a_candidate_without_direction_ranks_last() -> None:
    rows = [dataclasses.replace(GOOD, direction_similarity=None, text_similarity=0.9), GOOD]
    assert best_of(rows, Thresholds()).index == 1


def test_none_may_be_acceptable() -> None:
    assert best_of([], Thresholds()).index is None
    choice = best_of([Measures(0.0, "")], Thresholds())
    assert (choice.index, choice.reasons) == (None, ("unchanged",))


_cosines = st.one_of(st.none(), st.floats(-1, 1))
_rows = st.lists(
    st.builds(Measures, st.floats(0, 1), st.just(""), _cosines, _cosines, _cosines), min_size=1, max_size=6
)


@given(_rows)
def test_at_most_one_is_chosen_and_never_one_with_a_reason(rows: list[Measures]) -> None:
    choice = best_of(rows, Thresholds())
    assert len(choice.reasons) == len(rows)
    accepted = [index for index, reason in enumerate(choice.reasons) if reason is None]
    assert accepted == ([] if choice.index is None else [choice.index])
    assert (choice.index is None) == all(reason_against(row, Thresholds()) for row in rows)


def test_prints_tell_bright_from_dark_and_colours_apart() -> None:
    image = _photograph()
    values = np.asarray(image, dtype=np.float64)
    bright, dark = (Image.fromarray(np.clip(values * f, 0, 255).astype(np.uint8)) for f in (1.15, 0.85))
    hashes = [int(fingerprint_of(one)[:16], 16) for one in (bright, dark)]
    assert (hashes[0] ^ hashes[1]).bit_count() <= 2  # the hash alone takes them for one
    assert not is_duplicate(fingerprint_of(bright), fingerprint_of(dark), 0.04)
    swapped = Image.merge("RGB", image.split()[::-1])
    assert not is_duplicate(fingerprint_of(image), fingerprint_of(swapped), 0.04)
    mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert not is_duplicate(fingerprint_of(image), fingerprint_of(mirrored), 0.04)


def test_prints_of_the_same_picture_are_near() -> None:
    image = _photograph()
    for again in (_as_jpeg(image, 85), image.resize((120, 80)).resize(image.size)):
        assert is_duplicate(fingerprint_of(image), fingerprint_of(again), 0.04)
    assert distance_of(fingerprint_of(image), fingerprint_of(image)) == 0.0


@pytest.mark.parametrize("text", ["", "zz" * 200, "00" * 199])
def test_what_is_no_print_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not 400 hex digits"):
        distance_of(text, fingerprint_of(_grey(0)))


def test_duplicates_are_recognised_within_a_source() -> None:
    known = Duplicates(0.04)
    image = _photograph()
    assert not known.seen("a", fingerprint_of(image))
    assert known.seen("a", fingerprint_of(_as_jpeg(image, 85)))
    assert not known.seen("a", fingerprint_of(_edited(image, "brighten")))
    assert known.seen("a", fingerprint_of(_edited(image, "brighten")))


def test_between_sources_only_the_same_image_is_a_duplicate() -> None:
    known = Duplicates(0.04)
    image, near = _photograph(), _as_jpeg(_photograph(), 85)
    assert fingerprint_of(image) != fingerprint_of(near)
    assert not known.seen("a", fingerprint_of(image))
    assert not known.seen("b", fingerprint_of(near))
    assert known.seen("c", fingerprint_of(image))


def test_what_is_a_duplicate_is_not_registered() -> None:
    """Else a chain of near images would count as one."""
    known = Duplicates(0.04)
    marks = [fingerprint_of(_grey(value)) for value in (100, 108, 116)]
    assert distance_of(marks[0], marks[1]) < 0.04 < distance_of(marks[0], marks[2])
    assert [known.seen("a", mark) for mark in marks] == [False, True, False]


def test_recognising_duplicates_can_be_switched_off() -> None:
    known = Duplicates(None)
    assert [known.seen("a", fingerprint_of(_grey(1))) for _ in range(2)] == [False, False]
    strict = Duplicates(0.0)
    assert [strict.seen("a", fingerprint_of(_grey(value))) for value in (1, 1, 2)] == [False, True, False]


@pytest.fixture(scope="module")
def known_candidates() -> tuple[list[Candidate], list[Measures]]:
    """240 candidates of the benchmark, with its embedder fitted on an eighth of the crops."""
    made = candidates(packaged_photographs("test"), 60, seed=1)
    return made, measured(made, fit_on(packaged_photographs("train"), crops=1))


def test_right_edits_are_accepted_and_hardly_any_others(
    known_candidates: tuple[list[Candidate], list[Measures]],
) -> None:
    report = judge(*known_candidates, THRESHOLDS)
    assert report["precision"] >= 0.95
    assert report["recall"] >= 0.5
    assert report["groups"]["identity"]["unchanged"] >= 57
    assert "accepted" not in report["groups"]["identity"]


@pytest.mark.parametrize("field", ["image_similarity", "direction_similarity"])
def test_without_its_similarities_the_precision_is_lost(
    known_candidates: tuple[list[Candidate], list[Measures]], field: str
) -> None:
    """So that the test before can fail, and neither threshold is idle."""
    less = judge(*known_candidates, dataclasses.replace(THRESHOLDS, **{field: None}))
    assert less["precision"] < 0.95


def test_the_recorded_benchmark_reaches_its_precision() -> None:
    path = Path(__file__).parents[3] / "benchmarks" / "filters_quality.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    assert recorded["candidates"] >= 400
    assert recorded["precision"] >= 0.95
    assert Thresholds(**recorded["thresholds"]) == THRESHOLDS
