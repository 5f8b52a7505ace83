"""Whether `blip2idc train` with nothing but `--data` and `--output` learns somebody's own sentences and pictures.

    python benchmarks/own_data.py two        # 240 pairs, two sentences in all; five minutes on two cores are allowed
    python benchmarks/own_data.py patterns   # 500 pairs, 40 patterns of sentences; fifteen minutes on two cores

Draws tiles as from a satellite, trains the packaged model on them with the command of the README, captions 60 pairs
that it was not trained on, and counts captions that are the pair's own to the word. In `patterns` the test pairs join a
thing, what happens to it and a place as no pair of the training does. Time is told as passed and as the seconds of
processor time that the training took; two idle cores need at least half of the latter. Writes `own_data.json` here.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from blip2idc.model.captioner import DifferenceCaptioner

SIZE = 256
TEST = 60
UNCHANGED = "the scene is the same as before"
APPEARS = "a building appears in the bare land"
THINGS = ("building", "road", "lake", "forest", "parking lot", "field", "greenhouse", "pool")
CHANGES = ("a {t} was built {p}", "the {t} {p} has been demolished", "the {t} {p} became larger",
           "the {t} {p} is covered with snow", "two {t}s appear {p}")  # fmt: skip
PLACES = ("in the north", "in the south", "in the east", "in the west")
COLORS = {
    "building": (172, 168, 165), "road": (92, 92, 96), "lake": (40, 78, 120), "forest": (34, 78, 40),
    "parking lot": (120, 120, 124), "field": (178, 166, 70), "greenhouse": (214, 226, 232), "pool": (70, 190, 214),
}  # fmt: skip
_CENTRES = {
    "in the north": (128, 56),
    "in the south": (128, 200),
    "in the east": (200, 128),
    "in the west": (56, 128),
}


@dataclass(frozen=True)
class Told:
    """One pair: what happens to what, and where; `change` is None where nothing does."""

    thing: str
    change: int | None
    place: str

    @property
    def sentence(self) -> str:
        """What is said of it in `patterns`."""
        if self.change is None:
            return UNCHANGED
        return CHANGES[self.change].format(t=self.thing, p=self.place)


def ground(rng: np.random.Generator) -> Image.Image:
    """Bare land with patches of grass and a track."""
    base = np.array([146, 124, 96]) + rng.normal(0, 7, 3)
    noise = rng.normal(0, 1, (16, 16, 1)).repeat(16, 0).repeat(16, 1) * 5 + rng.normal(0, 5, (SIZE, SIZE, 1))
    image = Image.fromarray(np.clip(base + noise, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.8)
    )
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(2, 6)):
        x, y, r = rng.integers(0, SIZE), rng.integers(0, SIZE), rng.integers(8, 30)
        green = (int(96 + rng.integers(-10, 10)), int(118 + rng.integers(-12, 12)), 72)
        draw.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), fill=green)
    a, b = rng.integers(0, SIZE, 2)
    draw.line((0, a, SIZE, b), fill=(164, 146, 120), width=3)
    return image.filter(ImageFilter.GaussianBlur(0.6))


def place_thing(
    image: Image.Image, thing: str, box: tuple[float, float, float, float], snow: bool, seed: int
) -> None:
    """Draws a thing into a box (left, top, right, bottom)."""
    rng = np.random.default_rng(seed)
    draw = ImageDraw.Draw(image)
    x0, y0, x1, y1 = box
    color = tuple(int(value + rng.integers(-8, 9)) for value in COLORS[thing])
    color = (236, 239, 243) if snow else color
    wide, high = x1 - x0, y1 - y0
    if thing in ("lake", "forest"):
        for _ in range(9 if thing == "forest" else 3):
            dx, dy = rng.uniform(-0.12, 0.12, 2)
            draw.ellipse((x0 + dx * wide, y0 + dy * high, x1 + dx * wide, y1 + dy * high), fill=color)
        if thing == "forest" and not snow:
            for _ in range(40):
                x, y = (
                    rng.uniform(x0 + wide * 0.15, x1 - wide * 0.15),
                    rng.uniform(y0 + high * 0.15, y1 - high * 0.15),
                )
                draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=(24, 60, 30))
    elif thing == "road":
        middle = (y0 + y1) / 2
        draw.rectangle((x0 - 26, middle - 9, x1 + 26, middle + 9), fill=color)
        if not snow:
            draw.line((x0 - 26, middle, x1 + 26, middle), fill=(230, 230, 220), width=2)
    else:
        if thing in ("building", "greenhouse"):
            draw.rectangle((x0 + 5, y0 + 5, x1 + 6, y1 + 6), fill=(60, 52, 44))
        draw.rectangle(box, fill=color)
        lines = {"parking lot": (240, 240, 240), "field": (150, 136, 50), "greenhouse": (150, 170, 180)}.get(
            thing
        )
        if lines and not snow:
            for x in np.arange(x0 + 4, x1, 9):
                draw.line((x, y0, x, y1), fill=lines, width=2)
        if thing == "building":
            draw.line(
                (x0, (y0 + y1) / 2, x1, (y0 + y1) / 2),
                fill=(120, 116, 114) if not snow else (190, 195, 200),
                width=2,
            )
        if thing == "pool":
            draw.rectangle(box, outline=(240, 240, 240), width=3)


def tile_pair(told: Told, rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """The tile before and after, with light and noise of their own."""
    land = ground(rng)
    x, y = (value + rng.integers(-18, 19) for value in _CENTRES[told.place])
    half, seed = float(rng.uniform(19, 27)), int(rng.integers(1 << 30))
    small, large = ((x - r, y - r * 0.8, x + r, y + r * 0.8) for r in (half, half * 1.7))
    left, right = (
        (x + d - half * 0.9, y - half * 0.7, x + d + half * 0.9, y + half * 0.7) for d in (-29, 29)
    )
    states: dict[int | None, tuple[list[Any], list[Any]]] = {
        None: ([(small, False)], [(small, False)]) if rng.random() < 0.5 else ([], []),
        0: ([], [(small, False)]), 1: ([(small, False)], []), 2: ([(small, False)], [(large, False)]),
        3: ([(small, False)], [(small, True)]), 4: ([], [(left, False), (right, False)]),
    }  # fmt: skip
    images = []
    for drawn in states[told.change]:
        image = land.copy()
        for number, (box, snow) in enumerate(drawn):
            place_thing(image, told.thing, box, snow, seed + number)
        images.append(_taken(image, rng))
    return images[0], images[1]


def _taken(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    values: npt.NDArray[np.float64] = np.asarray(image, np.float64) * rng.uniform(0.95, 1.05) + rng.normal(
        0, 2, (SIZE, SIZE, 3)
    )
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def told_pairs(name: str, rng: np.random.Generator) -> tuple[list[tuple[Told, str]], list[tuple[Told, str]]]:
    """(pair, its sentence) for training and for the test."""
    if name == "two":

        def drawn(count: int) -> list[tuple[Told, str]]:
            places = rng.choice(PLACES, count)
            return [
                (Told("building", 0 if k % 2 else None, str(place)), APPEARS if k % 2 else UNCHANGED)
                for k, place in enumerate(places)
            ]

        return drawn(240), drawn(TEST)
    combined = [Told(t, c, p) for t in THINGS for c in range(len(CHANGES)) for p in PLACES]
    # one place of each (thing, change) is held out, so that all words and pairs of them are trained
    held = {(t, c): PLACES[int(rng.integers(4))] for t in THINGS for c in range(len(CHANGES))}
    seen = [told for told in combined if held[told.thing, told.change or 0] != told.place]
    unseen = [told for told in combined if held[told.thing, told.change or 0] == told.place]
    train = [seen[k % len(seen)] for k in rng.permutation(500)]
    test = [unseen[k % len(unseen)] for k in range(TEST)]
    return [(told, told.sentence) for told in train], [(told, told.sentence) for told in test]


def write(folder: Path, pairs: Sequence[tuple[Told, str]], rng: np.random.Generator) -> None:
    """A data set as anybody would make one."""
    (folder / "images").mkdir(parents=True)
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as handle:
        for number, (told, sentence) in enumerate(pairs):
            names = [f"images/{number:04d}_{side}.png" for side in ("before", "after")]
            for image, name in zip(tile_pair(told, rng), names, strict=True):
                image.save(folder / name)
            record = {"id": f"{number:04d}", "before_file_name": names[0], "after_file_name": names[1],
                      "captions": [sentence]}  # fmt: skip
            handle.write(json.dumps(record) + "\n")


def measure(name: str, folder: Path, further: Sequence[str]) -> dict[str, Any]:
    """Make the data, train with the README's command, caption the test pairs."""
    rng = np.random.default_rng(20)
    train, test = told_pairs(name, rng)
    write(folder / "train", train, rng)
    write(folder / "test", test, rng)
    command = [sys.executable, "-m", "blip2idc", "train", "--data", str(folder / "train"),
               "--output", str(folder / "adapter"), *further]  # fmt: skip
    started, spent = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    passed, now = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime
    model = [further[k + 1] for k, word in enumerate(further) if word == "--model"]
    captioner = DifferenceCaptioner.from_pretrained(model[0] if model else None, folder / "adapter")
    names = [
        [folder / "test" / f"images/{k:04d}_{side}.png" for side in ("before", "after")]
        for k in range(len(test))
    ]
    said = [difference.caption for difference in captioner.stream((a, b) for a, b in names)]
    right = sum(caption == sentence for caption, (_, sentence) in zip(said, test, strict=True))
    wrong = [[c, sentence] for c, (_, sentence) in zip(said, test, strict=True) if c != sentence][:8]
    return {
        "pairs": len(train), "test": len(test), "exact": right, "seconds": round(passed),
        "processor_seconds": round(processor), "wrong": wrong,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=("two", "patterns"))
    parser.add_argument("further", nargs="*", help="further options of train, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.set, Path(folder), options.further)
    print(json.dumps(found, indent=1))
    if not options.further:
        target = Path(__file__).with_suffix(".json")
        known = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
        target.write_text(json.dumps({**known, options.set: found}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
