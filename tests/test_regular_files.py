"""Files that are none are refused at once, whoever reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blip2idc.data.json_files import read_json
from blip2idc.errors import PredictionError
from blip2idc.regular_files import LargeFileError, read_regular


def test_pipes_devices_folders_and_files_of_holes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(30_000_000_000)
    for name, reason in {
        "pipe": "is a named pipe",
        "link": "is a device",
        ".": "is a folder",
        "holes": "has 30,000,000,000 bytes, more than the limit of 2,000,000,000",
        "a\0b": "its name holds a zero byte",
        "nothing": "No such file",
    }.items():
        with pytest.raises(PredictionError, match=f"cannot be read: {reason}"):
            read_json(tmp_path / name)


def test_a_pipe_of_the_shell_is_read() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as handle:
        handle.write(b"[1, 2]")
    assert read_regular(f"/dev/fd/{reading}") == b"[1, 2]"
    os.close(reading)


def test_a_file_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_regular(tmp_path / "a", 3) == b"abc"
    with pytest.raises(LargeFileError, match="has 3 bytes, more than the limit of 2"):
        read_regular(tmp_path / "a", 2)
