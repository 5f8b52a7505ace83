"""Measuring in another process: the same as here, again after it died, and an end when its pipe ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from tests.fixtures.checkpoints import random_images

from blip2idc.app.measuring import Measurer
from blip2idc.errors import ImageError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.pair_captioner import measured

LAYOUT = JointLayout("vertical", 32, 32)


@pytest.fixture
def measurer() -> Iterator[Measurer]:
    made = Measurer(LAYOUT)
    yield made
    made.close()


def changed_pair() -> ImagePair:
    (before,) = random_images(np.random.default_rng(0), 1)
    after = before.copy()
    after.paste((255, 0, 0), (8, 8, 20, 20))
    return ImagePair(before, after)


def test_it_is_measured_as_here_and_after_a_death_again(measurer: Measurer) -> None:
    pair = changed_pair()
    here, there = measured(pair, LAYOUT), measurer.measure(pair)
    assert (there.joint == here.joint).all()
    assert there.look is not None
    assert here.look is not None
    assert there.look.measured == here.look.measured != ()
    assert there.look.sizes == here.look.sizes
    process = measurer._process.running
    assert process is not None
    process.kill()
    process.wait()
    assert (measurer.measure(pair).joint == here.joint).all()
    measurer.close()
    assert measurer._process.running is None


def test_who_dies_meanwhile_is_told_of(measurer: Measurer) -> None:
    measurer.measure(changed_pair())
    assert measurer._process.running is not None
    assert measurer._process.running.stdin is not None
    measurer._process.running.stdin.write(b"not a pickle\\n")
    with pytest.raises(ImageError, match="cannot be compared here"):
        measurer.measure(changed_pair())
    assert measurer.measure(changed_pair()).look is not None


def test_it_ends_with_its_pipe() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "blip2idc.app.measuring"], stdin=subprocess.DEVNULL, timeout=60
    )
    assert told.returncode == 0
