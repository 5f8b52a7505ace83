"""Localization scores: by hand on small cases, and the control that refuses maps of a model that sees nothing."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.errors import InputError
from blip2idc.evaluation.maps.localization import Truth, localization, make_truth
from blip2idc.evaluation.significance import Resampling
from blip2idc.images.heatmap import PairHeatmap

SIZE = (40, 80)
CELLS = (4, 8)  # ten pixels each
EMPTY = np.zeros(CELLS)
FEW = Resampling(resamples=200, seed=1)


def spot(row: int, column: int) -> np.ndarray:
    cells = EMPTY.copy()
    cells[row, column] = 1.0
    return cells


def box(row: int, column: int) -> tuple[float, float, float, float]:
    return 10.0 * column, 10.0 * row, 10.0, 10.0


def truth(*places: tuple[float, float, float, float] | np.ndarray | None, changed: bool = True) -> Truth:
    return make_truth((SIZE, SIZE), (places[0], places[1]), changed=changed)


def unchanged() -> Truth:
    return truth(None, None, changed=False)


def test_pointing_counts_only_images_with_a_place() -> None:
    heatmaps = [PairHeatmap(spot(1, 2), spot(0, 0)), PairHeatmap(spot(3, 3), spot(1, 1))]
    truths = [truth(box(1, 2), None), truth(box(3, 3), box(2, 2))]
    scores = localization(heatmaps, truths, FEW)
    assert scores.places == 3
    assert scores.pointing == pytest.approx(2 / 3)
    assert scores.pg_plus == pytest.approx((1 + 0.5) / 2)
    assert scores.unchanged == 0
    assert scores.pg_plus_unchanged is None


def test_an_empty_map_misses_a_change_and_is_right_about_none() -> None:
    nothing = PairHeatmap(EMPTY, EMPTY)
    scores = localization([nothing, nothing], [truth(box(0, 0), box(0, 0)), unchanged()], FEW)
    assert scores.pointing == 0
    assert scores.coverage == 0
    assert scores.pg_plus_changed == 0
    assert scores.pg_plus_unchanged == 1
    assert scores.pg_plus == 0.5


def test_any_heat_on_an_unchanged_pair_is_wrong() -> None:
    faint = PairHeatmap(EMPTY, 1e-6 * spot(0, 0))
    scores = localization([faint], [unchanged()], FEW)
    assert scores.pg_plus == 0
    assert scores.pointing is None
    assert scores.control_pointing is None
    assert not scores.is_finding


def test_coverage_and_iou_by_hand() -> None:
    even = PairHeatmap(np.ones(CELLS), EMPTY)
    scores = localization([even], [truth((0, 0, 40, 40), None)], FEW)
    assert scores.coverage == pytest.approx(0.5)
    assert scores.iou == pytest.approx(0.5)


def test_the_peak_of_a_plateau_is_its_middle() -> None:
    cells = EMPTY.copy()
    cells[1:3, 2:5] = 1.0
    inside = truth((29, 19, 12, 2), None)  # around (35, 20), the middle of the plateau
    assert localization([PairHeatmap(cells, EMPTY)], [inside], FEW).pointing == 1


def test_box_and_its_mask_are_one_place() -> None:
    mask = np.zeros(SIZE, dtype=bool)
    mask[10:25, 30:52] = True
    from_box, from_mask = truth((30, 10, 22, 15), None), truth(mask, None)
    assert from_box.before is not None
    assert np.array_equal(from_box.before, from_mask.before)


def test_large_images_are_compared_on_a_small_canvas() -> None:
    large = make_truth(((4000, 8000), (400, 300)), ((1000, 1000, 1000, 1000), None), changed=True)
    assert large.sizes == ((128, 256), (256, 192))
    assert large.before is not None
    assert large.before.sum() == 32 * 32


def test_a_tiny_box_keeps_a_pixel() -> None:
    small = make_truth(((4000, 8000), (40, 80)), ((3999.5, 10, 0.2, 0.2), None), changed=True)
    assert small.before is not None
    assert small.before.sum() == 1


@pytest.mark.parametrize("mask", [np.zeros(SIZE, dtype=bool), np.ones((3, 3), dtype=bool)])
def test_refuses_masks_that_do_not_fit(mask: np.ndarray) -> None:
    with pytest.raises(InputError, match="mask of shape"):
        truth(mask, None)


def test_refuses_unequal_numbers() -> None:
    with pytest.raises(InputError, match="1 heatmaps for 0 pairs"):
        localization([PairHeatmap(EMPTY, EMPTY)], [], FEW)


def random_truths(rng: np.random.Generator, count: int) -> tuple[list[Truth], list[tuple[int, int]]]:
    cells = [(int(rng.integers(4)), int(rng.integers(8))) for _ in range(count)]
    return [truth(box(*cell), box(*cell)) for cell in cells], cells


def test_good_maps_are_a_finding_and_the_control_is_near_chance() -> None:
    rng = np.random.default_rng(0)
    truths, cells = random_truths(rng, 120)
    heatmaps = [PairHeatmap(spot(*cell), spot(*cell)) for cell in cells]
    scores = localization(heatmaps, truths, FEW)
    assert scores.pointing == 1
    assert scores.control_pointing == pytest.approx(1 / 32, abs=0.02)
    assert scores.p_value == pytest.approx(1 / 201)
    assert scores.is_finding
    assert scores.intervals["pointing"] == (1, 1)
    assert scores.to_dict()["is_finding"] is True


@pytest.mark.parametrize("kind", ["always the middle", "noise", "always the commonest place"])
def test_maps_of_a_blind_model_are_no_finding(kind: str) -> None:
    rng = np.random.default_rng(1)
    cells = [
        (1, 3 + int(rng.random() < 0.5)) for _ in range(100)
    ]  # changes lie in the middle, as in many data sets
    truths = [truth(box(*cell), box(*cell)) for cell in cells]
    fixed = {"always the middle": np.hypot(*np.indices(CELLS)), "always the commonest place": spot(1, 3)}
    heatmaps = [
        PairHeatmap(fixed.get(kind, rng.random(CELLS)), fixed.get(kind, rng.random(CELLS))) for _ in truths
    ]
    scores = localization(heatmaps, truths, FEW)
    assert not scores.is_finding
    if kind == "always the commonest place":
        assert scores.pointing is not None
        assert scores.pointing > 0.3  # it hits often, and still it is no finding
        assert scores.control_pointing == pytest.approx(scores.pointing, abs=0.02)


def test_some_sight_among_noise_is_a_finding() -> None:
    rng = np.random.default_rng(2)
    truths, cells = random_truths(rng, 100)
    heatmaps = [
        PairHeatmap(spot(*cell), spot(*cell)) if number % 4 == 0 else PairHeatmap(rng.random(CELLS), EMPTY)
        for number, cell in enumerate(cells)
    ]
    scores = localization(heatmaps, truths, FEW)
    assert scores.is_finding


def test_equal_seeds_give_equal_scores() -> None:
    rng = np.random.default_rng(3)
    truths, _ = random_truths(rng, 30)
    heatmaps = [PairHeatmap(rng.random(CELLS), rng.random(CELLS)) for _ in truths]
    assert localization(heatmaps, truths, FEW) == localization(heatmaps, truths, FEW)
