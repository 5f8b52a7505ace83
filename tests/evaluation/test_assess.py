"""An evaluation from end to end, as the command runs it, and its tables."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from blip2idc.errors import PredictionError
from blip2idc.evaluation.assess import Assessment, AssessmentOptions, evaluate
from blip2idc.evaluation.inputs import Prediction, Predictions, ReferenceItem, ReferenceSet
from blip2idc.evaluation.significance import Resampling
from blip2idc.report.tables import console, print_assessment

ITEMS = (
    ReferenceItem("1", ("the car is gone", "a car left"), "drop"),
    ReferenceItem("2", ("a van appeared", "there is a new van"), "add"),
    ReferenceItem("3", ("there is no change", "nothing has changed"), "none"),
    ReferenceItem("4", ("a person was added", "someone appeared"), "add"),
)
REFERENCES = ReferenceSet("refs.json", ITEMS)
OPTIONS = AssessmentOptions(resampling=Resampling(100))


def predictions(*captions: str, source: str = "mine.json") -> Predictions:
    probabilities = (0.9, 0.8, 0.1, 0.7)
    return Predictions(
        source, tuple(Prediction(str(i + 1), caption, probabilities[i]) for i, caption in enumerate(captions))
    )


GOOD = predictions("the car left", "a van appeared", "there is no change", "a person appeared")
BAD = predictions("a tree", "a tree", "a tree", "a tree", source="theirs.json")


def printed(assessment: Assessment) -> str:
    stream = io.StringIO()
    print_assessment(assessment, console(stream))
    return stream.getvalue()


def test_json_report_has_the_metrics_on_top() -> None:
    report = json.loads(
        json.dumps(evaluate(GOOD, REFERENCES, OPTIONS).to_dict(per_item=True), allow_nan=False)
    )
    for name in ("bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider_d", "cider"):
        metric = report[name]
        assert metric["low"] <= metric["high"]
        assert metric["signature"].startswith(name + "|")
        assert list(metric["per_item"]) == ["1", "2", "3", "4"]
    assert report["references_per_item"] == {"min": 2, "mean": 2.0, "max": 2}
    assert report["not_computed"][0]["metric"] == "meteor"
    assert report["no_change"]["accuracy"]["score"] == 1
    assert report["no_change"]["roc_auc"] == 1


def test_item_scores_only_on_request() -> None:
    assert "per_item" not in evaluate(GOOD, REFERENCES, OPTIONS).to_dict()["bleu_1"]


def test_kinds_are_corpora_of_their_own() -> None:
    found = evaluate(GOOD, REFERENCES, replace(OPTIONS, by_kind=True))
    by_kind = found.to_dict()["by_kind"]
    assert {name: part["items"] for name, part in by_kind.items()} == {"add": 2, "drop": 1, "none": 1}
    assert "undefined for a single pair" in by_kind["drop"]["not_computed"][-1]["reason"]
    assert "kind: drop" in printed(found)


def test_unchanged_pairs_that_share_their_references_have_no_cider() -> None:
    shared = ("the scene is the same as before", "there is no difference")
    items = (*ITEMS[:2], ReferenceItem("3", shared, "none"), ReferenceItem("4", shared, "none"))
    found = evaluate(GOOD, ReferenceSet("levir", items), replace(OPTIONS, by_kind=True))
    assert "cider_d" in found.to_dict()
    assert "cider_d" not in found.to_dict()["by_kind"]["none"]
    text = printed(found)
    assert "not computed in 'kind: none': CIDEr-D, CIDEr. CIDEr is undefined where all items share" in text
    assert "recall / specificity" in text
    assert "recall of changes (captions)" in text


def test_against_a_second_system() -> None:
    found = evaluate(GOOD, REFERENCES, OPTIONS, against=BAD)
    assert found.against is not None
    tests = found.to_dict()["against"]["tests"]
    theirs = evaluate(BAD, REFERENCES, OPTIONS).main.scores["cider_d"].score
    assert tests["cider_d"]["other"] == pytest.approx(theirs)
    assert tests["cider_d"]["difference"] == pytest.approx(found.main.scores["cider_d"].score - theirs)
    assert 0 < tests["cider_d"]["p_randomization"] <= 1
    assert "theirs.json" in printed(found)


def test_systems_on_different_items_cannot_be_compared() -> None:
    part = Predictions("part.json", BAD.entries[:2])
    with pytest.raises(PredictionError, match="2 missing ids"):
        evaluate(GOOD, REFERENCES, OPTIONS, against=part)
    with pytest.raises(PredictionError, match="predict different items"):
        evaluate(GOOD, REFERENCES, replace(OPTIONS, allow_missing=True), against=part)


def test_what_was_left_out_is_said() -> None:
    part = Predictions("part.json", (*GOOD.entries[:3], Prediction("x", "y")))
    found = evaluate(part, REFERENCES, replace(OPTIONS, allow_missing=True))
    report = found.to_dict()
    assert (report["missing_ids"], report["unknown_ids"], report["items"]) == (["4"], ["x"], 3)
    assert "note: 1 items have no prediction" in printed(found)


def test_one_pair_has_no_cider() -> None:
    one, refs = Predictions("p", GOOD.entries[:1]), ReferenceSet("r", ITEMS[:1])
    with pytest.raises(
        PredictionError, match="CIDEr is undefined for a single pair.*--metrics bleu,meteor,rouge"
    ):
        evaluate(one, refs, OPTIONS)
    assert "BLEU-1" in printed(evaluate(one, refs, replace(OPTIONS, metrics=("bleu_1", "rouge_l"))))


def test_protocol_sections_stand_beside_the_main_scores() -> None:
    found = evaluate(GOOD, REFERENCES, replace(OPTIONS, protocol="blip2idc-released"))
    report = found.to_dict(per_item=True)
    assert (
        report["rouge_l"]["per_item"]["3"]
        == report["sections"]["as_written"]["rouge_l"]["per_item"]["3"]
        == 1
    )
    assert report["notes"][0].startswith("1 of 4 captions were replaced")
    assert "blip2idc-released: correct no-change captions swapped" in printed(found)


def test_sections_with_references_of_their_own() -> None:
    groups: Any = {"original": ("add a van",), "paraphrased": ("put a van there", "a van please")}
    items = tuple(ReferenceItem(str(i), (), groups=groups) for i in range(3))
    refs = ReferenceSet("r", tuple(replace(item, captions=sum(groups.values(), ())) for item in items))
    said = Predictions("p", tuple(Prediction(str(i), "add a van") for i in range(3)))
    report = evaluate(said, refs, replace(OPTIONS, protocol="syned")).to_dict()
    assert report["references_per_item"]["max"] == 3
    assert (
        report["sections"]["original"]["bleu_4"]["score"]
        != report["sections"]["paraphrased"]["bleu_4"]["score"]
    )
    assert report["sections"]["original"]["rouge_l"]["score"] == 1


def test_tables_are_times_one_hundred_and_never_wrap_in_a_pipe() -> None:
    found = evaluate(GOOD, REFERENCES, OPTIONS)
    text = printed(found)
    assert f"{100 * found.main.scores['bleu_1'].score:.2f}" in text
    assert found.main.scores["cider"].signature in text
    assert "not computed: METEOR. METEOR needs its data" in text
    assert "\x1b" not in text


def test_ids_and_captions_are_never_read_as_markup() -> None:
    items = tuple(replace(item, kind=f"[red]{item.kind}[/]") for item in ITEMS)
    assert "[red]add[/]" in printed(
        evaluate(GOOD, ReferenceSet("[b]x", items), replace(OPTIONS, by_kind=True))
    )


def test_tests_of_several_systems_name_them() -> None:
    first, second = evaluate(GOOD, REFERENCES, OPTIONS), evaluate(BAD, REFERENCES, OPTIONS, against=GOOD)
    stream = io.StringIO()
    print_assessment(first, console(stream), "text", [second])
    (heading,) = [line for line in stream.getvalue().splitlines() if line.startswith("metric")]
    assert heading.split()[:3] == ["metric", "theirs", "mine"]
    stream = io.StringIO()
    print_assessment(first, console(stream), "csv", [second])
    for line in stream.getvalue().splitlines()[1:]:
        assert all(float(cell) >= 0 for cell in line.split(",")[1:])  # without the mark
