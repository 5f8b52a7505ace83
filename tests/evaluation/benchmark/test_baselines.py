"""Baselines of a small data set, and the report that sets them beside published scores."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.fixtures.data_sets import put_data_set

from blip2idc.data.records import PairRecord
from blip2idc.errors import ConfigError, InputError
from blip2idc.evaluation import suite
from blip2idc.evaluation.benchmark.baseline_report import BaselineReport, write_predictions
from blip2idc.evaluation.benchmark.baselines import Baseline, all_baselines, find_constants, score_humans
from blip2idc.evaluation.benchmark.published import OFFICIAL_TEST_PAIRS
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit, choose_split
from blip2idc.evaluation.inputs import read_predictions
from blip2idc.evaluation.metrics.corpus import Corpus
from blip2idc.evaluation.significance import Resampling
from blip2idc.report.baselines import print_baselines

PLAN = Resampling(50)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_data_set(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def splits(root: Path) -> tuple[ReferencedSplit, ReferencedSplit]:
    return ReferencedSplit.read(root, "train"), ReferencedSplit.read(root, "test")


@pytest.fixture(scope="module")
def rows(splits: tuple[ReferencedSplit, ReferencedSplit]) -> list[Baseline]:
    return all_baselines(*splits, resampling=PLAN)


def test_every_baseline_that_the_data_allow(rows: list[Baseline]) -> None:
    assert [row.name for row in rows] == [
        "constant, best CIDEr-D",
        "constant, best BLEU-4",
        "constant, best ROUGE-L",
        "constant, most frequent",
        "constant, centroid",
        "nearest caption by images",
        "human leave-one-out",
    ]


def test_rows_are_scored_as_a_model_would_be(
    splits: tuple[ReferencedSplit, ReferencedSplit], rows: list[Baseline]
) -> None:
    test = splits[1]
    for row in rows[:-1]:
        expected = suite.score(Corpus.build(test.references, row.predictions), resampling=PLAN).to_dict()
        assert row.metrics == expected


def test_constants_say_one_training_caption(
    splits: tuple[ReferencedSplit, ReferencedSplit], rows: list[Baseline]
) -> None:
    train, test = splits
    for row in rows[:5]:
        assert row.caption in train.captions
        assert set(row.predictions) == {row.caption}
        assert len(row.predictions) == len(test)
    assert rows[3].caption in ("there is no change", "nothing has changed")  # each 7 times in train
    assert rows[0].train_score is not None


def test_nothing_is_learnt_from_the_test_set(splits: tuple[ReferencedSplit, ReferencedSplit]) -> None:
    """Other test captions change the scores, never the constants."""
    train, test = splits
    before = [
        (row.name, row.caption, row.train_score) for row in all_baselines(train, test, resampling=PLAN)
    ][:5]
    changed = ReferencedSplit.build(
        [replace(r, captions=("zebra", "a zebra")) for r in test.records], test.root
    )
    after = [
        (row.name, row.caption, row.train_score) for row in all_baselines(train, changed, resampling=PLAN)
    ][:5]
    assert before == after


def test_the_shared_image_gives_the_training_caption(
    splits: tuple[ReferencedSplit, ReferencedSplit], rows: list[Baseline]
) -> None:
    nearest = rows[5]
    assert set(nearest.predictions) <= set(splits[0].captions)
    unchanged = [r.kind == "none" for r in splits[1].records]
    said = [caption == "there is no change" for caption in nearest.predictions]
    assert said == unchanged  # identical images are told from different ones


def test_images_may_be_absent(tmp_path: Path) -> None:
    root = put_data_set(tmp_path, images=False)
    train, test = ReferencedSplit.read(root, "train"), ReferencedSplit.read(root, "test")
    assert test.missing_images() == 2 * len(test)
    assert "nearest caption by images" not in [
        row.name for row in all_baselines(train, test, resampling=PLAN)
    ]


def test_one_metric_only(splits: tuple[ReferencedSplit, ReferencedSplit]) -> None:
    names = [constant.name for constant in find_constants(splits[0], ["bleu_4"])]
    assert names == ["constant, best BLEU-4", "constant, most frequent", "constant, centroid"]
    with pytest.raises(ConfigError, match="--metric is 'spice', expected one of cider_d"):
        find_constants(splits[0], ["spice"])


def test_people_who_describe_different_changes_are_no_ceiling(
    splits: tuple[ReferencedSplit, ReferencedSplit],
) -> None:
    test = splits[1]
    human = score_humans(test, resampling=PLAN)
    assert human is not None
    assert "ceiling" not in human.how
    spot = ReferencedSplit.build([replace(r, source="spot-the-diff") for r in test.records])
    human = score_humans(spot, resampling=PLAN)
    assert human is not None
    assert "no ceiling here" in human.how


def test_a_test_set_of_another_size_is_not_compared(
    splits: tuple[ReferencedSplit, ReferencedSplit], rows: list[Baseline]
) -> None:
    report = BaselineReport.build(*splits, rows, benchmark="spot-the-diff")
    found = report.to_dict()
    assert found["published"] == []
    assert all(row["beats"] == {} for row in found["baselines"])  # type: ignore[attr-defined]
    out = io.StringIO()
    print_baselines(report, Console(file=out, width=300))
    assert "beats" not in out.getvalue()
    assert "those of spot-the-diff (single) are of 1,270 test pairs, here are" in out.getvalue()


def test_report_counts_what_is_beaten(
    splits: tuple[ReferencedSplit, ReferencedSplit], rows: list[Baseline], monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = len(splits[1]) + splits[1].without
    monkeypatch.setitem(OFFICIAL_TEST_PAIRS, ("spot-the-diff", "single"), pairs)
    report = BaselineReport.build(*splits, rows, benchmark="spot-the-diff")
    assert report.protocol == "single"
    found = report.to_dict()
    json.dumps(found, allow_nan=False)
    best = found["baselines"][0]["beats"]["cider_d"]  # type: ignore[index]
    score = round(100 * rows[0].metrics["cider_d"]["score"], 1)  # type: ignore[operator]
    assert len(best["beaten"]) == sum(
        1 for r in report.published if r.cider_d is not None and r.cider_d < score
    )
    out = io.StringIO()
    print_baselines(report, Console(file=out, width=300))
    assert "constant, best CIDEr-D beats" in out.getvalue()
    assert "human leave-one-out" in out.getvalue()


def test_predictions_can_be_evaluated(
    tmp_path: Path, splits: tuple[ReferencedSplit, ReferencedSplit], rows: list[Baseline]
) -> None:
    paths = write_predictions(tmp_path, BaselineReport.build(*splits, rows))
    assert [path.name for path in paths][:2] == ["constant-best-cider-d.json", "constant-best-bleu-4.json"]
    assert len(paths) == 6
    assert len(read_predictions(paths[0]).entries) == len(splits[1])


def test_pairs_without_captions_are_left_out_and_counted() -> None:
    records = [PairRecord("a", "a.png", "b.png", ("x y",)), PairRecord("b", "a.png", "b.png")]
    found = ReferencedSplit.build(records)
    assert (len(found), found.without) == (1, 1)
    with pytest.raises(InputError, match="none of the 1 pairs has a caption"):
        ReferencedSplit.build(records[1:])


def test_splits_are_chosen(root: Path, tmp_path: Path) -> None:
    assert choose_split(root, ("test", "val")) == "test"
    assert choose_split(root / "val", ("test",)) is None
    put_data_set(tmp_path, images=False)
    (tmp_path / "test/metadata.jsonl").unlink()
    assert choose_split(tmp_path, ("test", "val")) == "val"
    with pytest.raises(InputError, match="holds the splits train, val, expected test"):
        choose_split(tmp_path, ("test",))


def test_training_captions_without_words_are_refused() -> None:
    bare = ReferencedSplit.build(
        [PairRecord("a", "a.png", "b.png", (" . ",)), PairRecord("b", "a.png", "b.png", ("!",))]
    )
    with pytest.raises(InputError, match="none of its 2 pairs has a caption with a word"):
        find_constants(bare)


def test_nothing_is_best_by_a_metric_that_is_undefined(
    splits: tuple[ReferencedSplit, ReferencedSplit],
) -> None:
    """Training pairs without a change share their references: no n-gram weighs anything there."""
    train, test = splits
    unchanged = ReferencedSplit.build([one for one in train.records if one.kind == "none"])
    names = [one.name for one in find_constants(unchanged)]
    assert names == ["constant, best BLEU-4", "constant, best ROUGE-L", "constant, most frequent"]
    rows = all_baselines(train, unchanged, resampling=PLAN, images=False)
    report = BaselineReport.build(train, unchanged, rows)
    out = io.StringIO()
    print_baselines(report, Console(file=out, width=200))
    assert (
        "not computed: CIDEr-D. CIDEr is undefined where all items share their references" in out.getvalue()
    )
    assert "share" in str(report.to_dict()["cider_undefined"])
    assert BaselineReport.build(train, test, rows).cider_undefined is None
