"""The hidden folder: a data set is begun once, with one set of settings, by one run at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.folder import STATE, only_run, open_folder, read_settings


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


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    with only_run(tmp_path / "data"):
        open_folder(tmp_path / "data", {})  # the lock itself is not something else
        with pytest.raises(InputError, match="another run"), only_run(tmp_path / "data"):
            pass
    with only_run(tmp_path / "data"):
        assert (tmp_path / "data" / STATE).is_dir()


def test_a_killed_run_lets_go(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\nfrom blip2idc.runs.folder import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1])):\n    print('in', flush=True)\n    time.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "data")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        with pytest.raises(InputError, match="another run"), only_run(tmp_path / "data"):
            pass
        os.kill(process.pid, signal.SIGKILL)
    with only_run(tmp_path / "data"):
        pass
