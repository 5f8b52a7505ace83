"""The page of a comparison: numbered boxes, a card a change, the reason of every verdict, pictures beside or inside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from blip2idc.comparison.outcome import CompareSettings, Comparison
from blip2idc.comparison.run import compare
from blip2idc.difference import Change, Difference
from blip2idc.errors import InputError
from blip2idc.images.changes import Fact
from blip2idc.images.pair import ImagePair
from blip2idc.report.html.compare_page import compare_page, write_compare_page
from blip2idc.runs.lock import only_run


def blind(pairs: Iterable[ImagePair]) -> Iterator[Difference]:
    for _ in pairs:
        yield Difference("the scene remains the same", 0.02, False)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A page of 900 x 600 on which a block appears and another changes its colour."""
    before = np.full((600, 900, 3), 240, np.uint8)
    before[400:440, 100:300] = (13, 110, 253)
    after = before.copy()
    after[400:440, 100:300] = (20, 160, 70)
    after[50:100, 600:700] = (40, 40, 40)
    for name, picture in (("a", before), ("b", after)):
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "x.png")
    return tmp_path / "a", tmp_path / "b"


@pytest.fixture
def comparison(folders: tuple[Path, Path]) -> Comparison:
    return compare(*folders, CompareSettings(ignore=((880, 0, 20, 20),)), blind)


def test_a_change_is_never_told_as_none(comparison: Comparison) -> None:
    page = compare_page(comparison)
    headline = re.search(r'<p class="said">(.*?)</p>', page)
    assert headline is not None
    assert "remains the same" not in headline[1]
    assert "2 places changed; the model alone would say: the scene remains the same" in page
    assert "the model gives 2% to a change; the values decide" in page


def test_every_change_has_its_number_on_both_images_and_a_card(comparison: Comparison) -> None:
    page = compare_page(comparison)
    boxes = re.findall(r'class="box" data-change="(\d)" style="([^"]*)"', page)
    assert [number for number, _ in boxes] == ["1", "2", "1", "2"]
    x, y, width, height = comparison.entries[0].changes[0].after_box or (0, 0, 0, 0)
    style = f"left:{x / 9:.3f}%;top:{y / 6:.3f}%;width:{width / 9:.3f}%;height:{height / 6:.3f}%"
    assert style in {style for _, style in boxes}
    assert page.count('<li class="change"') == 2
    assert page.count("around change") == 4
    assert page.count('class="ignored"') == 2


def test_texts_facts_and_colours(comparison: Comparison) -> None:
    fact = Fact("recoloured", {"from": "blue", "from_hex": "#0d6efd", "to": "green", "to_hex": "#14a046"})
    change = Change(
        (100, 400, 200, 40), (100, 400, 200, 40), "text", "the text changed", 0.9, (fact,),
        "49.00 <b>", "99.00", "in the bottom left",
    )  # fmt: skip
    told = Difference("the text changed", 0.9, True, (change,), "aligned")
    (entry,) = comparison.entries
    page = compare_page(replace(comparison, entries=(replace(entry, difference=told, model_changed=True),)))
    assert "<del>49.00 &lt;b&gt;</del>" in page
    assert "<ins>99.00</ins>" in page
    assert 'style="background: #0d6efd"></i>#0d6efd → <i' in page
    assert "in the bottom left" in page
    assert "90% probable" in page


def test_pictures_beside_the_page(comparison: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "report & more.html"
    write_compare_page(path, comparison)
    page = path.read_text(encoding="utf-8")
    folder = tmp_path / "report & more_files"
    named = {unquote(name) for name in re.findall(r'"(report[^"]*?\.png)"', page)}
    assert named == {f"{folder.name}/{file.name}" for file in folder.iterdir()}
    assert len(named) == 3 + 4
    with Image.open(folder / "0001-after.png") as full:
        assert full.size == (900, 600)
    assert "img-src data: 'self' file:" in page


def test_pictures_inside_the_page(comparison: Comparison, tmp_path: Path) -> None:
    write_compare_page(tmp_path / "page.html", comparison, self_contained=True)
    assert not (tmp_path / "page_files").exists()
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "img-src data:;" in page
    assert page.count("data:image/png") == 3 + 4


def test_files_that_are_gone_by_now(comparison: Comparison, folders: tuple[Path, Path]) -> None:
    (folders[1] / "x.png").unlink()
    assert '<li class="entry"' in compare_page(comparison)


def test_a_folder_of_somebody_else_is_not_replaced(comparison: Comparison, tmp_path: Path) -> None:
    """Browsers keep what belongs to a saved page under the same name."""
    (tmp_path / "page_files").mkdir()
    (tmp_path / "page_files" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"page_files: holds notes\.txt, and the pictures of page\.html"):
        write_compare_page(tmp_path / "page.html", comparison)
    assert (tmp_path / "page_files" / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "page.html").exists()
    write_compare_page(tmp_path / "page.html", comparison, self_contained=True)


def test_the_pictures_of_an_earlier_page_are(comparison: Comparison, tmp_path: Path) -> None:
    write_compare_page(tmp_path / "page.html", comparison)
    names = sorted(path.name for path in (tmp_path / "page_files").iterdir())
    write_compare_page(tmp_path / "page.html", comparison)
    assert sorted(path.name for path in (tmp_path / "page_files").iterdir()) == names != []
    assert sorted(path.name for path in tmp_path.glob("*page*")) == ["page.html", "page_files"]


def test_two_runs_do_not_mix_their_pictures(comparison: Comparison, tmp_path: Path) -> None:
    lock = only_run(tmp_path / ".page_files.lock", tmp_path, remove=True)
    with lock, pytest.raises(InputError, match=r"page\.html: another run is writing into it"):
        write_compare_page(tmp_path / "page.html", comparison)


def test_a_page_on_a_device_makes_no_folder(comparison: Comparison) -> None:
    write_compare_page(Path("/dev/null"), comparison)
    assert Path("/dev/null").is_char_device()
    assert not Path("/dev/null_files").exists()
