"""A folder of objects that somebody else made: nothing outside of it is read, and no program is started."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ImageError, InputError
from blip2idc.worlds.edits.objects.cutouts import Cutouts


def put_names(folder: Path, names: object) -> Path:
    (folder / "train").mkdir(exist_ok=True)
    (folder / "names.json").write_text(json.dumps(names))
    return folder


def test_an_object_is_drawn_with_its_opacity(tmp_path: Path) -> None:
    objects = put_names(tmp_path, {"train/a.png": "an apple"})
    Image.new("RGBA", (4, 3), (9, 8, 7, 100)).save(tmp_path / "train/a.png")
    found = Cutouts(objects).draw(np.random.default_rng(0))
    assert found.pixels.shape == (3, 4, 4)
    assert found.pixels[0, 0].tolist() == [9, 8, 7, 100]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({"train/../../secret.png": "a dog"}, "leads out of the data set"),
        ({"train/a.png": 5}, "expected an object that names the noun of each file"),
        (["train/a.png"], "expected an object that names the noun of each file"),
        ({"test/a.png": "a dog"}, "names no object under 'train'"),
    ],
)
def test_lists_that_are_refused(names: object, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        Cutouts(put_names(tmp_path, names))


def test_postscript_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program is started"))
    objects = put_names(tmp_path, {"train/a.png": "an apple"})
    (tmp_path / "train/a.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(ImageError, match="is of format EPS, which is not opened"):
        Cutouts(objects).draw(np.random.default_rng(0))
