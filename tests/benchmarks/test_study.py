"""The study from backbone to page, at sizes at which nothing is learned; its rules on numbers made up for them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.study import report
from benchmarks.study.backbone import train_backbone
from benchmarks.study.cells import BASE, FULL, QUICK, Scale, cells, questions
from benchmarks.study.claims import CONFIRMED, NOT, REVERSED, UNTESTED, better, floor_of
from benchmarks.study.run import blind, run_cell, told_right
from benchmarks.study.worlds import HELD_OUT, EditedPairs, RenderedPairs, Singles

from blip2idc.data.records import PairRecord

SMOKE = Scale("smoke", 24, (16, 24), 16, 2, (1, 2, 4), 12, 2, 1)


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_every_variant_of_a_question_is_a_cell(scale: Scale) -> None:
    there = {cell.variant for cell in cells(scale)}
    assert {name for question in questions(scale) for name in question.variants} <= there
    assert len({cell.name for cell in cells(scale)}) == len(cells(scale))
    assert {cell.seed for cell in cells(scale)} == {0, 1, 2}


def test_pairs_are_pure_functions_and_edits_keep_the_camera() -> None:
    for world in (RenderedPairs(9), EditedPairs(9)):
        one, again = world.pair(3), world.pair(3)
        assert np.array_equal(one.after, again.after)
        assert one.before.shape == (64, 64, 3)
    pair = next(pair for pair in map(EditedPairs(9).pair, range(40)) if pair.kind == "none")
    assert np.abs(pair.before.astype(int) - pair.after).max() < 20
    unseen = RenderedPairs(9, "unseen").pair(0)
    color, shape = str(unseen.change["object"]).split()[1::2]
    new = unseen.change.get("to", color)
    assert {(color, shape), (new, shape)} & HELD_OUT


def test_singles_hold_one_image_and_name_what_it_shows() -> None:
    drawn = [one for index in range(40) for one in Singles(0).draw(index, 2)]
    assert all(one.image.shape == (64, 64, 3) and one.objects.shape == (8, 8) for one in drawn)
    assert not any("change" in one.caption for one in drawn)
    assert any(one.caption.startswith("a photograph") for one in drawn)


@pytest.mark.parametrize(
    ("caption", "right"),
    [
        ("the large red metal cube became blue", True),
        ("the large red metal cube on the left turned blue.", True),
        ("the large red metal cube became green", False),
        ("the small red metal cube became blue", False),
        ("the large red metal cube has been removed", False),
        ("there is no change", False),
    ],
)
def test_what_counts_as_told_right(caption: str, right: bool) -> None:
    change = {"kind": "color", "object": "large red metal cube", "to": "blue"}
    assert told_right(caption, PairRecord("1", "a", "b", change=change)) is right


def test_verdicts_follow_the_interval_of_the_paired_difference() -> None:
    facts = {"a": [50.0, 52.0, 51.0], "b": [40.0, 41.0, 42.0], "c": [50.0, 40.0, 62.0], "d": [9.0]}
    rows = {name: SimpleNamespace(values={"facts": values}) for name, values in facts.items()}
    assert better(rows, "a", "b")[0] == CONFIRMED
    assert better(rows, "b", "a")[0] == REVERSED
    assert better(rows, "a", "c")[0] == NOT
    assert better(rows, "a", "d") == (UNTESTED, "+42.0 points with one seed, which decides nothing")
    assert better(rows, "a", "e") == (UNTESTED, "e: not run")
    assert better(rows, "a", "b", floor=51.5)[0] == CONFIRMED
    outcome, number = better(rows, "a", "c", floor=51.5)
    assert outcome == UNTESTED
    assert number.endswith("nothing was learned yet that could differ (a constant sentence has 51.5 %)")
    assert (
        floor_of({"constant, a": {"facts_right": 0.2}, "constant, b": {}, "human": {"facts_right": 1.0}})
        == 20.0
    )


@pytest.mark.slow
def test_from_backbone_to_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not train_backbone(tmp_path / "neutral", 24, 64, minutes=0.0)
    assert train_backbone(tmp_path / "neutral", 24, 64), "the same call goes on"
    blind(tmp_path, SMOKE)
    wanted = {BASE, "two-stream both 64x64 each", "synthetic first 16 pairs", "held-out compositions"}
    for cell in cells(SMOKE):
        if cell.variant in wanted:
            run_cell(tmp_path, cell, SMOKE, lambda line: None)
    monkeypatch.setattr(report, "__file__", str(tmp_path / "report.py"))
    report.write_report(tmp_path, SMOKE, tmp_path / "docs/study.md")
    page = (tmp_path / "docs/study.md").read_text(encoding="utf-8")
    assert "| joint horizontal 64x64 | 0 | not run |" in page
    assert f"| {BASE} | 1 | " in page
    assert "cells were not run" in page
    assert "not tested" in page
    assert (tmp_path / "docs/images/study-encoding.svg").is_file()
    kept = json.loads((tmp_path / "smoke.json").read_text(encoding="utf-8"))
    assert set(kept["cells"]) == wanted
    assert kept["cells"][BASE][0]["pointing"]["method"] == "occlusion"


def test_cells_of_an_earlier_run_are_told_where_none_were_run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, blindly = report.read_kept(QUICK)
    assert len(earlier[BASE]) == 3
    assert floor_of(blindly) > 0
    monkeypatch.setattr(report, "__file__", str(tmp_path / "report.py"))
    assert report.read_kept(QUICK) == ({}, {})
    (tmp_path / "quick.json").write_text(json.dumps({"cells": earlier, "blind": blindly}), encoding="utf-8")
    report.write_report(tmp_path / "nothing", QUICK, None)
    assert report.read_kept(QUICK) == (earlier, blindly)
    assert not (tmp_path / "docs").exists()
