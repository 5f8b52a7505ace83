"""The hidden folder: a data set is begun once, with one set of settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.files import PARTIAL_MARK
from blip2idc.runs.folder import JOURNAL, LOCK, SETTINGS, STATE, open_folder, read_settings, refuse_foreign


def begin(folder: Path, settings: Mapping[str, Any]) -> None:
    """A folder in which something was done already."""
    open_folder(folder, settings)
    (folder / STATE / JOURNAL).write_text('{"kind": "done", "key": "1"}\n')


def test_settings_are_kept_and_others_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert read_settings(folder) is None
    begin(folder, {"seed": 1, "kinds": ("a",)})
    open_folder(folder, {"seed": 1, "kinds": ["a"]})
    with pytest.raises(ConfigError, match="was begun with seed 1, not 2"):
        open_folder(folder, {"seed": 2, "kinds": ["a"]})
    open_folder(folder, {"seed": 2, "kinds": ["a"]}, changeable=True)
    assert read_settings(folder) == {"seed": 2, "kinds": ["a"]}


def test_settings_of_a_run_that_did_nothing_are_forgotten(tmp_path: Path) -> None:
    """A model that does not exist, named first, must not stand in the way of the one that does."""
    open_folder(tmp_path, {"model": "mistyped"})
    (tmp_path / STATE / "paraphrases.jsonl").touch()
    open_folder(tmp_path, {"model": "right"})
    assert read_settings(tmp_path) == {"model": "right"}


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


def test_what_a_run_leaves_that_is_killed_at_once_is_no_other_file(tmp_path: Path) -> None:
    state = tmp_path / "data" / STATE
    state.mkdir(parents=True)
    (state / LOCK).touch()
    (state / f".settings{PARTIAL_MARK}1234.json").write_text("{")
    refuse_foreign(tmp_path / "data")
    (state / "notes.txt").touch()  # neither a lock nor half a file
    with pytest.raises(InputError, match="holds other files"):
        refuse_foreign(tmp_path / "data")
    (state / "notes.txt").unlink()
    (tmp_path / "data" / LOCK).touch()  # not in the folder of the state
    with pytest.raises(InputError, match="holds other files"):
        refuse_foreign(tmp_path / "data")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"{", "cannot be read"), (b"\xff", "cannot be read"), (b"[1]", "holds no settings")],
)
def test_settings_that_are_none_are_told(content: bytes, sentence: str, tmp_path: Path) -> None:
    begin(tmp_path, {"seed": 1})
    (tmp_path / STATE / SETTINGS).write_bytes(content)
    with pytest.raises(
        InputError, match=rf"settings\.json: {sentence}.*; remove the data set and make it again"
    ):
        open_folder(tmp_path, {"seed": 1})


def test_long_settings_are_cut_in_the_sentence(tmp_path: Path) -> None:
    begin(tmp_path, {"photographs": "a" * 78})  # 80 characters as JSON
    with pytest.raises(ConfigError) as refused:
        open_folder(tmp_path, {"photographs": "b" * 79})
    sentence = str(refused.value)
    assert f'photographs "{"a" * 78}", not "{"b" * 76}...; choose' in sentence
