"""Baselines of the official annotations, where they lie beside the checkout: the table of docs/baselines.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.benchmarks import read_all

from blip2idc.evaluation.benchmark import constant_search
from blip2idc.evaluation.benchmark.baselines import Constant, find_constants, score_constant, score_humans
from blip2idc.evaluation.benchmark.constant_search import Candidates
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.significance import Resampling

ANNOTATIONS = Path(__file__).parents[4] / "shared" / "annotations"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not ANNOTATIONS.is_dir(), reason=f"the official annotation files are not at {ANNOTATIONS}"
    ),
]
NO_INTERVALS = Resampling(0)


def read(benchmark: str, folder: str) -> dict[str, ReferencedSplit]:
    items, _ = read_all(benchmark, ANNOTATIONS / folder)
    splits = {item.split for item in items}
    return {
        split: ReferencedSplit.build([item.record for item in items if item.split == split])
        for split in splits
    }


def percent(metrics: dict[str, dict[str, object]], name: str) -> float:
    score = metrics[name]["score"]
    assert isinstance(score, float)
    return 100 * score


def test_spot_the_diff() -> None:
    splits = read("spot-the-diff", "spot_the_diff")
    train, test = splits["train"], splits["test"]
    candidates = Candidates.collect(train.references, train.captions)
    assert len(candidates) == 15_880
    scores = constant_search.cider_d(train.references, candidates)
    winner = int(np.argmax(scores))
    assert candidates.captions[winner] == "a person walking in the parking lot is no longer there"
    assert scores[winner] == pytest.approx(0.298916, abs=5e-7)
    constant = Constant("c", "", candidates.captions[winner], candidates.tokens[winner])
    row = score_constant(constant, test, resampling=NO_INTERVALS)
    assert percent(row.metrics, "cider_d") == pytest.approx(30.19, abs=0.005)
    assert percent(row.metrics, "bleu_4") == pytest.approx(6.52, abs=0.005)


def test_image_editing_request() -> None:
    splits = read("image-editing-request", "image_editing_request")
    train, test = splits["train"], splits["test"]
    assert len(Candidates.collect(train.references, train.captions)) == 2_804
    found = {constant.name: constant for constant in find_constants(train)}
    assert found["constant, best CIDEr-D"].caption == "remove the background"
    assert found["constant, best ROUGE-L"].caption == "remove the background in the image"
    row = score_constant(found["constant, best CIDEr-D"], test, resampling=NO_INTERVALS)
    assert percent(row.metrics, "cider_d") == pytest.approx(23.06, abs=0.005)
    human = score_humans(test, resampling=NO_INTERVALS)
    assert human is not None
    # recorded with the community's code: BLEU-4 .119, ROUGE-L .443, CIDEr .788 with two references
    expected = {"bleu_4": 11.9, "rouge_l": 44.3, "cider_d": 78.8}
    for name, value in expected.items():
        assert percent(human.metrics, name) == pytest.approx(value, abs=0.05)
