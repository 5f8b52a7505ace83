"""Boxes around what a heatmap points at, and the heat as layers."""

from __future__ import annotations

import numpy as np
from PIL import Image
from tests.fixtures.explained import explained_pair, spot

from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImagePair
from blip2idc.report.pictures.overlay import heat_layer, painted, pair_layers
from blip2idc.report.pictures.regions import MOST, components, heatmap_regions


def contains(box: tuple[int, int, int, int], x: float, y: float) -> bool:
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]


class TestRegions:
    def test_one_spot_each(self) -> None:
        before, after = heatmap_regions(PairHeatmap(spot(4, 3), spot(4, 11)), (320, 160), (640, 80))
        assert len(before) == len(after) == 1
        assert contains(before[0], 3.5 * 20, 4.5 * 20)
        assert before[0][2] < 60
        assert contains(after[0], 11.5 * 40, 4.5 * 10)

    def test_an_image_that_counts_for_little_has_none(self) -> None:
        for strength, boxes in ((0.4, 1), (0.2, 0)):
            heatmap = PairHeatmap(spot(4, 3), strength * spot(4, 11))
            before, after = heatmap_regions(heatmap, (320, 160), (320, 160))
            assert (len(before), len(after)) == (1, boxes)

    def test_an_empty_map_has_no_boxes(self) -> None:
        nowhere = np.zeros((8, 16), dtype=np.float32)
        assert heatmap_regions(PairHeatmap(nowhere, nowhere), (320, 160), (320, 160)) == ([], [])

    def test_the_strongest_first_and_not_too_many(self) -> None:
        cells = sum(spot(row, column) for row in (1, 6) for column in (1, 5, 9, 13))
        cells = cells * 0.8 + 0.2 * spot(6, 9)
        before, _ = heatmap_regions(PairHeatmap(cells, spot(0, 0)), (320, 160), (320, 160))
        assert len(before) == MOST
        assert contains(before[0], 9.5 * 20, 6.5 * 20)

    def test_components(self) -> None:
        mask = np.array([[1, 1, 0, 0], [0, 1, 0, 1], [1, 0, 0, 1]], dtype=bool)
        areas = list(components(mask))
        assert [int(area.sum()) for area in areas] == [3, 2, 1]
        assert np.array_equal(sum(area.astype(int) for area in areas), mask.astype(int))


class TestOverlay:
    def test_layer(self) -> None:
        layer = np.asarray(heat_layer(np.array([[0.0, 1.0]], dtype=np.float32)))
        assert layer.shape == (1, 2, 4)
        assert layer[0, 0, 3] == 0
        assert 150 < layer[0, 1, 3] < 255

    def test_layers_keep_the_aspect(self) -> None:
        pair = ImagePair(Image.new("RGB", (300, 100)), Image.new("RGB", (100, 300)))
        before, after = pair_layers(PairHeatmap(spot(4, 3), spot(4, 11)), pair)
        assert before.width == 3 * before.height
        assert after.height == 3 * after.width

    def test_painting_leaves_the_pair_alone(self) -> None:
        explained, pair = explained_pair()
        original = np.asarray(pair.before).copy()
        before, after = painted(pair, explained.sentence, ([(10, 10, 50, 40)], []))
        assert np.array_equal(np.asarray(pair.before), original)
        assert not np.array_equal(np.asarray(before), original)
        assert before.size == after.size == (320, 160)

    def test_heat_is_painted_where_it_is_strong_and_nowhere_else(self) -> None:
        pair = ImagePair(Image.new("RGB", (40, 30), "navy"), Image.new("RGB", (40, 30), "navy"))
        heat = np.zeros((3, 4), np.float32)
        heat[1, 2] = 1.0
        before, after = painted(pair, PairHeatmap(heat, np.zeros_like(heat)))
        moved = np.abs(np.asarray(before).astype(int) - np.asarray(pair.before)).sum(axis=2)
        assert moved[15, 25] > 150
        assert moved[0, 0] < 10
        assert np.array_equal(np.asarray(after), np.asarray(pair.after))

    def test_nothing_painted_is_the_image(self) -> None:
        _, pair = explained_pair()
        before, _ = painted(pair, None)
        assert np.array_equal(np.asarray(before), np.asarray(pair.before))
