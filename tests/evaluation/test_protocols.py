"""The named protocols: which items and references each scores together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from blip2idc.errors import ConfigError, PredictionError
from blip2idc.evaluation.inputs import Matched, Prediction, Predictions, ReferenceItem, ReferenceSet, match
from blip2idc.evaluation.no_change import RELEASED_WORDINGS
from blip2idc.evaluation.protocols import (
    PROTOCOLS,
    Plan,
    ProtocolOptions,
    by_kind,
    clevr_id,
    normalize_ids,
    plan,
)


def matched(items: Sequence[ReferenceItem], captions: Sequence[str] | None = None) -> Matched:
    said = captions or ["a car left"] * len(items)
    return Matched(
        tuple(items), tuple(Prediction(i.id, caption) for i, caption in zip(items, said, strict=True))
    )


def ids(found: Plan, items: Matched) -> dict[str, list[str]]:
    return {part.name: [items.items[place].id for place in part.items] for part in found.sections}


def test_without_a_protocol_all_items_are_one_section() -> None:
    items = matched([ReferenceItem("a", ("x",)), ReferenceItem("b", ("y",))])
    assert ids(plan(None, items), items) == {"total": ["a", "b"]}


def test_unknown_protocols_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no protocol 'clevr'; choose from clevr-change, "):
        plan("clevr", matched([ReferenceItem("a", ("x",))]))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_main_section_comes_first(protocol: str) -> None:
    items = matched([ReferenceItem("1", ("x",)), ReferenceItem("2", ("y",))])
    assert plan(protocol, items).sections[0].name in ("total", "original")


class TestClevrChange:
    items = (
        ReferenceItem("000000.png", ("moved",), "move", {"iou": 0.9}),
        ReferenceItem("000000.png_n", ("no change",), "none"),
        ReferenceItem("000001.png", ("added",), "add", {"iou": 0.1}),
        ReferenceItem("000002.png", ("moved",), "move", {"iou": 0.5}),
        ReferenceItem("000003.png", ("moved",), "move", {"iou": 0.7}),
    )

    def test_from_a_manifest(self) -> None:
        items = matched(self.items)
        found = ids(plan("clevr-change", items), items)
        assert found["semantic"] == ["000000.png", "000001.png", "000002.png", "000003.png"]
        assert found["non_semantic"] == ["000000.png_n"]
        assert found["type_move"] == ["000000.png", "000002.png", "000003.png"]
        assert found["hardest_quarter"] == ["000001.png"]

    def test_from_the_official_files(self, tmp_path: Path) -> None:
        types, overlaps = tmp_path / "types.json", tmp_path / "iou.json"
        types.write_text(json.dumps({"move": ["000000.png"], "add": ["000001.png"]}), encoding="utf-8")
        overlaps.write_text(json.dumps({"0": 0.2, "1": 0.6}), encoding="utf-8")
        items = matched(
            [ReferenceItem(name, ("x",)) for name in ("000000.png", "000000.png_n", "000001.png")]
        )
        found = ids(plan("clevr-change", items, ProtocolOptions(types, overlaps)), items)
        assert found["non_semantic"] == ["000000.png_n"]
        assert (found["type_add"], found["type_move"]) == (["000001.png"], ["000000.png"])
        assert found["hardest_quarter"] == ["000000.png"]

    def test_what_cannot_be_formed_is_said(self) -> None:
        notes = plan("clevr-change", matched([ReferenceItem("000000.png", ("x",))])).notes
        assert notes[0].startswith("No scores by type: ")
        assert notes[1].startswith("No hardest quarter: ")
        assert notes[2] == (
            "CLEVR-Change's test set has 7970 items, here are 1: do not compare with published scores."
        )
        assert notes[3:] == ["No items in 'non-semantic: only camera and light'."]

    def test_malformed_type_files_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "types.json"
        path.write_text('{"move": 3}', encoding="utf-8")
        with pytest.raises(PredictionError, match="key 'move': expected a list of file names"):
            plan("clevr-change", matched(self.items), ProtocolOptions(path))

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("CLEVR_default_000007.png", "000007.png"),
            ("CLEVR_semantic_000007.png", "000007.png"),
            ("CLEVR_nonsemantic_000007.png", "000007.png_n"),
            ("000007.png_n", "000007.png_n"),
            ("7", "000007.png"),
            ("other", "other"),
        ],
    )
    def test_spellings_of_ids(self, written: str, meant: str) -> None:
        assert clevr_id(written) == meant


class TestSpotTheDiff:
    def test_multi_joins_the_sentences(self) -> None:
        items = matched([ReferenceItem("1", ("a car left", "", "a van came.")), ReferenceItem("2", ("",))])
        assert plan("spot-the-diff-multi", items).sections[0].references == (
            ("a car left. a van came",),
            ("",),
        )

    def test_multi_cuts_after_sixty_words_as_card_does(self) -> None:
        items = matched([ReferenceItem("1", tuple("one two three four five six seven" for _ in range(9)))])
        references = plan("spot-the-diff-multi", items).sections[0].references
        assert references is not None
        assert len(references[0][0].split()) == 60

    def test_ids_of_all_releases_meet(self) -> None:
        references = ReferenceSet("r", (ReferenceItem("000256.png", ("x",)), ReferenceItem("94", ("y",))))
        predictions = Predictions("p", (Prediction("256", "a"), Prediction("94.png", "b")))
        sides = normalize_ids("spot-the-diff-single", references, predictions)
        assert [item.id for item in match(*sides).items] == ["256", "94"]

    def test_two_spellings_in_one_file_are_refused(self) -> None:
        references = ReferenceSet("r", (ReferenceItem("256.png", ("x",)), ReferenceItem("256", ("y",))))
        with pytest.raises(PredictionError, match="two spellings of one id"):
            normalize_ids("spot-the-diff-single", references, Predictions("p", ()))

    def test_another_size_than_the_official_test_set_is_said(self) -> None:
        notes = plan("spot-the-diff-single", matched([ReferenceItem("1", ("x",))])).notes
        assert notes == [
            "Spot-the-Diff's test set has 1270 items, here are 1: do not compare with published scores."
        ]


def test_image_editing_request_expects_three_references() -> None:
    notes = plan("image-editing-request", matched([ReferenceItem("1", ("x", "y"))])).notes
    assert notes[1] == "1 items do not have 3 references, as the official test set does."


class TestParaphrases:
    items = (
        ReferenceItem("1", ("o", "p", "q"), groups={"original": ("o",), "paraphrased": ("p", "q")}),
        ReferenceItem("2", ("r",), groups={"original": ("r",), "paraphrased": ()}),
    )

    def test_origins_are_kept_apart(self) -> None:
        found = plan("syned", matched(self.items))
        sections = {part.name: part.references for part in found.sections}
        assert sections == {
            "total": (("p", "q", "o"), ("r",)),
            "original": (("o",), ("r",)),
            "paraphrased": (("p", "q"),),
        }
        assert found.notes == ["1 items have nothing in 'paraphrases only' and are not scored there."]

    def test_references_of_unknown_origin_are_refused(self) -> None:
        with pytest.raises(PredictionError, match="nothing says which is the original"):
            plan("emu", matched([ReferenceItem("1", ("o", "p"))]))


class TestReleased:
    right, wrong = "there is no change", "there is no difference"

    def test_only_correct_captions_of_its_list_are_swapped(self) -> None:
        templates = (self.right, "the scene remains the same", "a third wording")
        items = [ReferenceItem(str(i), templates if i < 3 else ("a car left",)) for i in range(5)]
        captions = [self.right, self.wrong, "There is no change", self.right, "a car left"]
        found = plan("blip2idc-released", matched(items, captions))
        swapped = found.sections[0].predictions
        assert swapped is not None
        assert swapped[0] in templates
        assert swapped[1:] == tuple(captions[1:])
        assert found.notes[0].startswith("1 of 5 captions were replaced")

    def test_the_swap_follows_the_seed_and_the_honest_scores_stand_beside(self) -> None:
        items = matched([ReferenceItem(str(i), RELEASED_WORDINGS) for i in range(20)], [self.right] * 20)
        draws = [plan("blip2idc-released", items, ProtocolOptions(seed=seed)).sections for seed in (1, 1, 2)]
        assert draws[0][0].predictions == draws[1][0].predictions
        assert draws[0][0].predictions != draws[2][0].predictions
        assert (draws[0][1].name, draws[0][1].predictions) == ("as_written", None)


def test_by_kind() -> None:
    items = matched(
        [ReferenceItem("a", ("x",), "move"), ReferenceItem("b", ("x",)), ReferenceItem("c", ("x",), "add")]
    )
    assert [(part.name, part.items.tolist()) for part in by_kind(items)] == [
        ("add", [2]),
        ("move", [0]),
        ("unknown", [1]),
    ]
    with pytest.raises(PredictionError, match=r"needs a manifest with change\.kind"):
        by_kind(matched([ReferenceItem("a", ("x",))]))
