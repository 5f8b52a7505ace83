"""Places that do not count: rectangles, masks, rules beside the references, and those that miss every picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.comparison.ignoring import RULES_FILE, Rule, read_rules
from blip2idc.comparison.outcome import CompareSettings, Comparison
from blip2idc.comparison.run import compare
from blip2idc.errors import ConfigError, InputError
from blip2idc.images.pixels import Region


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """``x.png`` with 9 changed pixels at (7, 5), and ``deep/y.png``, smaller, with none."""
    before = np.full((20, 30, 3), 100, np.uint8)
    after = before.copy()
    after[5:8, 7:10] = 255
    for folder, picture in (("a", before), ("b", after)):
        (tmp_path / folder / "deep").mkdir(parents=True)
        Image.fromarray(picture).save(tmp_path / folder / "x.png")
        Image.fromarray(before[:10, :10]).save(
            tmp_path / folder / "deep" / "y.png", compress_level=len(folder)
        )
    return tmp_path / "a", tmp_path / "b"


def compared(folders: tuple[Path, Path], *regions: Region, rules: tuple[Rule, ...] = ()) -> Comparison:
    settings = CompareSettings(judge="pixels", ignore=regions, rules=rules)
    return compare(*folders, settings, never)  # type: ignore[arg-type]


def never(pairs: object) -> object:
    raise AssertionError("the model was asked")


def test_a_rectangle(folders: tuple[Path, Path]) -> None:
    assert compared(folders, (7, 5, 3, 3)).exit_status == 0
    (entry,) = (entry for entry in compared(folders, (7, 5, 3, 2)).entries if entry.name == "x.png")
    assert entry.pixels is not None
    assert entry.pixels.changed_pixels == 3
    assert compared(folders, (7, 5, 300, 300)).exit_status == 0  # reaching beyond the edge is no mistake


def test_outside_of_every_picture(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigError, match=r"--ignore 30,0,5,5: .*outside of every picture.*x.png, is 30x20"):
        compared(folders, (30, 0, 5, 5))


def test_outside_of_some_pictures_is_told(folders: tuple[Path, Path]) -> None:
    notes = compared(folders, (15, 5, 3, 3)).notes
    assert notes == ("--ignore 15,5,3,3: lies outside of 1 of 2 pictures, such as deep/y.png",)


def test_a_mask_image(folders: tuple[Path, Path], tmp_path: Path) -> None:
    mask = Image.new("L", (30, 20))
    mask.paste(255, (7, 5, 10, 8))
    mask.save(tmp_path / "mask.png")
    rule = Rule(tmp_path / "mask.png", "x.png", "--ignore-mask")
    assert compared(folders, rules=(rule,)).exit_status == 0
    Image.new("RGB", (10, 10)).save(folders[1] / "deep" / "y.png")
    for_all = compared(folders, rules=(Rule(tmp_path / "mask.png", source="--ignore-mask"),))
    assert {entry.name: entry.status for entry in for_all.entries} == {"deep/y.png": "error", "x.png": "same"}
    assert "expected the size of the picture, 10x10" in for_all.entries[0].reason
    with pytest.raises(ConfigError, match="the mask .* is 30x20; no picture"):
        compared((folders[0], folders[0]), rules=(Rule(tmp_path / "mask.png", "y.png"),))


def test_rules_in_a_file(folders: tuple[Path, Path]) -> None:
    file = folders[0] / RULES_FILE
    file.write_text("# the clock\n\nx*.png 7,5,3,3\nnone.png 0,0,1,1\n")
    found = compared(folders, rules=read_rules(file))
    assert found.exit_status == 0
    assert found.notes == (f"{file}, line 4: no file matches 'none.png'",)


@pytest.mark.parametrize("line", ["x.png", "x.png 1,2,0,4"])
def test_lines_that_are_no_rules(tmp_path: Path, line: str) -> None:
    (tmp_path / "rules").write_text(line)
    with pytest.raises(ConfigError, match="rules, line 1: "):
        read_rules(tmp_path / "rules")
    with pytest.raises(InputError, match="cannot be read"):
        read_rules(tmp_path / "none")
