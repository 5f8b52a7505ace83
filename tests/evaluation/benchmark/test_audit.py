"""The audit of a small data set whose leaks, unchanged pairs and references are known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.data_sets import put_data_set

from blip2idc.evaluation.benchmark.audit import audit
from blip2idc.evaluation.benchmark.corpus_facts import describe_split, unknown_words
from blip2idc.evaluation.benchmark.reference_curve import curve_length, reference_curve
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.benchmark.verdict import sentences
from blip2idc.evaluation.metrics.corpus import References
from blip2idc.evaluation.significance import Resampling
from blip2idc.report.html.audit_page import audit_page

PLAN = Resampling(100)


def read(root: Path) -> dict[str, ReferencedSplit]:
    return {name: ReferencedSplit.read(root, name) for name in ("train", "val", "test")}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return audit(read(put_data_set(tmp_path_factory.mktemp("toy"))), "test", resampling=PLAN)


def topics(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {sentence["topic"]: sentence for sentence in found["verdict"]}


def test_everything_is_plain_json(found: dict[str, Any]) -> None:
    assert json.loads(json.dumps(found, allow_nan=False))["tested"] == "test"


def test_planted_leaks_are_found(found: dict[str, Any]) -> None:
    images = found["overlap"]["train"]["images"]
    assert (images["exact"], images["near"], images["pairs"]) == (1, 1, 2)
    assert ["images/1_before.png", "images/2_before.png"] in [list(pair) for pair in images["examples"]]
    assert found["overlap"]["val"]["images"]["pairs"] == 0
    assert topics(found)["images shared with train"]["grave"]


def test_shared_captions_are_found(found: dict[str, Any]) -> None:
    captions = found["overlap"]["train"]["captions"]
    assert captions["total"] == 54
    # two of three wordings stand in train, for every pair
    assert captions["exact"] == 36
    assert captions["pairs"] == 18


def test_unchanged_pairs_are_counted(found: dict[str, Any]) -> None:
    assert found["splits"]["test"]["no_change"] == {"pairs": 4, "share": 4 / 18, "known_by_kind": 18}
    assert "4 test pairs (22%) are without a change" in topics(found)["no change"]["text"]


def test_curves_end_at_the_number_of_references(found: dict[str, Any]) -> None:
    given = {(point["speaker"], point["given"]) for point in found["curve"]}
    assert given == {("people", 1), ("people", 2), *(("constant caption", n) for n in (1, 2, 3))}
    assert len({point["items"] for point in found["curve"]}) == 1
    people = [p["metrics"]["bleu_4"]["score"] for p in found["curve"] if p["speaker"] == "people"]
    assert people[1] > people[0]


def test_verdict_begins_with_what_is_grave(found: dict[str, Any]) -> None:
    grave = [sentence["grave"] for sentence in found["verdict"]]
    assert grave == sorted(grave, reverse=True)
    resolution = next(t for t in found["resolution"] if t["name"] == "two people")
    assert (
        f"{100 * resolution['metrics']['cider_d']['significant']:.1f}" in topics(found)["resolution"]["text"]
    )
    assert "said of every pair, reaches" in topics(found)["blind baselines"]["text"]


def test_without_images_they_are_not_looked_at(tmp_path: Path) -> None:
    found = audit(read(put_data_set(tmp_path, images=False)), "test", resampling=PLAN)
    assert found["overlap"]["train"]["images"] is None
    assert "Not looked at" in topics(found)["images shared with train"]["text"]
    assert found["splits"]["test"]["images_missing"] == 36


def test_one_split_with_one_reference(tmp_path: Path) -> None:
    root = put_data_set(tmp_path, images=False, references=1)
    found = audit({"test": ReferencedSplit.read(root, "test")}, "test", resampling=PLAN)
    assert found["curve"] == []
    assert found["overlap"] == {}
    assert found["baselines"] == {"baselines": [], "published": []}
    assert [twin["name"] for twin in found["resolution"]] == ["random captions"]
    assert "No training split" in topics(found)["blind baselines"]["text"]
    assert topics(found)["references"]["grave"]


@pytest.mark.parametrize("with_train", [False, True])
def test_a_single_pair_tells_nothing(tmp_path: Path, with_train: bool) -> None:
    root = put_data_set(tmp_path, images=False)
    splits = {"all": ReferencedSplit.build(ReferencedSplit.read(root, "test").records[:1])}
    if with_train:
        splits["train"] = ReferencedSplit.read(root, "train")
    found = audit(splits, "all", resampling=PLAN)
    assert "<svg" in audit_page(found)
    assert found["resolution"] == []
    assert "nothing can be told apart" in topics(found)["resolution"]["text"]


def test_facts_of_a_split(tmp_path: Path) -> None:
    train, test = (
        ReferencedSplit.read(put_data_set(tmp_path, images=False), name) for name in ("train", "test")
    )
    facts = describe_split(test)
    assert facts["references_a_pair"] == {"3": 18}
    assert facts["repeated_references"] == 0
    assert facts["vocabulary"]["distinct"] == len({w for t in test.references.tokens for w in t})  # type: ignore[index]
    assert sum(facts["lengths"]["histogram"]) == 54  # type: ignore[index]
    unknown = unknown_words(test.references, train.references)
    assert unknown["words"] == 32  # "any more" of 14 changed pairs, "difference" of 4 others


def test_the_curve_needs_second_references() -> None:
    lone = References.from_tokens(list("abcd"), [[["x"], ["y"]], [["z"]], [["v"]], [["w"]]], "words")
    assert curve_length(lone) == 1
    assert reference_curve(lone) == []


def test_what_spot_the_diff_does_not_say(tmp_path: Path) -> None:
    """People who describe different changes are no ceiling; unchanged pairs are only those known by their wording."""
    records = ReferencedSplit.read(put_data_set(tmp_path, images=False), "test").records
    unmarked = [replace(record, source="spot-the-diff", change=None) for record in records]
    splits = {"test": ReferencedSplit.build(unmarked), "train": ReferencedSplit.build(unmarked)}
    told = topics(audit(splits, "test", resampling=PLAN))
    assert "no ceiling" in told["blind baselines"]["text"]
    assert told["no change"]["text"].startswith("At least 4 test pairs (22%)")


def test_where_cider_is_undefined_no_row_tells_it(tmp_path: Path) -> None:
    """Test pairs without a change share their references; a CIDEr-D of 0.0 would be read as a bad score."""
    root = put_data_set(tmp_path, images=False)
    unchanged = [one for one in ReferencedSplit.read(root, "test").records if one.kind == "none"]
    splits = {"test": ReferencedSplit.build(unchanged), "train": ReferencedSplit.read(root, "train")}
    found = audit(splits, "test", resampling=PLAN)
    assert "share their references" in found["cider_undefined"]
    assert "BLEU-4" in topics(found)["blind baselines"]["text"]
    assert "CIDEr-D" not in topics(found)["blind baselines"]["text"]
    assert found["resolution"]
    assert all("cider_d" not in twin["metrics"] for twin in found["resolution"])
    assert all("cider_d" not in row["metrics"] for row in found["baselines"]["baselines"])
    assert "share their references" in found["baselines"]["cider_undefined"]
    page = audit_page(found)
    assert "CIDEr-D (x 100)" not in page
    assert "difference in CIDEr-D" not in page


def test_people_who_score_nothing_are_no_measure(tmp_path: Path) -> None:
    """BLEU's smoothing leaves 1e-17, of which every score would be some 1e18 percent."""
    root = put_data_set(tmp_path, images=False)
    train = ReferencedSplit.read(root, "train")
    told = [replace(one, captions=("no change has occurred", "it is as before")) for one in train.records[:6]]
    found = audit({"test": ReferencedSplit.build(told), "train": train}, "test", resampling=PLAN)
    assert "%" not in topics(found)["blind baselines"]["text"].split("said of every pair")[1]


def test_why_published_scores_are_left_out_is_told(found: dict[str, Any]) -> None:
    why = "not compared with published scores: those of clevr-change (total) are of 7,970 test pairs, here are 60"
    told = sentences({**found, "baselines": {**found["baselines"], "not_comparable": why}})
    (blind,) = [sentence["text"] for sentence in told if sentence["topic"] == "blind baselines"]
    assert str(blind).endswith(f" N{why[1:]}.")
    assert "published scores" not in topics(found)["blind baselines"]["text"], (
        "no benchmark, no scores to leave out"
    )
