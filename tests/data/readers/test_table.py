"""Somebody's own table: CSV, TSV, JSON lines, Parquet, and data sets of the hub."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.benchmarks import image_bytes, put_image, put_lines

from blip2idc.cli.main import run
from blip2idc.data.importing.run import ImportReport, import_benchmark
from blip2idc.data.readers.benchmark import ReadOptions, TableColumns
from blip2idc.data.records import read_records
from blip2idc.errors import InputError

COLUMNS = TableColumns("left", "right", ("what",))


def put_images(root: Path, *names: str) -> None:
    for grey, name in enumerate(names):
        put_image(root / name, 20 * grey)


def imported(source: Path, output: Path, columns: TableColumns = COLUMNS) -> ImportReport:
    return import_benchmark("table", source, output, ReadOptions(columns=columns))


def test_csv_rows_of_one_pair_are_merged(tmp_path: Path) -> None:
    put_images(tmp_path, "a.png", "b.png", "c.png")
    (tmp_path / "pairs.csv").write_text(
        'left,right,what\na.png,b.png,"a car, red, left"\na.png,b.png,the car is gone\nb.png,c.png,it grew\n',
        encoding="utf-8-sig",
    )
    imported(tmp_path / "pairs.csv", tmp_path / "out")
    records = read_records(tmp_path / "out", "train").records
    assert [record.captions for record in records] == [("a car, red, left", "the car is gone"), ("it grew",)]
    assert [record.id for record in records] == ["000000", "000001"]
    assert (tmp_path / "out/train/images/000001_after.png").read_bytes() == (tmp_path / "c.png").read_bytes()


def test_ids_splits_several_captions_and_a_folder_of_images(tmp_path: Path) -> None:
    put_images(tmp_path / "pictures", "a.png", "b.png")
    (tmp_path / "t.csv").write_text("nr;left;right;what;also;part\nx/1;a.png;b.png;one;two;dev\n")
    columns = TableColumns("left", "right", ("what", "also"), "nr", "part", tmp_path / "pictures")
    assert imported(tmp_path / "t.csv", tmp_path / "out", columns).pairs == {"val": 1}
    (record,) = read_records(tmp_path / "out", "val").records
    assert (record.id, record.captions) == ("x/1", ("one", "two"))


def test_json_lines_with_lists(tmp_path: Path) -> None:
    put_images(tmp_path, "a.png", "b.png")
    put_lines(tmp_path / "test.jsonl", [{"left": "a.png", "right": "b.png", "what": ["one", "two"]}])
    assert imported(tmp_path / "test.jsonl", tmp_path / "out").references == {"test": 2}


def test_parquet_with_images_inside(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"left": {"bytes": image_bytes(1)}, "right": {"bytes": image_bytes(90)}, "what": "lighter"}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "train.parquet")
    imported(tmp_path / "train.parquet", tmp_path / "out")
    assert (tmp_path / "out/train/images/000000_after.png").read_bytes() == image_bytes(90)


def test_a_data_set_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Image:
        def __init__(self, decode: bool = True) -> None:
            self.decode = decode

    class Part(list[Any]):
        features: Any = types.MappingProxyType({"left": Image(), "right": Image()})
        cast: Any = ()

        def cast_column(self, name: str, feature: Image) -> Part:
            assert not feature.decode
            return self

    rows = [{"left": {"bytes": image_bytes(1)}, "right": {"bytes": image_bytes(2)}, "what": "it grew"}]
    stand_in: Any = types.ModuleType("datasets")
    stand_in.Image = Image
    stand_in.load_dataset = lambda name: {"validation": Part(rows)} if name == "me/pairs" else 1 / 0
    monkeypatch.setitem(sys.modules, "datasets", stand_in)
    monkeypatch.chdir(tmp_path)
    assert imported(Path("me/pairs"), tmp_path / "out").pairs == {"val": 1}
    with pytest.raises(InputError, match="me/others: cannot be loaded from the hub"):
        imported(Path("me/others"), tmp_path / "other")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left,right\na.png,b.png\n", "there is no column 'what'; the columns are 'left', 'right'"),
        ("left,right,what\n,b.png,x\n", "line 2: left holds '', expected an image or its file name"),
        ("left,right,what\n../a.png,b.png,x\n", "line 2: left is '../a.png', expected a relative file name"),
        ('left,right,what\na.png,b.png,"x\n', "unexpected end of data"),
        ("left,right,what\na.png,gone.png,x\n", "gone.png is missing"),
    ],
)
def test_faults_are_told(tmp_path: Path, text: str, message: str) -> None:
    put_images(tmp_path, "a.png", "b.png")
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        imported(tmp_path / "pairs.csv", tmp_path / "out")


def test_one_id_with_other_images_is_refused(tmp_path: Path) -> None:
    put_images(tmp_path, "a.png", "b.png")
    (tmp_path / "t.tsv").write_text("nr\tleft\tright\twhat\n1\ta.png\tb.png\tx\n1\tb.png\ta.png\ty\n")
    with pytest.raises(InputError, match="line 3: id '1' has other images than in .*line 2"):
        imported(tmp_path / "t.tsv", tmp_path / "out", TableColumns("left", "right", ("what",), "nr"))


def test_the_command_asks_for_its_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_images(tmp_path, "a.png", "b.png")
    (tmp_path / "pairs.csv").write_text("left,right,what\na.png,b.png,it grew\n")
    command = [
        "import",
        "table",
        str(tmp_path / "pairs.csv"),
        "-o",
        str(tmp_path / "out"),
        "--before",
        "left",
    ]
    assert run(command) == 2
    assert "import table needs --after COLUMN, --caption COLUMN" in capsys.readouterr().err
    assert run([*command, "--after", "right", "--caption", "what"]) == 0
    assert "train: 1 pairs, 1 references" in capsys.readouterr().out
    assert run(["import", "levir-cc", str(tmp_path), "-o", str(tmp_path / "x"), "--caption", "what"]) == 2
    assert "--caption is for `import table`" in capsys.readouterr().err


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_line_end_of_unicode_is_part_of_a_caption(end: str, tmp_path: Path) -> None:
    put_image(tmp_path / "a.png")
    (tmp_path / "pairs.csv").write_text(f"old,new,text\na.png,a.png,one{end}two\n", encoding="utf-8")
    columns = TableColumns("old", "new", ("text",))
    import_benchmark("table", tmp_path / "pairs.csv", tmp_path / "data", ReadOptions(columns=columns))
    assert read_records(tmp_path / "data/train")[0].captions == (f"one{end}two",)
