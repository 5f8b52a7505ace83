"""Predictions and references from files; every way in which a file can be wrong gets its own sentence."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.data.records import PairRecord, write_records
from blip2idc.errors import Blip2idcError, PredictionError
from blip2idc.evaluation.inputs import match, read_predictions, read_references

GOOD = [{"image_id": "a", "caption": "one"}, {"image_id": "b", "caption": ""}]


def write(folder: Path, content: Any, name: str = "file.json") -> Path:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


class TestPredictions:
    @pytest.mark.parametrize(
        "content",
        [
            json.dumps(GOOD),
            json.dumps(GOOD, indent=2),
            "\n".join(map(json.dumps, GOOD)) + "\n\n",
            "\ufeff" + json.dumps(GOOD),
            "\r\n".join(map(json.dumps, GOOD)),
        ],
        ids=["list", "indented", "lines", "byte-order-mark", "windows-lines"],
    )
    def test_every_accepted_form(self, tmp_path: Path, content: str) -> None:
        found = read_predictions(write(tmp_path, content))
        assert [(entry.id, entry.caption) for entry in found.entries] == [("a", "one"), ("b", "")]

    def test_one_line(self, tmp_path: Path) -> None:
        found = read_predictions(
            write(tmp_path, '{"image_id": 7, "caption": "x", "change_probability": 1, "beam": 3}')
        )
        assert (found.entries[0].id, found.entries[0].change_probability) == ("7", 1.0)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is empty"),
            (b" \n ", "is empty"),
            (b"\xef\xbb\xbf", "is empty"),
            ("[]", "holds no predictions"),
            (
                '[{"image_id": 1, "caption": "x"},\n{"image_id": 2,, "caption": "y"}]',
                "line 2 column 16: not valid JSON",
            ),
            (
                '{"image_id": 1, "caption": "x"}\n{"image_id": 2 "caption": "y"}',
                "line 2, column 16: not valid JSON",
            ),
            ('{"image_id": 1, "caption": "x"\n', "line 1 column 31|not valid JSON"),
            ('{"a": ["x"]}', "line 1: has no 'image_id'"),
            ('"text"', "holds 'text'; expected a list"),
            ("[" * 100_000, "nested too deeply"),
            ("[" + "9" * 5000 + "]", "holds a number of more than 4300 digits"),
            ([1], "entry 1: is 1, expected an object"),
            ([{"image_id": "a"}], "entry 1: has no 'caption'"),
            ([{"image_id": "a", "caption": None}], "the caption is null, expected text"),
            ([{"image_id": "a", "caption": ["x"]}], "the caption is a list of 1, expected text"),
            ([{"image_id": True, "caption": "x"}], "the id is True"),
            ([{"image_id": 1.5, "caption": "x"}], "the id is 1.5"),
            ([{"image_id": "", "caption": "x"}], "the id is ''"),
            ([{"image_id": None, "caption": "x"}], "the id is null"),
            ('[{"image_id": "a", "caption": NaN}]', "holds NaN"),
            ('[{"image_id": "a", "caption": "x", "change_probability": Infinity}]', "holds Infinity"),
            (
                '[{"image_id": "a", "caption": "x", "change_probability": 1e999}]',
                "beyond the range of numbers",
            ),
            (
                [{"image_id": "a", "caption": "x", "change_probability": 1.01}],
                "expected a number from 0 to 1",
            ),
            (
                [{"image_id": "a", "caption": "x", "change_probability": "0.5"}],
                "expected a number from 0 to 1",
            ),
            ('[{"image_id": "a", "caption": "half \\ud83d"}]', "lone surrogate"),
            ('[{"image_id": "\\udc00", "caption": "x"}]', "lone surrogate"),
            ('[{"image_id": 1, "image_id": 2, "caption": "x"}]', "key 'image_id' occurs twice"),
            (
                [{"image_id": 1, "caption": "x"}, {"image_id": "2", "caption": "y"}],
                "ids are of different types",
            ),
            (json.dumps(GOOD).encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
            (json.dumps(GOOD).encode("utf-16-le"), "zero bytes, as UTF-16 text"),
            (json.dumps(GOOD).encode("utf-32"), "is UTF-32 text"),
            ('[{"image_id": "a", "caption": "café"}]'.encode("latin-1"), "is not UTF-8 text: byte 0xe9"),
        ],
    )
    def test_each_fault_has_its_sentence(self, tmp_path: Path, content: Any, message: str) -> None:
        path = write(tmp_path, content)
        with pytest.raises(PredictionError, match=message) as caught:
            read_predictions(path)
        sentence = str(caught.value)
        assert sentence.startswith(str(path))
        assert "\n" not in sentence

    def test_all_faulty_entries_are_named_at_once(self, tmp_path: Path) -> None:
        rows = [{"image_id": i} for i in range(8)]
        with pytest.raises(PredictionError, match=r"entry 1: .*; entry 5: .*; and 3 more"):
            read_predictions(write(tmp_path, rows))

    def test_missing_file_and_folder(self, tmp_path: Path) -> None:
        for path in (tmp_path / "nowhere.json", tmp_path):
            with pytest.raises(PredictionError, match="cannot be read"):
                read_predictions(path)

    @given(st.binary(max_size=60) | st.text(alphabet='[]{}:,"ab1\\u\n ', max_size=60).map(str.encode))
    def test_any_bytes_are_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "fuzz.json"
        path.write_bytes(content)
        for read in (read_predictions, read_references):
            with contextlib.suppress(Blip2idcError):
                read(path)


class TestReferences:
    def test_mapping_on_one_line_and_on_many(self, tmp_path: Path) -> None:
        value = {"1": ["a", ""], "2": ["b"]}
        for content in (json.dumps(value), json.dumps(value, indent=1)):
            found = read_references(write(tmp_path, content))
            assert [(item.id, item.captions) for item in found.items] == [("1", ("a", "")), ("2", ("b",))]

    @pytest.mark.parametrize("images", [[{"id": 2}, {"id": 1}], [{"id": 2}, {"id": 1}, {"id": 2}], None])
    def test_coco(self, tmp_path: Path, images: list[dict[str, int]] | None) -> None:
        notes = [
            {"image_id": 2, "caption": "x"},
            {"image_id": 1, "caption": "y"},
            {"image_id": 2, "caption": "z"},
        ]
        value: dict[str, Any] = {"annotations": notes} | ({"images": images} if images else {})
        found = read_references(write(tmp_path, value))
        assert [(item.id, item.captions) for item in found.items] == [("2", ("x", "z")), ("1", ("y",))]

    def test_manifest(self, tmp_path: Path) -> None:
        changed = PairRecord(
            "p", "a.png", "b.png", ("x",), {"kind": "color", "iou": 0.4}, extra={"empty_references": 1}
        )
        grouped = PairRecord("q", "a.png", "b.png", ("y", "z"), extra={"original_captions": ["y"]})
        write_records(tmp_path, [changed, grouped])
        for path in (tmp_path, tmp_path / "metadata.jsonl"):
            first, second = read_references(path).items
            assert (first.captions, first.kind, first.change["iou"]) == (("x", ""), "color", 0.4)
            assert (second.kind, second.groups) == (None, {"original": ("y",)})

    def test_one_record_is_a_manifest_not_a_mapping(self, tmp_path: Path) -> None:
        write_records(tmp_path, [PairRecord("p", "a.png", "b.png", ("x",))])
        assert read_references(tmp_path / "metadata.jsonl").items[0].id == "p"

    def test_split(self, tmp_path: Path) -> None:
        for split in ("train", "test"):
            write_records(tmp_path / split, [PairRecord(f"in-{split}", "a.png", "b.png", ("x",))])
        assert read_references(tmp_path).items[0].id == "in-test"
        assert read_references(tmp_path, "train").items[0].id == "in-train"

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{}", "holds no references"),
            ("[]", "holds a list of 0; expected a manifest, a COCO annotation file"),
            ({"a": "x"}, "id 'a': is 'x', expected a list of captions"),
            ({"a": [1]}, "id 'a': the caption is 1, expected text"),
            ('{"a": ["x"], "a": ["y"]}', "key 'a' occurs twice"),
            ('{"a": ["\\ud800"]}', "lone surrogate"),
            ('{"a": [NaN]}', "holds NaN"),
            ('{"a": ["x"],\n "b": [}', "line 2 column 8: not valid JSON"),
            ({"images": [{"id": 1}], "annotations": [{"image_id": 2, "caption": "x"}]}, "1 unlisted id"),
            ({"images": [{}], "annotations": []}, "image 1: is an object with no keys"),
            ({"images": 3, "annotations": []}, "'images' is 3"),
            (
                {"images": [{"id": 1}], "annotations": [{"image_id": 1}]},
                "annotation 1: is an object with 'image_id'",
            ),
            (
                {"annotations": [{"image_id": 1, "caption": "x"}, {"image_id": "1", "caption": "y"}]},
                "different types",
            ),
            ('{"id": "a"}\n{"id": "b"}', "line 1"),
        ],
    )
    def test_each_fault_has_its_sentence(self, tmp_path: Path, content: Any, message: str) -> None:
        with pytest.raises(Blip2idcError, match=message):
            read_references(write(tmp_path, content))


class TestMatch:
    @pytest.fixture
    def references(self, tmp_path: Path) -> Any:
        return read_references(write(tmp_path, {"1": ["a"], "2": ["b"], "3": ["c"]}, "references.json"))

    def predictions(self, folder: Path, ids: list[Any]) -> Any:
        return read_predictions(write(folder, [{"image_id": i, "caption": f"says {i}"} for i in ids]))

    def test_order_of_the_references_and_numbers_as_text(self, tmp_path: Path, references: Any) -> None:
        matched = match(references, self.predictions(tmp_path, [3, 1, 2]))
        assert [entry.caption for entry in matched.predictions] == ["says 1", "says 2", "says 3"]

    def test_all_misfits_are_listed_together(self, tmp_path: Path, references: Any) -> None:
        with pytest.raises(PredictionError) as caught:
            match(references, self.predictions(tmp_path, ["1", "1", "x"]))
        for part in (
            "1 duplicate id ('1')",
            "2 missing ids ('2', '3')",
            "1 unknown id ('x')",
            "--allow-missing",
        ):
            assert part in str(caught.value)

    def test_allow_missing_scores_what_is_there(self, tmp_path: Path, references: Any) -> None:
        matched = match(references, self.predictions(tmp_path, ["2", "x"]), allow_missing=True)
        assert [item.id for item in matched.items] == ["2"]
        assert (matched.missing, matched.unknown) == (("1", "3"), ("x",))

    def test_allow_missing_still_refuses_duplicates(self, tmp_path: Path, references: Any) -> None:
        with pytest.raises(PredictionError, match="1 duplicate id"):
            match(references, self.predictions(tmp_path, ["1", "1"]), allow_missing=True)

    def test_nothing_in_common(self, tmp_path: Path, references: Any) -> None:
        with pytest.raises(PredictionError, match="no id in common"):
            match(references, self.predictions(tmp_path, ["x"]), allow_missing=True)

    def test_an_item_without_references(self, tmp_path: Path) -> None:
        bare = read_references(write(tmp_path, {"1": ["a"], "2": []}, "bare.json"))
        predictions = self.predictions(tmp_path, ["1", "2"])
        with pytest.raises(PredictionError, match=r"1 reference-less id \('2'\)"):
            match(bare, predictions)
        assert match(bare, predictions, allow_missing=True).missing == ("2",)
