"""How sure a captioner is of its sentence: fitted, kept beside an adapter, stated, and heeded."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images

from blip2idc.difference import Difference
from blip2idc.errors import ModelError
from blip2idc.images.changes.result import Fact, MeasuredChange
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.confidence import (
    FILE_NAME,
    Confidence,
    features_of,
    fit_confidence,
    read_confidence,
    save_confidence,
)
from blip2idc.model.files.packaged import TINY_MODEL
from blip2idc.model.language import Prefix
from blip2idc.model.look.close_look import CloseLook
from blip2idc.model.look.telling import tell


def test_the_curve_tells_right_from_wrong_and_is_calibrated() -> None:
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(4000, 12, generator=generator) * torch.arange(1, 13)
    odds = 1.5 * features[:, 0] - 0.25 * features[:, 3]
    right = (torch.rand(4000, generator=generator) < torch.sigmoid(odds)).tolist()
    found = fit_confidence(features[:3000], right[:3000], penalty=1e-4)
    stated = torch.tensor(found.of(features[3000:]))
    truth = torch.tensor(right[3000:])
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        inside = (stated >= low) & (stated < high)
        assert truth[inside].float().mean().item() == pytest.approx(stated[inside].mean().item(), abs=0.08)


def test_features_are_the_prefix_and_the_odds() -> None:
    prefix = Prefix(torch.arange(12.0).reshape(2, 3, 2))
    features = features_of(prefix, torch.tensor([0.5, 99.0]))
    assert features.shape == (2, 7)
    assert features[0].tolist() == [0, 1, 2, 3, 4, 5, 0.5]
    assert features[1, -1].item() == 20.0, "odds that are as sure as can be count the same"


def test_saved_and_read(tmp_path: Path) -> None:
    assert read_confidence(tmp_path) is None
    save_confidence(Confidence(torch.tensor([0.5, -1.0]), 0.25, 40), tmp_path)
    found = read_confidence(tmp_path)
    assert found is not None
    assert (found.weights.tolist(), found.bias, found.pairs) == ([0.5, -1.0], 0.25, 40)
    with pytest.raises(ModelError, match="another backbone"):
        found.of(torch.zeros(1, 3))


@pytest.mark.parametrize("fault", ["torn", "nan", "shape", "missing"])
def test_a_broken_file_is_one_sentence(tmp_path: Path, fault: str) -> None:
    from safetensors.torch import save_file

    tensors = {"weights": torch.zeros(3), "bias": torch.zeros(1)}
    if fault == "nan":
        tensors["weights"][1] = float("nan")
    elif fault == "shape":
        tensors["weights"] = torch.zeros(3, 1)
    elif fault == "missing":
        del tensors["bias"]
    path = tmp_path / FILE_NAME
    save_file(tensors, path)
    if fault == "torn":
        path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ModelError, match=FILE_NAME):
        read_confidence(tmp_path)


def test_an_adapter_brings_its_confidence(tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(TINY_MODEL / "adapters" / "default", folder)
    (folder / FILE_NAME).unlink(missing_ok=True)
    before, after = random_images(np.random.default_rng(0), 2)
    silent = DifferenceCaptioner.from_pretrained(adapter=folder)
    assert silent(before, after).confidence is None
    assert "confidence" not in silent(before, after).to_dict()
    queries = (
        silent.backbone.model.config.num_query_tokens * silent.backbone.model.config.text_config.hidden_size
    )
    width = len(features_of(silent.encode([silent.join((before, after))]).seen, torch.zeros(1))[0])
    assert width > queries
    save_confidence(Confidence(torch.zeros(width), 2.0), folder)
    told = DifferenceCaptioner.from_pretrained(adapter=folder)(before, after, max_changes=0)
    assert told.confidence == pytest.approx(torch.sigmoid(torch.tensor(2.0)).item())
    assert told.to_dict()["confidence"] == pytest.approx(0.880797)


def test_a_sentence_that_is_hardly_believed_makes_way_for_what_was_measured() -> None:
    place = MeasuredChange((900, 20, 50, 40), (900, 20, 50, 40), (), "something changed")
    look = CloseLook(((1280, 800),) * 2, "aligned", (place,), (None,), 1, certain=True)
    said = Difference("the cube was added", 0.99, True, confidence=0.9)
    assert tell(said, look, [said], seen=True).caption == said.caption
    assert tell(said, look, [said], seen=True).confidence == 0.9
    doubted = replace(said, confidence=0.1)
    told = tell(doubted, look, [doubted], seen=True)
    assert told.caption == "something in the top right changed"
    assert told.confidence == told.changes[0].confidence == pytest.approx(1.0)
    fact = replace(place, facts=(Fact("appeared"),))
    sure = tell(doubted, replace(look, measured=(fact,)), [doubted], seen=False)
    assert sure.confidence == pytest.approx(0.97)


def test_equal_images_are_told_with_certainty() -> None:
    equal = CloseLook(((64, 48),) * 2, "aligned", identical=True)
    said = Difference("nothing has changed", 0.1, False, confidence=0.4)
    assert tell(said, equal, [], seen=True).confidence == 1.0
    assert tell(replace(said, confidence=None), equal, [], seen=True).confidence is None
