"""From official files to a data set: links, names, refusals, and what is left after a failure."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from tests.fixtures.benchmarks import (
    image_bytes,
    put_clevr_change,
    put_image,
    put_lines,
    put_spot_the_diff,
)

from blip2idc.data.importing.run import import_benchmark
from blip2idc.data.readers import BENCHMARKS, get_reader
from blip2idc.data.readers.benchmark import ReadOptions
from blip2idc.data.records import read_records
from blip2idc.errors import ConfigError, InputError, WriteError


def test_images_become_hard_links_inside_the_data_set(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official")
    report = import_benchmark("spot-the-diff", source, tmp_path / "out")
    assert report.pairs == {"train": 1, "val": 1, "test": 3}
    assert report.references == {"train": 2, "val": 1, "test": 5}
    assert "test: 3 pairs, 5 references" in report.lines()
    manifest = read_records(tmp_path / "out", "test")
    before, _ = manifest.paths(manifest[0])
    assert os.path.samefile(before, source / "resized_images/256.png")


def test_copies_on_request(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official")
    import_benchmark("spot-the-diff", source, tmp_path / "out", copy=True)
    placed = tmp_path / "out/test/images/256.png"
    assert not os.path.samefile(placed, source / "resized_images/256.png")
    assert placed.read_bytes() == (source / "resized_images/256.png").read_bytes()


def test_both_samples_of_an_index_share_their_first_image(tmp_path: Path) -> None:
    import_benchmark("clevr-change", put_clevr_change(tmp_path / "official"), tmp_path / "out")
    assert len(list((tmp_path / "out/train").rglob("*.png"))) == 3
    assert len(read_records(tmp_path / "out", "train")) == 2


def test_bytes_out_of_a_table_are_written(tmp_path: Path) -> None:
    put_image(tmp_path / "official/x.png", 9)
    row = {"original_prompt": "p", "edit_prompt": "e", "original_image": "x.png", "edited_image": "x.png"}
    put_lines(tmp_path / "official/train.jsonl", [row])
    import_benchmark("instruct-pix2pix", tmp_path / "official", tmp_path / "out")
    assert (tmp_path / "out/train/images/000000_after.png").read_bytes() == image_bytes(9)


def test_an_image_of_two_pairs_is_missing_once(tmp_path: Path) -> None:
    source = put_clevr_change(tmp_path / "official")
    (source / "images/CLEVR_default_000005.png").unlink()
    with pytest.raises(InputError, match=r"CLEVR_default_000005\.png is missing"):
        import_benchmark("clevr-change", source, tmp_path / "out")


def test_missing_images_are_counted_and_nothing_is_called_done(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official", images=False)
    with pytest.raises(InputError, match=r"7\.png and 9 more images are missing; .*--annotations-only"):
        import_benchmark("spot-the-diff", source, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("metadata.jsonl"))
    report = import_benchmark("spot-the-diff", source, tmp_path / "out", annotations_only=True)
    assert report.pairs["test"] == 3
    assert read_records(tmp_path / "out", "test")[0].before_file_name == "images/256.png"


def test_an_existing_data_set_is_kept(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official")
    import_benchmark("spot-the-diff", source, tmp_path / "out")
    with pytest.raises(InputError, match="add --overwrite"):
        import_benchmark("spot-the-diff", source, tmp_path / "out")
    import_benchmark("spot-the-diff", source, tmp_path / "out", overwrite=True)


def test_two_ids_alike_are_refused(tmp_path: Path) -> None:
    row = {"img_id": "1", "turn_index": 1, "source_img": "a.png", "target_img": "a.png", "instruction": "x"}
    put_lines(tmp_path / "official/train.jsonl", [row, row])
    with pytest.raises(InputError, match="id '1_1' occurs twice"):
        import_benchmark("magicbrush", tmp_path / "official", tmp_path / "out", annotations_only=True)


def test_unknown_benchmarks_name_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'spot-the-diff'"):
        get_reader("spot_the_dif")
    assert all(callable(get_reader(name)) for name in BENCHMARKS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"splits": ("holdout",)}, "--split is 'holdout'"),
        ({"protocol": "joined"}, "--protocol is 'joined'"),
        ({"empty_references": "maybe"}, "--empty-references is 'maybe'"),
        ({"holdout": float("nan")}, "--holdout is nan"),
    ],
)
def test_options_are_checked(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ReadOptions(**options)


def test_source_and_output_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        import_benchmark("syned", tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file, expected a folder"):
        import_benchmark("syned", tmp_path, tmp_path / "file")
    with pytest.raises(InputError, match="is the source itself"):
        import_benchmark("syned", tmp_path, tmp_path)
    with pytest.raises(InputError, match="holds no pairs of val"):
        source = put_spot_the_diff(tmp_path / "official")
        (source / "annotations/val.json").write_text("[]")
        import_benchmark("spot-the-diff", source, tmp_path / "out", ReadOptions(splits=("val",)))


def test_a_full_disk_is_told_once_with_the_file_that_was_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source), None, str(target))

    monkeypatch.setattr(shutil, "copyfile", refuse)
    source = put_spot_the_diff(tmp_path / "official")
    with pytest.raises(WriteError) as caught:
        import_benchmark("spot-the-diff", source, tmp_path / "out", copy=True)
    assert str(caught.value).startswith(
        f"{tmp_path / 'out/train/images/7.png'}: cannot be written (No space left"
    )
    assert not list((tmp_path / "out").rglob("metadata.jsonl"))


def test_many_faults_are_one_line(tmp_path: Path) -> None:
    """Line ends would be printed escaped."""
    put_spot_the_diff(tmp_path / "source")
    for name in ("7.png", "8_2.png"):
        (tmp_path / "source/resized_images" / name).write_bytes(b"no image")
    with pytest.raises(InputError, match=r"2 faults, and no data set was written: 1\. .*; 2\. ") as caught:
        import_benchmark("spot-the-diff", tmp_path / "source", tmp_path / "data")
    assert "u000a" not in str(caught.value)


def test_an_annotation_that_links_to_nowhere_is_not_taken_for_absent(tmp_path: Path) -> None:
    source = put_clevr_change(tmp_path / "source")
    (source / "type_mapping.json").unlink()
    (source / "type_mapping.json").symlink_to("nowhere.json")
    with pytest.raises(InputError, match=r"type_mapping\.json cannot be read: No such file"):
        import_benchmark("clevr-change", source, tmp_path / "data")
