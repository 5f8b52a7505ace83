"""Animations show the same where equal pictures stand for equal times, however they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.images.values.decode import ImageFile, open_values
from blip2idc.images.values.frame import Frame
from blip2idc.images.values.timeline import same_timeline, timeline


def animation(
    path: Path,
    shown: Sequence[tuple[int, int]],
    *,
    loop: int = 0,
    mode: str = "RGB",
    profile: bytes | None = None,
) -> ImageFile:
    """Plain frames of some levels, each for some milliseconds, as an animated PNG."""
    frames = [Image.new(mode, (12, 9), (level, level, level, 255)[: len(mode)]) for level, _ in shown]
    options = {} if profile is None else {"icc_profile": profile}
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[milliseconds for _, milliseconds in shown],
        loop=loop,
        default_image=False,
        **options,
    )
    return open_values(path)


def test_equal_frames_in_a_row_last_longer(tmp_path: Path) -> None:
    values = np.zeros((4, 5, 3), np.uint8)

    class File:
        def frames(self) -> list[Frame]:
            plain, opaque = Frame(values, "rgb", False, 40), np.full((4, 5, 4), 255, np.uint8)
            opaque[:, :, :3] = 0
            other = Frame(values + 9, "rgb", False, 100)
            return [plain, Frame(opaque, "rgb", True, 60), other, plain, Frame(values, "rgb", False, None)]

    found = timeline(File())  # type: ignore[arg-type]
    assert [milliseconds for _, milliseconds in found] == [100.0, 100.0, 40.0]
    assert found[0][0] == found[2][0] != found[1][0]


@pytest.mark.parametrize(
    ("shown", "options", "same"),
    [
        ([(10, 100), (200, 50)], {}, True),
        ([(10, 100), (200, 60)], {}, False),
        ([(10, 100), (201, 50)], {}, False),
        ([(200, 50), (10, 100)], {}, False),
        ([(10, 100), (200, 50)], {"loop": 3}, False),
        ([(10, 100), (200, 50)], {"mode": "RGBA"}, True),
        ([(10, 100), (200, 50)], {"profile": b"another one"}, False),
    ],
)
def test_pictures_times_repeats_and_profile_count(
    shown: list[tuple[int, int]], options: dict[str, object], same: bool, tmp_path: Path
) -> None:
    first = animation(tmp_path / "a.png", [(10, 100), (200, 50)])
    second = animation(tmp_path / "b.png", shown, **options)  # type: ignore[arg-type]
    assert same_timeline(first, second) is same
    assert same_timeline(second, first) is same
