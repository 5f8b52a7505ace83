"""Data sets of pairs: the same bytes whatever the number of processes and however often the run was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest

from blip2idc.data.records import read_records
from blip2idc.errors import ConfigError, InputError
from blip2idc.images.pair import open_image
from blip2idc.runs.folder import STATE
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.pair import WorldPair
from blip2idc.worlds.write import write_world

COUNT = 40
SETTINGS = {"seed": 3, "height": 64, "width": 128}


def world() -> EditsWorld:
    return EditsWorld(3, height=64, width=128)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    write_world(world(), folder, COUNT, settings=SETTINGS, masks=True)
    return folder


def test_the_data_set_holds_what_the_world_made(undisturbed: Path) -> None:
    manifest = read_records(undisturbed)
    assert len(manifest) == COUNT
    for index, record in enumerate(manifest):
        pair = world().pair(index)
        assert (record.id, record.source) == (f"{index:06d}", "edits")
        assert record.captions == pair.captions
        assert record.change == pair.change
        assert record.before_box == pair.before_box
        before, after = manifest.paths(record)
        assert np.array_equal(np.asarray(open_image(before)), pair.before)
        assert np.array_equal(np.asarray(open_image(after)), pair.after)
        mask = undisturbed / "masks" / f"{record.id}_after.png"
        assert mask.is_file() == (pair.after_mask is not None)
        if pair.after_mask is not None:
            assert np.array_equal(np.asarray(open_image(mask))[..., 0] > 0, pair.after_mask)


def test_hugging_face_datasets_opens_it_as_it_is(undisturbed: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset("imagefolder", data_dir=str(undisturbed), cache_dir=str(tmp_path))["train"]
    assert len(loaded) == COUNT
    assert loaded[5]["id"] == "000005"
    assert np.array_equal(np.asarray(loaded[5]["after"]), world().pair(5).after)


def test_two_processes_write_the_same_bytes(undisturbed: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_world(
        world(),
        tmp_path / "out",
        COUNT,
        settings=SETTINGS,
        workers=2,
        masks=True,
        progress=lambda done, count: told.append((done, count)),
    )
    assert contents(tmp_path / "out") == contents(undisturbed)
    assert told[0] == (0, COUNT)
    assert told[-1] == (COUNT, COUNT)


PROGRAM = """
import sys
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.write import write_world
if __name__ == "__main__":
    world = EditsWorld(3, height=64, width=128)
    settings = {"seed": 3, "height": 64, "width": 128}
    write_world(world, sys.argv[1], %d, settings=settings, workers=2, masks=True)
"""


def files_in(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*")) if folder.exists() else 0


def test_a_run_killed_again_and_again_ends_with_the_same_bytes(undisturbed: Path, tmp_path: Path) -> None:
    program, output = tmp_path / "program.py", tmp_path / "out"
    program.write_text(PROGRAM % COUNT)
    complete = files_in(undisturbed)
    killed = 0
    for share in (0.0, 0.02, 0.2, 0.5, 0.8):
        process = subprocess.Popen([sys.executable, str(program), str(output)], start_new_session=True)
        while process.poll() is None and files_in(output) <= share * complete:
            time.sleep(0.005)
        if process.poll() is None:
            # Only the parent: its workers must notice by themselves.
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed >= 3
    assert not (output / "metadata.jsonl").exists()
    subprocess.run([sys.executable, str(program), str(output)], check=True)
    assert contents(output) == contents(undisturbed)


class Counting:
    """A world that counts the pairs it makes."""

    name = "edits"

    def __init__(self, fail_at: int | None = None) -> None:
        self.made: list[int] = []
        self.fail_at = fail_at

    def pair(self, index: int) -> WorldPair:
        if index == self.fail_at:
            raise KeyboardInterrupt
        self.made.append(index)
        return world().pair(index)


def test_what_is_done_is_not_made_again(undisturbed: Path, tmp_path: Path) -> None:
    first = Counting(fail_at=35)
    with pytest.raises(KeyboardInterrupt):
        write_world(first, tmp_path, COUNT, settings=SETTINGS, masks=True)
    second = Counting()
    write_world(second, tmp_path, COUNT, settings=SETTINGS, masks=True)
    assert second.made == list(range(32, COUNT))
    third = Counting()
    write_world(third, tmp_path, COUNT, settings=SETTINGS, masks=True)
    assert third.made == []
    assert contents(tmp_path) == contents(undisturbed)


def test_a_lost_image_is_made_again(undisturbed: Path, tmp_path: Path) -> None:
    write_world(world(), tmp_path, COUNT, settings=SETTINGS, masks=True)
    (tmp_path / "images" / "000003_after.png").unlink()
    write_world(world(), tmp_path, COUNT, settings=SETTINGS, masks=True)
    assert contents(tmp_path) == contents(undisturbed)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"count": 3}, "count 2, not 3"),
        ({"settings": {"seed": 4}}, "seed 3, not 4"),
        ({"masks": True}, "masks"),
    ],
)
def test_other_settings_are_refused_and_nothing_is_touched(
    tmp_path: Path, changes: dict[str, Any], names: str
) -> None:
    asked: dict[str, Any] = {"count": 2, "settings": {"seed": 3}}
    write_world(world(), tmp_path, **asked)
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match=names):
        write_world(world(), tmp_path, **{**asked, **changes})
    assert contents(tmp_path) == before


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        write_world(world(), tmp_path, 2, settings={})
    assert contents(tmp_path) == {"thesis.txt": b"mine"}
    with pytest.raises(InputError, match="is a file"):
        write_world(world(), tmp_path / "thesis.txt", 2, settings={})


def test_settings_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / STATE).mkdir()
    (tmp_path / STATE / "settings.json").write_text("{")
    (tmp_path / STATE / "journal.jsonl").write_text('{"kind": "pair", "key": "0"}\n')  # something was done
    with pytest.raises(InputError, match="cannot be read"):
        write_world(world(), tmp_path, 2, settings={})


@pytest.mark.parametrize("asked", [{"count": 0}, {"count": 2, "workers": 0}])
def test_counts_below_one_are_refused(tmp_path: Path, asked: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is 0; expected a whole number of at least 1"):
        write_world(world(), tmp_path, settings={}, **asked)
