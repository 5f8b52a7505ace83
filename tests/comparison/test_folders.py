"""Which files belong together: links, normalised and mapped names, suffixes, what is left out."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from blip2idc.comparison.folders import NameRules, left_out_in_words, pair_folders, parse_mapping
from blip2idc.comparison.outcome import CompareSettings, utf8
from blip2idc.comparison.run import compare
from blip2idc.comparison.words import describe_entry
from blip2idc.errors import ConfigError, InputError

PIXELS = CompareSettings(judge="pixels")


def save(path: Path, color: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 8), color).save(path)
    return path


def never(pairs: object) -> object:
    raise AssertionError("the model was asked")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    return tmp_path / "a", tmp_path / "b"


def test_names_are_relative_and_sorted(folders: tuple[Path, Path]) -> None:
    for name in ("b.png", "deep/er/a.png", "only_a.jpg", ".hidden.png", ".git/x.png"):
        save(folders[0] / name)
    for name in ("b.png", "deep/er/a.png", "new.PNG"):
        save(folders[1] / name)
    (folders[0] / "notes.txt").write_text("not looked at")
    pairs = pair_folders(*folders)
    assert pairs.common == ("b.png", "deep/er/a.png")
    assert (pairs.added, pairs.removed) == (("new.PNG",), ("only_a.jpg",))
    assert pairs.paths("deep/er/a.png")[1] == folders[1] / "deep" / "er" / "a.png"
    assert left_out_in_words(pairs.left_out) == "2 other files were not compared (1 .txt, 1 hidden)"


def test_links_to_folders_are_followed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    for side, color in zip(("one", "other"), ("red", "green"), strict=True):
        save(tmp_path / side / "cart.png", color)
    (folders[0] / "pages").symlink_to(tmp_path / "one")
    (folders[1] / "pages").symlink_to(tmp_path / "other")
    for folder in folders:
        save(folder / "x.png")
    found = compare(*folders, PIXELS, never)  # type: ignore[arg-type]
    assert {entry.name: entry.status for entry in found.entries} == {
        "pages/cart.png": "changed",
        "x.png": "same",
    }


def test_links_in_a_circle_end(folders: tuple[Path, Path]) -> None:
    save(folders[0] / "deep" / "x.png")
    save(folders[1] / "deep" / "x.png")
    (folders[0] / "deep" / "up").symlink_to(folders[0])
    pairs = pair_folders(*folders)
    assert pairs.common == ("deep/x.png",)
    assert "links back to a folder that holds it" in pairs.notes[0]


def test_a_link_to_nowhere_is_an_error(folders: tuple[Path, Path]) -> None:
    (folders[0] / "x.png").symlink_to(folders[0] / "gone.png")
    save(folders[1] / "x.png")
    (entry,) = compare(*folders, PIXELS, never).entries  # type: ignore[arg-type]
    assert (entry.status, "no such file" in entry.reason) == ("error", True)


def test_names_equal_after_normalisation_are_one(folders: tuple[Path, Path]) -> None:
    save(folders[0] / unicodedata.normalize("NFC", "caf\u00e9.png"))
    save(folders[1] / unicodedata.normalize("NFD", "caf\u00e9.png"), "blue")
    pairs = pair_folders(*folders)
    assert pairs.common == ("caf\u00e9.png",)
    assert compare(*folders, PIXELS, never).counts["changed"] == 1  # type: ignore[arg-type]


def test_a_folder_with_both_forms_keeps_both(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        for form in ("NFC", "NFD"):
            save(folder / unicodedata.normalize(form, "\u00e9.png"))  # type: ignore[arg-type]
    assert len(pair_folders(*folders).common) == 2


def test_mapped_names_meet(folders: tuple[Path, Path]) -> None:
    save(folders[0] / "cart-chromium-linux.png")
    save(folders[1] / "cart-actual.png", "blue")
    rules = NameRules(mappings=(parse_mapping("-(actual|chromium-linux)="),))
    (entry,) = compare(*folders, PIXELS, never, names=rules).entries  # type: ignore[arg-type]
    assert (entry.name, entry.status) == ("cart.png", "changed")
    assert entry.to_dict()["after"] == str(folders[1] / "cart-actual.png")
    save(folders[1] / "cart.png")
    with pytest.raises(InputError, match=r"cart-actual.png and cart.png both become cart.png"):
        pair_folders(*folders, rules)


@pytest.mark.parametrize("text", ["none", "=x", "(=x", "a=\\9"])
def test_mappings_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="expected REGEX=REPLACEMENT"):
        parse_mapping(text)


def test_excluded_names(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        save(folder / "deep" / "x-diff.png")
        save(folder / "x.png")
    pairs = pair_folders(*folders, NameRules(exclude=("*-diff.png",)))
    assert (pairs.common, pairs.left_out) == (("x.png",), {"excluded": 2})


def test_images_that_nothing_here_reads_are_errors(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        (folder / "photo.svg").write_text("<svg/>")
    (entry,) = compare(*folders, PIXELS, never).entries  # type: ignore[arg-type]
    assert entry.status == "error"


def test_two_files(folders: tuple[Path, Path]) -> None:
    before, after = save(folders[0] / "x.png"), save(folders[1] / "y.png", "blue")
    (entry,) = compare(before, after, PIXELS, never).entries  # type: ignore[arg-type]
    assert (entry.name, entry.status) == ("y.png", "changed")
    with pytest.raises(InputError, match="expected two folders or two files"):
        pair_folders(before, folders[1])


def test_refuses_what_holds_no_images(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        pair_folders(tmp_path / "none", tmp_path)
    with pytest.raises(InputError, match="neither folder holds an image"):
        pair_folders(tmp_path, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX only")
def test_names_that_are_no_utf8(folders: tuple[Path, Path]) -> None:
    name = os.fsdecode(b"caf\xe9\n\x1b[31m.png")
    for folder, color in zip(folders, ("red", "blue"), strict=True):
        save(folder / "x.png").rename(folder / name)
        save(folder / "x.png", color).rename(folder / name)
    (entry,) = compare(*folders, PIXELS, never).entries  # type: ignore[arg-type]
    assert entry.status == "changed"
    assert utf8(entry.name).encode() == b"caf\\xe9\n\x1b[31m.png"
    line = describe_entry(entry)
    assert "\n" not in line
    assert "\x1b" not in line
    line.encode()


def test_a_link_to_itself_is_an_error(folders: tuple[Path, Path]) -> None:
    (folders[1] / "x.png").unlink(missing_ok=True)
    (folders[1] / "x.png").symlink_to("x.png")
    found = pair_folders(*folders)
    assert found.files["x.png"][1] == folders[1] / "x.png"
