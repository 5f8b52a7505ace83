"""What `compare` costs without a model: folders of identical pairs, and one pair of very large images.

    python benchmarks/compare.py --count 200 --megapixels 100

prints seconds of processor time for the folders, which heavy libraries were loaded, and peak memory of the large pair.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from blip2idc.cli.main import run

HEAVY = ("torch", "transformers", "cv2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="identical pairs of 1280x900")
    parser.add_argument(
        "--megapixels", type=int, default=100, help="of each image of the large pair; 0 for none"
    )
    parser.add_argument("--large", nargs=2, type=Path, help=argparse.SUPPRESS)  # in a process of its own
    arguments = parser.parse_args()
    if arguments.large:
        one_large_pair(*arguments.large)
        return
    with tempfile.TemporaryDirectory() as folder:
        identical_pairs(Path(folder), arguments.count)
        if arguments.megapixels:
            before, after = large_pair(Path(folder), arguments.megapixels)
            subprocess.run([sys.executable, __file__, "--large", before, after], check=True)


def identical_pairs(folder: Path, count: int) -> None:
    page = np.full((900, 1280, 3), 255, np.uint8)
    page[100:400, 100:900] = np.random.default_rng(0).integers(0, 255, (300, 800, 3))
    for side in ("a", "b"):
        (folder / side).mkdir()
        for number in range(count):
            Image.fromarray(page).save(folder / side / f"{number}.png", compress_level=1)
    begun = time.process_time()
    status = run(["compare", str(folder / "a"), str(folder / "b")])
    loaded = [name for name in HEAVY if name in sys.modules]
    print(
        f"{count} identical pairs: exit {status}, {time.process_time() - begun:.1f} s, loaded: {loaded or 'none'}"
    )


def large_pair(folder: Path, megapixels: int) -> tuple[Path, Path]:
    """Two pictures of tiles, in one of which a block of 300 x 200 is red."""
    side = round((megapixels * 1e6) ** 0.5)
    tile = np.random.default_rng(0).integers(0, 255, (500, 500, 3), dtype=np.uint8)
    picture = np.tile(
        np.asarray(Image.fromarray(tile).resize((1000, 1000))), (side // 1000 + 1, side // 1000 + 1, 1)
    )
    picture = picture[:side, :side]
    paths = folder / "before.png", folder / "after.png"
    Image.fromarray(picture).save(paths[0], compress_level=1)
    picture[side // 2 : side // 2 + 200, 100:400] = (200, 30, 30)
    Image.fromarray(picture).save(paths[1], compress_level=1)
    return paths


def one_large_pair(before: Path, after: Path) -> None:
    begun = time.process_time()
    run(["compare", str(before), str(after), "--judge", "pixels", "--max-pixels", "1000000000"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"large pair: {time.process_time() - begun:.1f} s, peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
