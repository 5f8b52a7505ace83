"""What official files say against themselves, and all that is wrong with a damaged copy in one list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.benchmarks import put_clevr_change, put_image, put_json

from blip2idc.data.importing.contradictions import unofficial
from blip2idc.data.importing.run import import_benchmark
from blip2idc.errors import InputError

SAME = "the scene is the same as before ."


def put_levir(root: Path, entries: list[dict[str, Any]]) -> Path:
    """LEVIR-CC of some entries, each with images of its own (before and after alike where `alike` is there)."""
    for number, entry in enumerate(entries):
        entry.setdefault("split", "test")
        entry.setdefault("filename", f"{number}.png")
        entry["sentences"] = [{"raw": text} for text in entry["sentences"]]
        alike = entry.pop("alike", False)
        for side, grey in (("A", 7), ("B", 7 if alike else 90)):
            put_image(root / "images" / entry["split"] / side / entry["filename"], grey)
    put_json(root / "LevirCCcaptions.json", {"images": entries})
    return root


def contradicting() -> list[dict[str, Any]]:
    return [
        {"changeflag": 1, "sentences": ["a road is built ."]},
        {"changeflag": 1, "sentences": [SAME, "there is no difference ."]},
        {"changeflag": 0, "sentences": ["a house is built ."]},
        {"changeflag": 1, "sentences": ["some trees are removed ."], "alike": True},
        {"changeflag": 1, "sentences": ["a road is built .", SAME]},
        {"changeflag": 0, "sentences": [SAME], "alike": True},
    ]


def test_contradictions_are_told_with_their_first_pair(tmp_path: Path) -> None:
    report = import_benchmark("levir-cc", put_levir(tmp_path / "official", contradicting()), tmp_path / "out")
    told = "\n".join(report.warnings)
    for sentence in (
        "1 of 6 pairs are told as changed, although every caption says that nothing changed (first: test '1.png')",
        "1 of 6 pairs are told as unchanged, although no caption says so (first: test '2.png')",
        "1 of 6 pairs are told as changed, although the two image files are identical (first: test '3.png')",
        "1 of 6 pairs have captions that disagree on whether anything changed (first: test '4.png')",
        "test has 6 pairs, officially 1,929: scores on it are not those of levir-cc",
    ):
        assert sentence in told
    assert report.pairs == {"test": 6}


def test_strict_refuses_what_contradicts_itself(tmp_path: Path) -> None:
    source = put_levir(tmp_path / "official", contradicting())
    with pytest.raises(InputError, match="4 faults, and no data set was written") as caught:
        import_benchmark("levir-cc", source, tmp_path / "out", strict=True)
    assert "told as unchanged" in str(caught.value)
    assert not list((tmp_path / "out").rglob("metadata.jsonl"))
    clean = put_levir(tmp_path / "clean", [{"changeflag": 1, "sentences": ["a road is built ."]}])
    assert import_benchmark("levir-cc", clean, tmp_path / "fine", strict=True).pairs == {"test": 1}


def test_all_faults_of_a_damaged_copy_in_one_list(tmp_path: Path) -> None:
    entries = contradicting()
    entries += [{"changeflag": 1, "sentences": ["a road ."], "split": "holdout"}]
    entries += [{"changeflag": "yes", "sentences": ["a road ."]}]
    source = put_levir(tmp_path / "official", entries)
    (source / "images/test/B/0.png").unlink()
    (source / "images/test/A/2.png").write_bytes(b"no image at all")
    with pytest.raises(InputError) as caught:
        import_benchmark("levir-cc", source, tmp_path / "out")
    told = str(caught.value)
    for part in (
        "split is 'holdout', expected train, val or test",
        "changeflag is 'yes', expected 0 or 1",
        "nothing but images is put into a data set",
        "B/0.png is missing",
        "told as changed, although every caption says that nothing changed",
    ):
        assert part in told
    assert not list((tmp_path / "out").rglob("metadata.jsonl"))


def test_broken_json_does_not_hide_the_other_faults(tmp_path: Path) -> None:
    source = put_clevr_change(tmp_path / "official")
    (source / "change_captions.json").write_text('{"CLEVR_default_000002.png": [')
    (source / "type_mapping.json").write_text("{}}")
    put_json(source / "splits.json", {"train": [0], "dev": [1], "test": [9]})
    (source / "nsc_images/CLEVR_nonsemantic_000002.png").unlink()
    with pytest.raises(InputError, match="5 faults") as caught:
        import_benchmark("clevr-change", source, tmp_path / "out")
    told = str(caught.value)
    for part in ("change_captions.json", "type_mapping.json", "key 'dev'", "index 9", "is missing"):
        assert part in told


def test_a_pair_in_two_splits_is_told(tmp_path: Path) -> None:
    source = put_clevr_change(tmp_path / "official")
    put_json(source / "splits.json", {"train": [0, 1], "test": [1]})
    told = "\n".join(import_benchmark("clevr-change", source, tmp_path / "out").warnings)
    assert "2 of 6 pairs are in more than one split (first: test '000005.png')" in told


@pytest.mark.parametrize("benchmark", ["birds-to-words", "table"])
def test_sizes_that_nobody_states_are_not_compared(benchmark: str) -> None:
    assert unofficial(benchmark, {"test": 1}) is None
