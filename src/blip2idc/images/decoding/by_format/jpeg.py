"""What decoding a JPEG will cost, from its segments.

A progressive JPEG sends the picture in scans, each of which the decoder walks over the whole picture for; a file of
400 KB may hold hundreds that say nothing. ITU T.81 allows any number, encoders write about ten. libjpeg-turbo leaves a
limit to its callers; libtiff's is 100.
"""

from __future__ import annotations

import re

from blip2idc.images.decoding.limits import Limits

MAX_SCANS = 100  # as libtiff has it
_SCANNED = 24  # scans of an image at the pixel limit; mozjpeg writes up to 18. 1.5 billion pixels take 1 to 2 seconds
_SEGMENTS = 10_000  # a colour profile takes up to 255, a second picture some more
_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # not the stuffed byte, a restart or padding
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0..15, without DHT, JPG and DAC
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01


def check_jpeg(content: bytes, limits: Limits, start: int = 0) -> None:
    """Refuse a JPEG with too many scans or segments, or that needs too much memory.

    Args:
        content: The file.
        limits: What it may cost.
        start: Where the picture begins; MPO files hold several.

    Raises:
        ImageError: It is refused.
    """
    width = height = scans = 0
    samples, components, several = 0.0, 0, False
    position = start + 2
    for _ in range(_SEGMENTS):
        found = _MARKER.search(content, position)
        if found is None or found[1][0] == _EOI:
            break
        code, position = found[1][0], found.end()
        if code in (_SOI, _TEM):
            continue
        body = content[position + 2 : position + max(int.from_bytes(content[position : position + 2]), 2)]
        position += 2 + len(body)
        if code in _FRAME_HEADERS and len(body) >= 6:
            height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
            limits.check_size(width, height)
            components, samples = body[5], _samples_a_pixel(body[6:])
            several = code not in (0xC0, 0xC1)
        elif code == _SOS:
            scans += 1
            several = several or (bool(body) and body[0] < components)
            _check_scans(scans, width, height, limits)
    else:
        raise limits.damaged(f"more than {_SEGMENTS:,} segments")
    if several or scans > 1:  # the decoder keeps 16-bit coefficients of the whole picture
        channels = 1 if components == 1 else 4
        what = f"a progressive JPEG of {width}x{height} pixels"
        limits.check_memory(width * height * (channels + 2 * samples), what)


def _check_scans(scans: int, width: int, height: int, limits: Limits) -> None:
    if scans > MAX_SCANS or scans * width * height > _SCANNED * max(limits.max_pixels, 1 << 20):
        raise limits.damaged(f"{scans} scans or more of {width}x{height} pixels")


def _samples_a_pixel(components: bytes) -> float:
    """Samples that are stored for a pixel: 3 for 4:4:4, 1.5 for 4:2:0."""
    factors = [(value >> 4, value & 15) for value in components[1::3]]
    across = max((factor[0] for factor in factors), default=1) or 1
    down = max((factor[1] for factor in factors), default=1) or 1
    return sum(factor[0] * factor[1] for factor in factors) / (across * down)
