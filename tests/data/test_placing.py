"""Nothing that an archive names is written outside the data set, and nothing but images is put into it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.fixtures.benchmarks import (
    image_bytes,
    put_clevr_change,
    put_image,
    put_json,
    put_lines,
    put_spot_the_diff,
)

from blip2idc.data.importing.run import import_benchmark
from blip2idc.data.placing import ImagePlacer, place_file
from blip2idc.data.readers.benchmark import ReadOptions, TableColumns
from blip2idc.errors import InputError


def test_links_are_followed_before_linking(tmp_path: Path) -> None:
    put_image(tmp_path / "real.png")
    (tmp_path / "alias.png").symlink_to("real.png")
    place_file(tmp_path / "alias.png", tmp_path / "set/placed.png")
    assert not (tmp_path / "set/placed.png").is_symlink()
    place_file(tmp_path / "alias.png", tmp_path / "set/placed.png")  # again: already there


def test_a_file_system_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    put_image(tmp_path / "a.png")
    place_file(tmp_path / "a.png", tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "a.png").read_bytes()


NAMES = ("../old", "../../../../site/old", "..\\old", "a/../../old", "x\0y")


def turn(name: str, image: str = "a.png") -> dict:
    return {"img_id": name, "turn_index": 1, "source_img": image, "target_img": "a.png", "instruction": "x"}


def edit(name: str, image: str = "a.png") -> dict:
    return {"idx": name, "split": "test", "image": image, "edited_image": "a.png", "instruction": "x"}


def spotted(source: Path, name: str) -> None:
    for split in ("train", "val", "test"):
        put_json(source / f"{split}.json", [{"img_id": name, "sentences": ["x"]}])
    for suffix in ("", "_2"):
        try:
            put_image(source / f"resized_images/{name}{suffix}.png")
        except (OSError, ValueError):
            continue  # a name that no file can have


@pytest.mark.parametrize("annotations_only", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("benchmark", ["magicbrush", "emu-edit", "spot-the-diff"])
def test_no_name_leads_out(benchmark: str, name: str, annotations_only: bool, tmp_path: Path) -> None:
    source, site = tmp_path / "deep/er/official", tmp_path / "site"
    put_image(source / "a.png")
    put_image(site / "old_1_before.png", 200)
    if benchmark == "spot-the-diff":
        spotted(source, name)
    else:
        put_lines(source / "test.jsonl", [(turn if benchmark == "magicbrush" else edit)(name)])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as caught:
        import_benchmark(benchmark, source, tmp_path / "deep/er/out", annotations_only=annotations_only)
    assert "leads out of" in str(caught.value) or "is not a file name" in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("benchmark", ["magicbrush", "emu-edit"])
def test_nothing_but_an_image_is_placed(benchmark: str, tmp_path: Path) -> None:
    source = tmp_path / "official"
    put_image(source / "a.png")
    (source / "model.pth").write_bytes(image_bytes())
    (source / "notes.png").write_text("a secret")
    row = turn if benchmark == "magicbrush" else edit
    for image, reason in (
        ("model.pth", "is not that of an image"),
        ("notes.png", "nothing but images is put"),
    ):
        put_lines(source / "test.jsonl", [row("1", image)])
        with pytest.raises(InputError, match=reason):
            import_benchmark(benchmark, source, tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_bytes_of_a_table_that_are_no_image(tmp_path: Path) -> None:
    placer = ImagePlacer(tmp_path / "out")
    with pytest.raises(InputError, match="is not an image"):
        placer.place(b"#!/bin/sh\n", "images/1.png")
    assert not (tmp_path / "out").exists()
    placer.place(image_bytes(3), "images/1.png")
    assert (tmp_path / "out/images/1.png").read_bytes() == image_bytes(3)


def test_links_of_an_archive_are_resolved_inside_it_only(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official")
    put_image(tmp_path / "elsewhere/secret.png", 99)
    (tmp_path / "secret.txt").write_text("a secret")
    image = source / "resized_images/7.png"
    image.unlink()
    image.symlink_to(tmp_path / "secret.txt")
    with pytest.raises(InputError, match=r"7\.png: leads out of .* --follow-links"):
        import_benchmark("spot-the-diff", source, tmp_path / "out")
    with pytest.raises(InputError, match="nothing but images"):
        import_benchmark("spot-the-diff", source, tmp_path / "out", follow_links=True)
    image.unlink()
    image.symlink_to(tmp_path / "elsewhere/secret.png")
    with pytest.raises(InputError, match="leads out of"):
        import_benchmark("spot-the-diff", source, tmp_path / "out")
    import_benchmark("spot-the-diff", source, tmp_path / "out", follow_links=True)
    image.unlink()
    image.symlink_to("8.png")  # inside the source
    import_benchmark("spot-the-diff", source, tmp_path / "inside")
    assert os.path.samefile(tmp_path / "inside/train/images/7.png", source / "resized_images/8.png")


def test_a_linked_folder_of_an_archive_is_a_link_too(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official")
    (source / "resized_images").rename(tmp_path / "elsewhere")
    (source / "resized_images").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="leads out of"):
        import_benchmark("spot-the-diff", source, tmp_path / "out")
    assert import_benchmark("spot-the-diff", source, tmp_path / "out", follow_links=True).pairs["test"] == 3


def linked_away(file: Path, elsewhere: Path) -> None:
    """Move a file out of its source, and leave a link there."""
    elsewhere.mkdir(exist_ok=True)
    file.rename(elsewhere / file.name)
    file.symlink_to(elsewhere / file.name)


@pytest.mark.parametrize(
    "name", ["splits.json", "change_captions.json", "no_change_captions.json", "type_mapping.json"]
)
def test_annotations_are_read_inside_the_source_only(name: str, tmp_path: Path) -> None:
    source = put_clevr_change(tmp_path / "official")
    linked_away(source / name, tmp_path / "elsewhere")
    with pytest.raises(InputError, match=rf"{name}: leads out of .* --follow-links"):
        import_benchmark("clevr-change", source, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("metadata.jsonl"))
    assert import_benchmark("clevr-change", source, tmp_path / "out", follow_links=True).pairs
    (source / name).unlink()
    (source / name).symlink_to(name)
    with pytest.raises(InputError, match=rf"{name}: (is a symbolic link that leads nowhere|cannot be read)"):
        import_benchmark("clevr-change", source, tmp_path / "round")


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_tables_are_read_inside_the_source_only(suffix: str, tmp_path: Path) -> None:
    source, rows = tmp_path / "official", [turn("1")]
    put_image(source / "a.png")
    table = source / f"test{suffix}"
    if suffix == ".parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        arrow = pytest.importorskip("pyarrow")
        parquet.write_table(arrow.Table.from_pylist(rows), table)
    elif suffix == ".csv":
        table.write_text("a,b,words\na.png,a.png,a car appeared\n")
    else:
        (put_lines if suffix == ".jsonl" else put_json)(table, rows)
    named = suffix == ".csv"  # a file that the user names is the user's, wherever it leads
    columns = TableColumns("a", "b", ("words",)) if named else None
    linked_away(table, tmp_path / "elsewhere")
    read, options = ("table", table) if named else ("magicbrush", source), ReadOptions(columns=columns)
    if not named:
        with pytest.raises(InputError, match=rf"test{suffix}: leads out of .* --follow-links"):
            import_benchmark(*read, tmp_path / "out", options)
    report = import_benchmark(*read, tmp_path / "out", options, follow_links=not named)
    assert sum(report.pairs.values()) == 1


def test_a_link_in_the_output_is_not_written_through(tmp_path: Path) -> None:
    source = put_spot_the_diff(tmp_path / "official")
    (tmp_path / "victim").mkdir()
    (tmp_path / "out/train").mkdir(parents=True)
    (tmp_path / "out/train/images").symlink_to(tmp_path / "victim")
    with pytest.raises(InputError, match="leads out of the data set through a symbolic link"):
        import_benchmark("spot-the-diff", source, tmp_path / "out")
    assert not list((tmp_path / "victim").iterdir())
    assert json.loads((source / "annotations/test.json").read_text())
