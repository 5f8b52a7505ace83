"""One writer at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blip2idc.errors import InputError
from blip2idc.runs.lock import only_run


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "lock"
    refused = pytest.raises(InputError, match="another run is writing into it")
    with only_run(lock, tmp_path), refused, only_run(lock, tmp_path):
        pass
    assert lock.exists()
    with only_run(lock, tmp_path, remove=True):
        pass
    assert not lock.exists()
    with only_run(lock, tmp_path, remove=True):
        lock.unlink()  # as who tidies up the folder meanwhile


def test_a_killed_run_lets_go(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\nfrom blip2idc.runs.lock import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1]), 'out'):\n    print('in', flush=True)\n    time.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "lock")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        with pytest.raises(InputError, match="another run"), only_run(tmp_path / "lock", tmp_path):
            pass
        os.kill(process.pid, signal.SIGKILL)
    with only_run(tmp_path / "lock", tmp_path):
        pass


def test_a_place_that_cannot_hold_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match=r"file: cannot be written \([A-Z][a-z ]+\); expected a folder"),
        only_run(tmp_path / "file" / "lock", tmp_path),
    ):
        pass


def test_a_folder_in_which_no_file_can_be_made(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"/proc: cannot be written"),
        only_run(Path("/proc/x.lock"), tmp_path),
    ):
        pass
