"""The official annotation files, where they lie beside the checkout: the counts that papers state."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.benchmarks import read_all

from blip2idc.data.readers.benchmark import ReadOptions

ANNOTATIONS = Path(__file__).parents[4] / "shared" / "annotations"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not ANNOTATIONS.is_dir(), reason=f"the official annotation files are not at {ANNOTATIONS}"
    ),
]


def counts(benchmark: str, folder: str, options: ReadOptions | None = None) -> dict[str, tuple[int, int]]:
    items, _ = read_all(benchmark, ANNOTATIONS / folder, options)
    found: dict[str, tuple[int, int]] = {}
    for item in items:
        pairs, references = found.get(item.split, (0, 0))
        found[item.split] = (pairs + 1, references + len(item.record.references))
    return found


def test_spot_the_diff_single() -> None:
    expected = {"train": (8566, 17676), "val": (1493, 3310), "test": (1270, 2107)}
    assert counts("spot-the-diff", "spot_the_diff") == expected


def test_spot_the_diff_multi_agrees_with_card() -> None:
    options = ReadOptions(protocol="multi")
    ours = {
        i.record.id: i.record.captions
        for i in read_all("spot-the-diff", ANNOTATIONS / "spot_the_diff", options)[0]
    }
    card = {
        i.record.id: i.record.captions for i in read_all("spot-the-diff", ANNOTATIONS / "card", options)[0]
    }
    assert ours.keys() == card.keys()
    assert len(card) == 11329
    differing = [pair for pair in card if card[pair] != ours[pair]]
    # CARD cuts joined captions off after 60 words.
    assert all(ours[pair][0].startswith(card[pair][0]) for pair in differing)
    assert {len(card[pair][0].split()) for pair in differing} == {60}
    assert len(differing) == 374


def test_image_editing_request() -> None:
    expected = {"train": (3061, 3061), "val": (383, 1149), "test": (495, 1485)}
    assert counts("image-editing-request", "image_editing_request") == expected


def test_syned() -> None:
    found = counts("syned", "syned")
    assert {split: pairs for split, (pairs, _) in found.items()} == {"train": 3050, "val": 539, "test": 2022}
    items, tally = read_all("syned", ANNOTATIONS / "syned", ReadOptions(splits=("test",)))
    assert tally.counts["test pairs without a paraphrase"] == 4
    assert not [
        i
        for i in items
        for c in i.record.captions
        if c.startswith('"') and c.endswith('"') and c.count('"') == 2
    ]
