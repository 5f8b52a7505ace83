"""The process that opens images for a server: alike, within its time, and begun anew where it ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.deadline import Opener
from blip2idc.images.pair import open_image


@pytest.fixture
def opener() -> Iterator[Opener]:
    made = Opener(60, max_pixels=10_000_000)
    yield made
    made.close()


def test_images_errors_and_a_process_that_died(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.radial_gradient("L").save(path)
    assert np.array_equal(np.asarray(opener.open(path, "it")), np.asarray(open_image(path)))
    (tmp_path / "text.png").write_text("notes")
    with pytest.raises(ImageError, match="^it: is not an image"):
        opener.open(tmp_path / "text.png", "it")
    assert opener._process.running is not None
    opener._process.running.kill()
    opener._process.running.wait()
    assert opener.open(path, "it").size == (256, 256)


def test_what_takes_too_long_is_ended(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (3000, 3000)).save(path)
    assert opener.open(path, "it").size == (3000, 3000)
    opener.seconds = 0.005
    with pytest.raises(ImageError, match=r"^it: takes longer than 0\.005 seconds to decode"):
        opener.open(path, "it")
    assert opener._process.running is None
    opener.seconds = 60
    assert opener.open(path, "it").size == (3000, 3000)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_the_time_is_checked(seconds: float) -> None:
    with pytest.raises(ConfigError, match="--decode-seconds is"):
        Opener(seconds)
