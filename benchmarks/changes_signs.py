"""Whether one sign that became another is seen on a page that is else equal to the pixel.

    python benchmarks/changes_signs.py --json benchmarks/changes_signs.json          # digits, and some letters
    python benchmarks/changes_signs.py --signs 0123456789

In: nothing; a browser (extra `[browser]`) draws lines such as `Total 12.50 up` in four fonts, six sizes and three
colours. Out: how many of the pairs that differ in one sign of one line are passed over, by size and by font.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import urllib.parse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from blip2idc.images.changes import find_changes

FONTS = ("DejaVu Sans Mono", "Liberation Sans", "Liberation Serif", "DejaVu Sans")
SIZES = (10, 11, 12, 13, 14, 16)
STYLES = (("#222", 400), ("#888", 400), ("#0d6efd", 700))
LINES = tuple(itertools.product(FONTS, SIZES, STYLES))
ACROSS, WIDTH, HEIGHT = 5, 150, 60  # lines beside each other, and pixels of the place of each


def pages(signs: str) -> dict[str, np.ndarray]:
    """A page with all lines for each sign, uint8 [H, W, 3]."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--window-size=800,1000"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options)
    found = {}
    for sign in signs:
        lines = "".join(
            f'<div style="position:absolute;left:{10 + WIDTH * (index % ACROSS)}px;'
            f"top:{10 + HEIGHT * (index // ACROSS)}px;font:{weight} {size}px '{font}';color:{color}\">"
            f"Total 1{sign}.50 up</div>"
            for index, (font, size, (color, weight)) in enumerate(LINES)
        )
        driver.get("data:text/html," + urllib.parse.quote(lines))
        with Image.open(io.BytesIO(driver.get_screenshot_as_png())) as shot:
            found[sign] = np.asarray(shot.convert("RGB"))
    driver.quit()
    return found


def measure(signs: str) -> dict[str, Any]:
    """The pairs, and those that are passed over."""
    drawn = pages(signs)
    pairs, sizes, fonts = 0, Counter[str](), Counter[str]()
    for index, (font, size, _) in enumerate(LINES):
        left, top = WIDTH * (index % ACROSS), HEIGHT * (index // ACROSS)
        start = max(0, top - HEIGHT)
        place = slice(top - start, top - start + HEIGHT), slice(left, left + WIDTH)
        for one, other in itertools.permutations(signs, 2):
            before = drawn[one][start : top + 2 * HEIGHT, : ACROSS * WIDTH]
            after = before.copy()
            after[place] = drawn[other][top : top + HEIGHT, left : left + WIDTH]
            if (before == after).all():
                continue
            pairs += 1
            if find_changes(before, after, texts=False).judgement != "compact":
                sizes[str(size)] += 1
                fonts[font] += 1
    return {"pairs": pairs, "passed_over": sum(sizes.values()), "by_size": sizes, "by_font": fonts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--signs", nargs="*", default=["0123456789", "aceilmnorstu"])
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    result = {signs: measure(signs) for signs in options.signs}
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
