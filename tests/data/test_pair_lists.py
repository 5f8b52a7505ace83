"""Pairs without a manifest: tables and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from blip2idc.data.pair_lists import match_pairs, read_pair_list, read_pairs
from blip2idc.errors import ManifestError


def table(folder: Path, content: str, name: str = "pairs.csv") -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pairs.csv", "before,after,id\na.png,b.png,x\n\n/abs/c.png,../d.png,y\n"),
        ("pairs.csv", "id;After;Before\nx;b.png;a.png\ny;../d.png;/abs/c.png\n"),
        ("pairs.tsv", "\ufeffa.png\tb.png\tx\r\n/abs/c.png\t../d.png\ty\r\n"),
        ("pairs.csv", 'note,before,after,id\n"a, b",a.png,b.png,x\n,/abs/c.png,../d.png,y\n'),
    ],
)
def test_tables(name: str, content: str, tmp_path: Path) -> None:
    pairs = read_pairs(table(tmp_path, content, name))
    assert [record.id for record in pairs] == ["x", "y"]
    assert pairs.paths(pairs[0]) == (tmp_path / "a.png", tmp_path / "b.png")
    assert pairs.paths(pairs[1]) == (Path("/abs/c.png"), tmp_path / "../d.png")


def test_pairs_without_an_id_are_numbered(tmp_path: Path) -> None:
    assert [record.id for record in read_pair_list(table(tmp_path, "a,b\nc,d\n"))] == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("before,after\n", "names no pairs"),
        ("before,after\na.png,\n", "line 2: ['a.png', '']; expected the columns before, after"),
        ("a.png\n", "line 1: ['a.png']; expected"),
        ("before,note\na.png,b.png\n", "column 'after' is missing; expected the columns before, after"),
        ("After;Before;AFTER\na;b;c\n", "column 'after' is there twice; expected the columns before, after"),
        ("a,b,x\nc,d,x\n", "line 2: id 'x' is there already"),
        ("a," + "b" * 200_000 + "\n", "line 1: is no table (field larger than field limit"),
        ('a,"b\n', "is no table"),
    ],
)
def test_faulty_tables(content: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        read_pair_list(table(tmp_path, content))
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_line_end_of_unicode_is_part_of_a_name(tmp_path: Path) -> None:
    pairs = read_pair_list(table(tmp_path, "before,after\na\u2028b.png,c\x85.png\n"))
    assert (pairs[0].before_file_name, pairs[0].after_file_name) == ("a\u2028b.png", "c\x85.png")


@pytest.mark.parametrize("patterns", [["/etc/*.png", "*b"], ["**", "**b"], ["***", "***a"]])
def test_patterns_that_name_no_files_of_the_folder(patterns: list[str], tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="--pattern is .*; expected names in"):
        match_pairs(tmp_path, patterns)


def test_folders(tmp_path: Path) -> None:
    for name in ("1_before.png", "1_after.png", "10_before.png", "10_after.png", "notes.txt"):
        (tmp_path / name).touch()
    pairs = read_pairs(tmp_path, patterns=["*_before.png", "*_after.png"])
    assert [record.id for record in pairs] == ["1", "10"]
    assert pairs.paths(pairs[1]) == (tmp_path / "10_before.png", tmp_path / "10_after.png")
    for side in ("old", "new"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "page.png").touch()
    assert [record.id for record in match_pairs(tmp_path, ["old/*.png", "new/*.png"])] == ["page"]


@pytest.mark.parametrize(
    ("patterns", "sentence"),
    [
        (["*_before.png"], "expected two, each with a *"),
        (["before.png", "*_after.png"], "expected two, each with a *"),
        (["*_before.png", "*_nothing.png"], "1 files have no partner, such as 1_before.png"),
        (["*_x.png", "*_y.png"], "no file is called '*_x.png'"),
    ],
)
def test_faulty_patterns(patterns: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "1_before.png").touch()
    with pytest.raises(ManifestError) as caught:
        read_pairs(tmp_path, patterns=patterns)
    assert sentence in str(caught.value)
    with pytest.raises(ManifestError, match="no such folder"):
        read_pairs(tmp_path / "gone", patterns=["*a", "*b"])


def test_what_a_table_has_none_of(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="--split is 'test', and .* is a table, which has none"):
        read_pairs(table(tmp_path, "a,b\n"), "test")
