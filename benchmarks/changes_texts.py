"""How many changed texts are read exactly, by size and font: pages drawn here, one text of each replaced.

    python benchmarks/changes_texts.py --count 200 --json benchmarks/changes_texts.json     # needs the extra [ocr]

Texts are 12 to 40 pixels high, light on dark or dark on light, in fonts that the machine has, alone, in a button or
amid a sentence. A text counts as read when the words that changed (a short line: all of it) are told letter by letter,
before and after each counted.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from changes_pages import WORDS, words
from changes_truth import share
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes

FAMILIES = (
    "DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "Liberation Sans", "Liberation Serif", "Liberation Sans:bold",
    "Liberation Mono", "Inter", "Noto Sans", "Noto Serif", "Roboto", "Open Sans", "Lato",
)  # fmt: skip
SIZES = (12, 13, 14, 15, 16, 18, 20, 24, 28, 32, 40)
COLORS = (("#ffffff", "#1f2933"), ("#fbf7f0", "#3b2f2f"), ("#101418", "#e5e7eb"), ("#0d6efd", "#ffffff"),
          ("#f4f6f8", "#0d6efd"), ("#ffffff", "#777777"), ("#2f855a", "#ffffff"))  # fmt: skip


def fonts() -> list[Path]:
    """Files of the families that are installed; a family that is not is left out."""
    found = []
    for family in FAMILIES:
        line = subprocess.run(
            ["fc-match", "-f", "%{family}|%{file}", family], capture_output=True, text=True, check=True
        )
        name, _, path = line.stdout.partition("|")
        if family.split(":")[0] in name:
            found.append(Path(path))
    return found


def texts(rng: random.Random) -> tuple[str, str, str, str]:
    """What is drawn before and after, and the words of it that changed."""
    kind = rng.randrange(5)
    if kind == 0:
        one, other = (f"${rng.randint(1, 99)},{rng.randint(100, 999)}" for _ in range(2))
    elif kind == 1:
        one, other = (f"{rng.randint(5, 499)}.{rng.randint(10, 99)} €" for _ in range(2))
    elif kind == 2:
        one, other = (f"{words(rng, 1, 1)} {rng.randint(2, 980)}" for _ in range(2))
    elif kind == 3:
        one, other = words(rng, 1, 3), words(rng, 1, 3)
    else:
        parts = [rng.choice(WORDS) for _ in range(rng.randint(8, 10))]
        place = rng.randrange(1, len(parts) - 1)
        new = rng.choice([word for word in WORDS if word != parts[place]])
        changed = [*parts[:place], new, *parts[place + 1 :]]
        return " ".join(parts), " ".join(changed), parts[place], new
    return (one, other, one, other) if one != other else texts(rng)


def drawn(
    rng: random.Random, font: Path, size: int, text: tuple[str, str]
) -> tuple[Image.Image, Image.Image]:
    """Two pages that are alike but for a text."""
    ground, ink = rng.choice(COLORS)
    letters, small = ImageFont.truetype(str(font), size), ImageFont.truetype(str(font), 15)
    page = Image.new("RGB", (1600, 600), "white")
    draw = ImageDraw.Draw(page)
    for line in range(8):
        draw.text((40, 40 + 24 * line), words(rng, 6, 12), "#333333", small)
    draw.rectangle((40, 290, 1560, 290 + 3 * size), fill=ground)
    place = 60 + rng.randrange(60), 290 + size
    result = []
    for said in text:
        image = page.copy()
        ImageDraw.Draw(image).text(place, said, ink, letters)
        result.append(image)
    return result[0], result[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jpeg", type=int, default=None, help="quality at which every page after is encoded")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    families = fonts()
    groups: dict[str, list[bool]] = defaultdict(list)
    for number in range(options.count):
        rng = random.Random(options.seed * 1_000_003 + number)
        font, size = rng.choice(families), SIZES[number % len(SIZES)]
        one, other, *expected = texts(rng)
        before, after = drawn(rng, font, size, (one, other))
        if options.jpeg:
            buffer = io.BytesIO()
            after.save(buffer, "JPEG", quality=options.jpeg)
            after = Image.open(buffer).convert("RGB")
        found = find_changes(before, after).changes
        read = [found[0].before_text, found[0].after_text] if found else [None, None]
        for text, true in zip(read, expected, strict=True):
            for group in (
                "all",
                f"size {size}",
                f"font {font.stem}",
                "sentence" if len(one) > 40 else "short",
            ):
                groups[group].append(text == true)
        if options.verbose and read != expected:
            print(size, font.stem, expected, read, [change.sentence for change in found[:2]], flush=True)
    result: dict[str, Any] = {
        name: {"texts": len(hits), "exact": share(hits)} for name, hits in sorted(groups.items())
    }
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
