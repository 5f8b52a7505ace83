"""Colour profiles: which mean the same, and what becomes of frames that have another one."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageCms

from blip2idc.images.values.colors import in_srgb, same_profile
from blip2idc.images.values.frame import Frame

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def wide() -> bytes:
    """sRGB by another name, with red and blue exchanged."""
    profile = bytearray(SRGB.replace(b"sRGB", b"wide"))
    count = int.from_bytes(profile[128:132], "big")
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))


def test_no_profile_and_every_srgb_mean_the_same() -> None:
    assert same_profile(None, None)
    assert same_profile(LAB, LAB)
    assert same_profile(None, SRGB)
    assert same_profile(SRGB, None)
    assert same_profile(SRGB, bytes(SRGB) + b"\0")
    for other in (LAB, wide(), b"no profile"):
        assert not same_profile(other, SRGB)
        assert not same_profile(None, other)
        assert not same_profile(other, None)


@pytest.mark.parametrize("alpha", [False, True])
def test_colours_are_converted_and_alpha_is_kept(alpha: bool) -> None:
    values = np.zeros((2, 3, 3 + alpha), np.uint8)
    values[0, 0, 0] = values[1, 2, 2] = 255
    if alpha:
        values[:, :, 3] = np.arange(6).reshape(2, 3) * 40
    found = in_srgb(Frame(values, "rgb", alpha), wide())
    assert (found.space, found.alpha) == ("rgb", alpha)
    assert found.values.shape == values.shape
    assert int(found.values[0, 0].argmax()) == 2  # what is red by this profile is blue
    assert int(found.values[1, 2, :3].argmax()) == 0
    assert not found.values[0, 1, :3].any()
    if alpha:
        assert np.array_equal(found.values[:, :, 3], values[:, :, 3])


@pytest.mark.parametrize(
    ("dtype", "space", "channels", "profile"),
    [
        (np.uint8, "rgb", 3, SRGB),
        (np.uint8, "rgb", 3, None),
        (np.uint8, "rgb", 3, b"no profile"),
        (np.uint8, "gray", 1, LAB),  # of another kind of picture
        (np.uint16, "rgb", 3, LAB),
        (np.uint8, "bands", 5, LAB),
    ],
)
def test_what_needs_or_allows_no_conversion_stays_as_it_is(
    dtype: type, space: str, channels: int, profile: bytes | None, rng: np.random.Generator
) -> None:
    frame = Frame(rng.integers(0, 255, (3, 4, channels)).astype(dtype), space, False)  # type: ignore[arg-type]
    assert in_srgb(frame, profile) is frame
