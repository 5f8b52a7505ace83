# ruff: noqa: E501
"""Picture puzzles for measuring `find_changes`: ten line drawings, each with several small differences.

    python benchmarks/changes_puzzle.py --json benchmarks/changes_puzzle.json --output /tmp/puzzle

In: nothing; the drawings are made here of houses, trees, boats, fish, clouds, people and flowers at random places. Out:
how many of the places are found, how many boxes are at no place, and with `--output` the pairs with the boxes drawn.
A place counts as found where a box overlaps it with IoU over 0.3, or holds it and is at most four times as large.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from changes_pages import bounds
from changes_truth import box_iou
from PIL import Image, ImageDraw

from blip2idc.images.changes import find_changes

SIZE = (900, 640)
INK = "#202020"
Draw = ImageDraw.ImageDraw


def house(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.rectangle((x, y, x + 120, y + 90), fill=look.get("wall", "#f3dcb0"), outline=INK, width=3)
    draw.polygon(
        [(x - 10, y), (x + 60, y - 55), (x + 130, y)], fill=look.get("roof", "#b5523b"), outline=INK, width=3
    )
    if look.get("chimney", True):
        draw.rectangle((x + 88, y - 58, x + 104, y - 22), fill="#8d4a3a", outline=INK, width=2)
    draw.rectangle((x + 48, y + 42, x + 74, y + 90), fill=look.get("door", "#6b4a2b"), outline=INK, width=2)
    if look.get("window", True):
        draw.rectangle((x + 12, y + 22, x + 36, y + 46), fill="#cfe8f5", outline=INK, width=2)
    draw.ellipse((x + 66, y + 62, x + 70, y + 66), fill=INK)


def tree(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.rectangle((x - 8, y, x + 8, y + 60), fill="#7a5230", outline=INK, width=2)
    draw.ellipse((x - 45, y - 70, x + 45, y + 15), fill=look.get("leaves", "#4f9d4a"), outline=INK, width=3)
    for k in range(look.get("apples", 4)):
        draw.ellipse(
            (x - 30 + 17 * k, y - 40 + 13 * (k % 2), x - 20 + 17 * k, y - 30 + 13 * (k % 2)),
            fill="#c9302c",
            outline=INK,
        )


def boat(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.polygon(
        [(x, y), (x + 110, y), (x + 90, y + 28), (x + 20, y + 28)],
        fill=look.get("hull", "#3f6fb0"),
        outline=INK,
        width=3,
    )
    draw.line((x + 55, y, x + 55, y - 80), fill=INK, width=3)
    draw.polygon(
        [(x + 58, y - 78), (x + 58, y - 10), (x + 100, y - 10)], fill="#ffffff", outline=INK, width=2
    )
    if look.get("flag", True):
        draw.polygon([(x + 55, y - 82), (x + 35, y - 75), (x + 55, y - 68)], fill="#d63c3c", outline=INK)


def fish(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.ellipse((x, y, x + 70, y + 36), fill=look.get("scales", "#f0a13a"), outline=INK, width=2)
    draw.polygon(
        [(x + 66, y + 18), (x + 92, y + 2), (x + 92, y + 34)],
        fill=look.get("tail", "#f0a13a"),
        outline=INK,
        width=2,
    )
    if look.get("eye", True):
        draw.ellipse((x + 12, y + 10, x + 20, y + 18), fill=INK)
    draw.arc((x + 22, y + 4, x + 40, y + 32), 270, 90, fill=INK, width=2)


def cloud(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    for dx, dy, r in ((0, 10, 22), (28, 0, 28), (60, 8, 24)):
        draw.ellipse(
            (x + dx, y + dy, x + dx + 2 * r, y + dy + 2 * r),
            fill=look.get("white", "#ffffff"),
            outline="#7b8794",
            width=2,
        )


def person(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.ellipse((x - 16, y, x + 16, y + 32), fill="#f2c9a1", outline=INK, width=2)
    if look.get("hat", True):
        draw.rectangle((x - 18, y - 6, x + 18, y + 4), fill="#333366", outline=INK)
        draw.rectangle((x - 10, y - 20, x + 10, y - 4), fill="#333366", outline=INK)
    draw.rectangle((x - 18, y + 32, x + 18, y + 80), fill=look.get("shirt", "#cc4455"), outline=INK, width=2)
    angle = look.get("arm", 0.6)
    draw.line(
        (x + 18, y + 40, x + 18 + 34 * math.cos(angle), y + 40 + 34 * math.sin(angle)), fill=INK, width=4
    )
    draw.line((x - 18, y + 40, x - 40, y + 62), fill=INK, width=4)
    draw.line((x - 8, y + 80, x - 12, y + 116), fill=INK, width=4)
    draw.line((x + 8, y + 80, x + 12, y + 116), fill=INK, width=4)
    draw.arc(
        (x - 8, y + 12, x + 8, y + 26),
        *((20, 160) if look.get("smile", True) else (200, 340)),
        fill=INK,
        width=2,
    )


def flower(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.line((x, y, x, y + 46), fill="#3a7d34", width=3)
    for k in range(look.get("petals", 6)):
        a = 2 * math.pi * k / 6
        cx, cy = x + 14 * math.cos(a), y + 14 * math.sin(a)
        draw.ellipse((cx - 8, cy - 8, cx + 8, cy + 8), fill=look.get("petal", "#e06ca8"), outline=INK)
    draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill="#f5d33b", outline=INK)


def sun(draw: Draw, x: int, y: int, look: dict[str, Any]) -> None:
    draw.ellipse((x - 26, y - 26, x + 26, y + 26), fill=look.get("yellow", "#ffd83a"), outline=INK, width=2)
    for k in range(look.get("rays", 10)):
        a = 2 * math.pi * k / 10
        draw.line(
            (x + 32 * math.cos(a), y + 32 * math.sin(a), x + 48 * math.cos(a), y + 48 * math.sin(a)),
            fill="#e0a020",
            width=3,
        )


THINGS: dict[str, tuple[Callable[[Draw, int, int, dict[str, Any]], None], tuple[dict[str, Any], ...]]] = {
    "house": (house, ({"door": "#2d6cb5"}, {"chimney": False}, {"window": False}, {"roof": "#5b7f3a"}, {"wall": "#d6e6f2"})),
    "tree": (tree, ({"apples": 3}, {"apples": 2}, {"leaves": "#8aa83a"})),
    "boat": (boat, ({"flag": False}, {"hull": "#b04a3f"})),
    "fish": (fish, ({"eye": False}, {"tail": "#7bb04a"}, {"scales": "#e8d03a"})),
    "cloud": (cloud, ({"absent": True}, {"white": "#dfe3e8"})),
    "person": (person, ({"hat": False}, {"shirt": "#44aa66"}, {"arm": -0.7}, {"smile": False})),
    "flower": (flower, ({"petals": 5}, {"petal": "#7c6ce0"}, {"absent": True})),
    "sun": (sun, ({"rays": 9}, {"yellow": "#ffb03a"})),
}  # fmt: skip


def puzzle(rng: random.Random) -> tuple[Image.Image, Image.Image, list[list[int]]]:
    """Two drawings and the boxes of their three or four differences."""
    sky, grass = rng.choice(
        (("#dff1fb", "#b9d99a"), ("#fdf1d8", "#d9c99a"), ("#ffffff", "#ffffff"), ("#e8e4f3", "#a8c9b0"))
    )
    cells = [(column, row) for row in range(3) for column in range(5)]
    rng.shuffle(cells)
    things = []
    for column, row in cells[: rng.randint(11, 14)]:
        names = (
            ("cloud", "sun") if row == 0 else tuple(name for name in THINGS if name not in ("cloud", "sun"))
        )
        things.append(
            (
                rng.choice(names),
                60 + 170 * column + rng.randint(-10, 10),
                100 + 190 * row + rng.randint(-12, 12),
            )
        )
    before: list[dict[str, Any]] = [{} for _ in things]
    after = list(before)
    true = []
    first = drawing(things, before, sky, grass)
    for number in rng.sample(range(len(things)), rng.choice((3, 3, 4, 4))):
        after[number] = rng.choice(THINGS[things[number][0]][1])
        alone = [after[number] if other == number else {} for other in range(len(things))]
        true.append(bounds(first, drawing(things, alone, sky, grass)))
    return first, drawing(things, after, sky, grass), [box for box in true if box]


def drawing(
    things: list[tuple[str, int, int]], looks: list[dict[str, Any]], sky: str, grass: str
) -> Image.Image:
    """All things in their looks."""
    image = Image.new("RGB", SIZE, sky)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 400, *SIZE), fill=grass)
    for k in range(40):
        x, y = 22 * k + 7 * (k % 3), 420 + 53 * (k % 4)
        draw.line((x, y, x + 4, y - 9), fill="#6f8f5a", width=1)
    for (name, x, y), look in zip(things, looks, strict=True):
        if not look.get("absent"):
            THINGS[name][0](draw, x, y, look)
    return image


def is_at(box: Any, place: list[int]) -> bool:
    if box is None:
        return False
    holds = (
        box[0] <= place[0] + 2
        and box[1] <= place[1] + 2
        and box[0] + box[2] >= place[0] + place[2] - 2
        and box[1] + box[3] >= place[1] + place[3] - 2
    )
    return box_iou(box, place) > 0.3 or (holds and box[2] * box[3] <= 4 * place[2] * place[3])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--output", type=Path, default=None)
    options = parser.parse_args()
    total = hits = false = 0
    for number in range(options.count):
        before, after, true = puzzle(random.Random(options.seed * 1_000_003 + number))
        changes = find_changes(before, after, texts=False).changes
        found = [
            any(is_at(box, place) for change in changes for box in (change.before_box, change.after_box))
            for place in true
        ]
        wrong = [
            change
            for change in changes
            if not any(is_at(box, place) for place in true for box in (change.before_box, change.after_box))
        ]
        total, hits, false = total + len(true), hits + sum(found), false + len(wrong)
        print(
            number, f"{sum(found)} of {len(true)}", [(change.after_box, change.sentence) for change in wrong]
        )
        if options.output:
            save(
                options.output,
                number,
                before,
                after,
                true,
                [change.after_box or change.before_box for change in changes],
            )
    result = {"drawings": options.count, "places": total, "found": hits, "false_boxes": false}
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def save(folder: Path, number: int, before: Image.Image, after: Image.Image, true: Any, found: Any) -> None:
    """Both drawings beside each other, the true places in green on the left, those found in red on the right."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Image.new("RGB", (2 * SIZE[0], SIZE[1]))
    for side, (image, boxes, color) in enumerate(((before, true, "#00a000"), (after, found, "#e00000"))):
        drawing = image.copy()
        for x, y, width, height in boxes:
            ImageDraw.Draw(drawing).rectangle(
                (x - 3, y - 3, x + width + 3, y + height + 3), outline=color, width=2
            )
        sheet.paste(drawing, (side * SIZE[0], 0))
    sheet.save(folder / f"{number:02d}.png")


if __name__ == "__main__":
    main()
