"""The hidden folder: a data set is begun once, with one set of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.folder import open_folder, read_settings


def test_settings_are_kept_and_others_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert read_settings(folder) is None
    open_folder(folder, {"seed": 1, "kinds": ("a",)})
    open_folder(folder, {"seed": 1, "kinds": ["a"]})
    with pytest.raises(ConfigError, match="was begun with seed 1, not 2"):
        open_folder(folder, {"seed": 2, "kinds": ["a"]})
    open_folder(folder, {"seed": 2, "kinds": ["a"]}, changeable=True)
    assert read_settings(folder) == {"seed": 2, "kinds": ["a"]}


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        open_folder(tmp_path, {})
    with pytest.raises(InputError, match="is a file"):
        open_folder(tmp_path / "notes.txt", {})


def test_temporary_files_of_a_killed_run_go(tmp_path: Path) -> None:
    open_folder(tmp_path / "data", {}, ("images",))
    leftover = tmp_path / "data" / "images" / ".a.partial-1234.png"
    leftover.parent.mkdir()
    leftover.touch()
    open_folder(tmp_path / "data", {}, ("images",))
    assert not leftover.exists()
