"""New images that become the references: which, listed, all or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from blip2idc.comparison.approve import copy_approved, mark_approved
from blip2idc.comparison.folders import NameRules
from blip2idc.comparison.outcome import CompareSettings, Comparison
from blip2idc.comparison.run import compare
from blip2idc.errors import ConfigError, InputError


def never(pairs: object) -> object:
    raise AssertionError("the model was asked")


def compared(root: Path, names: NameRules | None = None) -> Comparison:
    settings = CompareSettings(judge="pixels")
    return compare(root / "a", root / "b", settings, never, names=names)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """``x.png`` and ``deep/y.png`` changed, ``new/z.png`` added, ``gone.png`` removed, ``s.png`` the same."""
    for folder, color in (("a", "red"), ("b", "blue")):
        for name in ("x.png", "deep/y.png", "s.png"):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (9, 8), "red" if name == "s.png" else color).save(path)
    (tmp_path / "b" / "new").mkdir()
    Image.new("RGB", (9, 8)).save(tmp_path / "b" / "new" / "z.png")
    Image.new("RGB", (9, 8)).save(tmp_path / "a" / "gone.png")
    return tmp_path


def test_some(root: Path) -> None:
    found = mark_approved(compared(root), ["x.png", "new/*"])
    assert (found.approved, found.exit_status) == (2, 1)
    assert found.summary().endswith(", 2 approved")
    assert copy_approved(found) == [root / "a" / "new" / "z.png", root / "a" / "x.png"]
    assert (root / "a" / "x.png").read_bytes() == (root / "b" / "x.png").read_bytes()
    assert compared(root).counts == {"same": 3, "changed": 1, "added": 0, "removed": 1, "error": 0}


def test_all_but_what_was_removed(root: Path) -> None:
    found = mark_approved(compared(root), ["*"])
    assert {entry.name for entry in found.entries if entry.approved} == {"x.png", "deep/y.png", "new/z.png"}
    assert found.exit_status == 1  # gone.png is still there, and still missing in the new folder
    copy_approved(found)
    assert (root / "a" / "gone.png").is_file()


def test_a_name_that_is_none(root: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"--approve s.png: no changed or added file .*deep/y.png, new/z.png, x.png"
    ):
        mark_approved(compared(root), ["s.png"])


def test_none_is_written_where_one_cannot_be(root: Path) -> None:
    found = mark_approved(compared(root), ["*"])
    before = (root / "a" / "deep" / "y.png").read_bytes()
    (root / "b" / "x.png").unlink()
    with pytest.raises(InputError, match="no reference was changed"):
        copy_approved(found)
    assert (root / "a" / "deep" / "y.png").read_bytes() == before
    assert not list((root / "a").rglob(".*partial*"))


def test_a_mapped_name_keeps_the_name_of_the_reference(root: Path) -> None:
    (root / "b" / "x.png").rename(root / "b" / "x-actual.png")
    names = NameRules(mappings=(("-actual", ""),))
    copy_approved(mark_approved(compared(root, names), ["x.png"]))
    assert (root / "a" / "x.png").read_bytes() == (root / "b" / "x-actual.png").read_bytes()
    assert not (root / "a" / "x-actual.png").exists()


def test_another_suffix_is_refused(root: Path) -> None:
    settings = CompareSettings(judge="pixels")
    Image.new("RGB", (9, 8)).save(root / "b" / "x.bmp")
    found = compare(root / "a" / "x.png", root / "b" / "x.bmp", settings, never)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="expected the same suffix"):
        mark_approved(found, ["*"])
