"""Mutated images: nothing but `ImageError`, within 10 seconds and 600 MB.

Every file is opened as a picture and read frame by frame, in a process of its own that is watched.

    python -m benchmarks.attacks.images --count 10000 --seed 1
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from benchmarks.attacks.mutate import mutated
from benchmarks.attacks.watch import Use, attack, command
from PIL import Image


def good_files(seed: int) -> list[bytes]:
    """A picture in every format that is opened, in several modes, and animations."""
    rng = np.random.default_rng(seed)
    noise = Image.fromarray(rng.integers(0, 256, (40, 56, 3), dtype=np.uint8))
    smooth = Image.radial_gradient("L").resize((64, 48))
    made = []
    for form, options in (
        *(
            ("PNG", {}),
            ("JPEG", {}),
            ("JPEG", {"progressive": True}),
            ("GIF", {}),
            ("WEBP", {}),
            ("BMP", {}),
            ("PPM", {}),
        ),
        *(
            ("WEBP", {"lossless": True}),
            ("ICO", {}),
            ("JPEG2000", {}),
            ("AVIF", {}),
            ("TGA", {}),
            ("TIFF", {}),
        ),
        *(("TIFF", {"compression": kind}) for kind in ("tiff_lzw", "jpeg", "tiff_adobe_deflate")),
        ("TGA", {"compression": "tga_rle"}),
    ):
        for image in (noise, smooth):
            made.append(_saved(image, form, **options))
    for form in ("PNG", "TIFF", "WEBP", "ICO", "TGA", "GIF", "JPEG2000"):
        made.append(_saved(noise.convert("RGBA"), form))
    for mode in ("1", "P", "I;16", "LA"):
        made.append(_saved(smooth.convert(mode), "PNG"))
    for mode in ("I", "F", "I;16", "CMYK"):
        made.append(_saved(smooth.convert("L").convert(mode), "TIFF"))
    for form in ("GIF", "PNG", "WEBP", "TIFF", "MPO", "AVIF"):
        made.append(_saved(noise, form, save_all=True, append_images=[noise.rotate(90), noise.rotate(180)]))
    made.append(b"P3\n4 3\n255\n" + b"1 2 3 " * 12)
    made.append(b"P6\n4 3\n200\n" + bytes(36))
    return [*made, *_hostile()]


def _hostile() -> list[bytes]:
    """Bombs, which mutations make others of."""
    from tests.fixtures import hostile_images as hostile

    return [
        hostile.bmp(64, 48, b"\x09\x07" * 9 + b"\0\0\0\2\3\1\0\5\1\2\3\4\5\0\0\1"),
        hostile.bmp(8000, 8000, b"\0\2\xff\xff" * 9),
        hostile.ico(hostile.header_only_png(20_000, 20_000)),
        hostile.jpeg_of_scans(16, 16, 90),
        hostile.gif_of_frames((64, 48), 9),
        hostile.tiff(hostile.tiff_tags(64, 64, t322=(4, 1, 4096), t323=(4, 1, 4096)), pages=3),
    ]


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def make_uses(seed: int) -> list[Use]:
    """Open a mutant as a picture, and read all its frames."""
    from blip2idc.images.decoding.frames import read_frames
    from blip2idc.images.pair import open_image

    files = good_files(seed)

    def picture(number: int) -> None:
        open_image(mutant(files, seed, number))

    def frames(number: int) -> None:
        for _ in read_frames(mutant(files, seed, number)):
            pass

    return [picture, frames]


def mutant(files: list[bytes], seed: int, number: int) -> bytes:
    """The file of a number, a pure function of seed and number."""
    rng = np.random.default_rng([seed, number])
    return mutated(files[int(rng.integers(len(files)))], rng)


def run(count: int, seed: int) -> dict[str, Any]:
    """Open `count` mutants; what came of them."""
    return attack(make_uses, (seed,), count)


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, 10_000))
