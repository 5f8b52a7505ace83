"""Data sets of the hub from local copies: Parquet, Arrow, JSON lines; Emu Edit, MagicBrush, InstructPix2Pix."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fixtures.benchmarks import image_bytes, put_image, put_json, put_lines, read_all

from blip2idc.data.readers.benchmark import ReadOptions
from blip2idc.data.readers.files.tables import extension, read_rows
from blip2idc.data.readers.instruct_pix2pix import split_by_prompt
from blip2idc.errors import InputError, MissingExtraError


def emu(index: int, **changes: Any) -> dict[str, Any]:
    image = {"bytes": image_bytes(index), "path": None}
    row = {"idx": index, "instruction": " add a hat ", "task": "add", "image": image, "edited_image": image}
    return row | changes


def put_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_emu_edit_from_parquet(tmp_path: Path) -> None:
    rows = [emu(0, hash="x", model="m"), emu(1)]
    put_parquet(tmp_path / "data/validation-00000-of-00001.parquet", rows)
    put_parquet(tmp_path / "data/test-00000-of-00001.parquet", [emu(0)])
    items, tally = read_all("emu-edit", tmp_path)
    assert [(item.split, item.record.id) for item in items] == [("test", "0"), ("val", "0"), ("val", "1")]
    record = items[1].record
    assert record.captions == ("add a hat",)
    assert record.kind == "add"
    assert record.extra == {"hash": "x", "model": "m"}
    assert items[1].images[record.before_file_name] == image_bytes(0)
    assert tally.warnings == []


def test_emu_edit_warns_of_swapped_splits(tmp_path: Path) -> None:
    put_parquet(tmp_path / "validation.parquet", [emu(0)])
    put_parquet(tmp_path / "test.parquet", [emu(0), emu(1)])
    _, tally = read_all("emu-edit", tmp_path)
    assert "may be swapped" in tally.warnings[0]


def test_emu_edit_without_generations(tmp_path: Path) -> None:
    row = emu(0)
    del row["edited_image"]
    path = put_parquet(tmp_path / "test.parquet", [row])
    with pytest.raises(InputError, match="row 1 has no 'edited_image'") as caught:
        read_all("emu-edit", tmp_path)
    assert str(path) in str(caught.value)


def test_emu_edit_from_arrow(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([emu(3)])
    (tmp_path / "validation").mkdir()
    path = str(tmp_path / "validation/data-00000-of-00001.arrow")
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    put_json(tmp_path / "validation/state.json", {})
    items, _ = read_all("emu-edit", tmp_path)
    assert [(item.split, item.record.id) for item in items] == [("val", "3")]


def test_magicbrush_turns_and_masks(tmp_path: Path) -> None:
    names = {"source_img": "1_a.png", "target_img": "1_b.png", "mask_img": "1_m.png"}
    rows = [{"img_id": "77", "turn_index": turn, "instruction": "cut", **names} for turn in (1, 2)]
    put_lines(tmp_path / "dev/metadata.jsonl", rows)
    put_lines(tmp_path / "train/metadata.jsonl", [{**rows[0], "mask_img": None}])
    for name in names.values():
        put_image(tmp_path / "dev" / name)
    items, tally = read_all("magicbrush", tmp_path)
    assert [(item.split, item.record.id) for item in items] == [
        ("val", "77_1"),
        ("val", "77_2"),
        ("train", "77_1"),
    ]
    assert items[0].record.extra["mask_file_name"] == "images/77_1_mask.png"
    assert items[0].images["images/77_1_mask.png"] == tmp_path / "dev/1_m.png"
    assert "mask_file_name" not in items[2].record.extra
    assert "1 img_id occur in more than one split" in tally.warnings[0]


def test_instruct_pix2pix_splits_by_prompt(tmp_path: Path) -> None:
    image = "x.jpg"
    rows = [
        {
            "original_prompt": f"prompt {n // 2}",
            "edit_prompt": f"edit {n}",
            "original_image": image,
            "edited_image": image,
        }
        for n in range(200)
    ]
    put_lines(tmp_path / "train.jsonl", rows)
    items, _ = read_all("instruct-pix2pix", tmp_path, ReadOptions(holdout=0.2))
    assert len({item.record.id for item in items}) == 200
    splits = {item.record.extra["original_prompt"]: set() for item in items}
    for item in items:
        splits[item.record.extra["original_prompt"]].add(item.split)
    assert all(len(found) == 1 for found in splits.values())
    shares = [sum(item.split == name for item in items) / 200 for name in ("val", "test")]
    assert all(0.1 < share < 0.3 for share in shares)
    assert {item.split for item in read_all("instruct-pix2pix", tmp_path)[0]} == {"train"}
    assert split_by_prompt(" A Barn", 0.4) == split_by_prompt("a barn", 0.4)


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_extension_of_bytes(kind: str, suffix: str) -> None:
    assert extension(image_bytes(kind=kind)) == suffix
    assert extension(b"?") == ".png"
    assert extension(Path("A.JPG")) == ".jpg"


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "test.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(InputError, match=r"test\.parquet is damaged or no parquet file") as caught:
        list(read_rows(tmp_path, ()))
    assert "\n" not in str(caught.value)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no table"):
        list(read_rows(tmp_path, ()))


def test_an_image_column_without_an_image(tmp_path: Path) -> None:
    put_lines(tmp_path / "a.jsonl", [{"image": 5}])
    row = next(read_rows(tmp_path, ()))
    with pytest.raises(InputError, match=r"a\.jsonl, row 1: column 'image' holds 5"):
        row.image("image")


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put_parquet(tmp_path / "test.parquet", [emu(0)])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'blip2idc\[datasets\]'"):
        list(read_rows(path, ()))


@pytest.mark.parametrize("compression", ["zstd", "gzip", "brotli"])
def test_a_parquet_file_that_swells_is_refused_unread(compression: str, tmp_path: Path) -> None:
    """47 KB stood for 1.5 GB."""
    rows = [emu(0, image=b"\0" * 80_000_000)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "test.parquet", compression=compression)
    with pytest.raises(InputError, match=r"bytes of column image unpack to 80,"):
        read_all("emu-edit", tmp_path)


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_batches_of_arrow_that_are_compressed_are_refused_unread(
    compression: str | None, tmp_path: Path
) -> None:
    table = pa.Table.from_pylist([emu(0), emu(1)])
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with (
        pa.OSFile(str(tmp_path / "test.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema, options=options) as writer,
    ):
        writer.write_table(table)
    if compression is None:
        assert len(read_all("emu-edit", tmp_path)[0]) == 2
        return
    with pytest.raises(InputError, match=r"test\.arrow: its batches are compressed"):
        read_all("emu-edit", tmp_path)
