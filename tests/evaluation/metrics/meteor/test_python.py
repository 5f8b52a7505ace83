"""METEOR in this process against its own program, number for number (`tests/parity/record_meteor.py` recorded them)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blip2idc.evaluation.metrics.meteor.captions import Vocabulary
from blip2idc.evaluation.metrics.meteor.python import PythonMeteor
from blip2idc.evaluation.metrics.meteor.sources import Sources

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "parity" / "meteor.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("kind", RECORDED["corpora"])
def test_numbers(kind: str, meteor: PythonMeteor) -> None:
    items = RECORDED["corpora"][kind]
    found = meteor.align([item["prediction"] for item in items], [item["references"] for item in items])
    wrong = [
        (item, row.tolist())
        for item, row in zip(items, found, strict=True)
        if not np.array_equal(row, item["numbers"])
    ]
    assert not wrong


def test_words(meteor: PythonMeteor) -> None:
    normalise = meteor._open()._normalise
    captions = [caption for caption, _ in RECORDED["words"]]
    assert [" ".join(words) for words in normalise(captions)] == [words for _, words in RECORDED["words"]]


def test_the_first_of_equal_references_counts(tiny: Sources, tmp_path: Path) -> None:
    with PythonMeteor(tiny, tmp_path) as backend:
        rows = backend.align(["the car", "x"], [["x x x", "the car", "the car"], ["y", "y y"]])
    assert rows[:, :2].tolist() == [[2, 2], [1, 1]]


def test_order_and_company_do_not_matter(tiny: Sources, tmp_path: Path) -> None:
    """Numbers of an item are its own: alone, or learnt after others, they are the same."""
    predictions = ["the car is gone", "big mice", "before the car", "the car is gone"]
    references = [
        ["the vehicle has left", "a car"],
        ["large rodents"],
        ["in front of the cars"],
        ["the vehicle has left"],
    ]
    with PythonMeteor(tiny, tmp_path) as backend:
        together = backend.align(predictions, references)
        alone = [
            backend.align([said], [group])[0] for said, group in zip(predictions, references, strict=True)
        ]
    assert np.array_equal(together, alone)
    assert together[0, 20] == 1


def test_no_items(tiny: Sources, tmp_path: Path) -> None:
    with PythonMeteor(tiny, tmp_path) as backend:
        assert backend.align([], []).shape == (0, 23)


def test_signature_names_data_and_program(tiny: Sources, tmp_path: Path) -> None:
    backend = PythonMeteor(tiny, tmp_path)
    assert backend.signature == f"python:meteor-1.5-data#{tiny.fingerprint[:8]}"
    (tmp_path / "file").touch()
    with PythonMeteor(tiny, tmp_path / "file" / "x") as unkept:
        assert unkept.note is not None


def test_known_captions_are_not_learnt_again(
    tiny: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PythonMeteor(tiny, tmp_path) as backend:
        backend.align(["the car"], [["a car"]])
        monkeypatch.setattr(Vocabulary, "_learn_phrases", pytest.fail)
        assert backend.align(["a car"], [["the car"]]).shape == (1, 23)
