"""Makes the pairs that `blip2idc demo` captions: pages, photographs, rendered scenes and edits no model was trained on.

    python examples/make_demo_pairs.py src/blip2idc/assets/demo          # needs Chromium and '.[browser]'

Scenes and edits are named by their world, seed and index. The pages are those of `examples/pages`, changed by a line of
script and photographed before and after; the photographs are changed by Pillow, as somebody with an image editor would.
Anyone can make each pair again.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from blip2idc.data.records import PairRecord, write_records
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.pages.browser import PageBrowser
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, World
from blip2idc.worlds.scenes.world import ScenesWorld

HERE = Path(__file__).parent
PHOTOGRAPHS = HERE.parent / "src" / "blip2idc" / "assets" / "photographs" / "test"
SEED = 20_260
SCENES = ("color", "add", "move", "none")
EDITS = ("black_and_white", "region_cover", "text", "flip", "region_remove", "none")

#: Name, page, what a script does to it, what is right to say.
PAGES = (
    ("price", "shop", "document.getElementById('price').textContent = '$99.00'",
     "the price of the first machine changed from $49.00 to $99.00"),
    ("button", "shop", "document.getElementById('button').style.background = '#1f9d55'",
     "the button in the middle turned from blue to green"),
    ("card", "shop", "document.getElementById('card').style.visibility = 'hidden'",
     "the card on the right is gone"),
    ("banner", "shop", "document.body.insertAdjacentHTML('afterbegin', '<div id=banner>Free delivery this week</div>')",
     "a yellow banner was added at the top"),
    ("alarm", "dashboard", "document.body.insertAdjacentHTML('beforeend', '<div id=alarm>Pump 3 stopped</div>')",
     "a red message appeared in the bottom right"),
    ("none", "dashboard", "", NO_CHANGE_CAPTIONS[0]),
)  # fmt: skip


def _warmed(picture: Image.Image) -> Image.Image:
    gains = np.array([1.16, 1.0, 0.80])
    return Image.fromarray((np.asarray(picture) * gains).clip(0, 255).astype(np.uint8))


def _retouched(picture: Image.Image) -> Image.Image:
    """The forensic case: an island under a patch of water, then a small crop, the old size and another encoding."""
    image = picture.copy()
    left, top, right, bottom = 322, 170, 410, 200
    patch = picture.crop((left, top + 33, right, bottom + 33))
    mask = Image.new("L", patch.size, 0)
    mask.paste(255, (5, 5, patch.width - 5, patch.height - 5))
    image.paste(patch, (left, top), mask.filter(ImageFilter.GaussianBlur(3)))
    width, height = image.size
    cropped = image.crop((0.02 * width, 0.01 * height, 0.99 * width, 0.98 * height))
    return _encoded(cropped.resize((width, height), Image.Resampling.BICUBIC), 85)


#: Name, photograph, what was done to it, what is right to say.
PHOTOGRAPHS_CHANGED: tuple[tuple[str, str, Callable[[Image.Image], Image.Image], str], ...] = (
    ("darker", "mountain", lambda p: ImageEnhance.Brightness(p).enhance(0.6), "the picture became darker"),
    ("warmer", "temple", _warmed, "the colors of the picture became warmer"),
    ("blurred", "flower", lambda p: p.filter(ImageFilter.GaussianBlur(3)), "the picture was blurred"),
    ("inverted", "officer", ImageOps.invert, "the colors of the picture were inverted"),
    ("retouched", "temple", _retouched, "the island in the lake disappeared"),
)


def _encoded(picture: Image.Image, quality: int) -> Image.Image:
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=quality)
    return Image.open(kept).convert("RGB")


def main(folder: Path) -> None:
    """Write images and manifest."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    records = [*_pages(folder), *_photographs(folder)]
    scenes = ScenesWorld(SEED, height=240, width=480, objects=(4, 6))
    edits = EditsWorld(SEED, height=240, width=480, split="test")
    for world, kinds, suffix in ((scenes, SCENES, "png"), (edits, EDITS, "jpg")):
        for kind in kinds:
            index = _first(world, kind)
            pair = world.pair(index)
            name = f"{world.name}-{pair.kind}".replace("_", "-")
            images = (Image.fromarray(pair.before), Image.fromarray(pair.after))
            note = f"{world.name}, seed {SEED}, pair {index}"
            known = {"change": dict(pair.change), "before_box": pair.before_box, "after_box": pair.after_box}
            records.append(_record(folder, name, images, suffix, pair.captions, world.name, note, **known))
    write_records(folder, records)


def _pages(folder: Path) -> list[PairRecord]:
    """The pages before and after; the last is the same page, encoded as JPEG."""
    records, browser = [], PageBrowser()
    try:
        for name, page, script, caption in PAGES:
            browser.load((HERE / "pages" / f"{page}.html").as_uri(), 800, 500)
            before = Image.fromarray(browser.photograph())
            browser.run(script)
            after = Image.fromarray(browser.photograph())
            if not script:
                after = _encoded(after, 80)
            records.append(
                _record(folder, f"pages-{name}", (before, after), "png", (caption,), "pages", f"{page}.html")
            )
    finally:
        browser.close()
    return records


def _photographs(folder: Path) -> list[PairRecord]:
    records = []
    for name, photograph, change, caption in PHOTOGRAPHS_CHANGED:
        with Image.open(PHOTOGRAPHS / f"{photograph}.jpg") as opened:
            before = opened.convert("RGB")
        images = (before, change(before))
        note = f"{photograph}.jpg, by Pillow"
        records.append(_record(folder, f"photograph-{name}", images, "jpg", (caption,), "photographs", note))
    return records


def _first(world: World, kind: str) -> int:
    """The first pair of a kind; of no two kinds the same."""
    return next(index for index in range(10_000) if world.pair(index).kind == kind)


def _record(
    folder: Path,
    name: str,
    images: tuple[Image.Image, Image.Image],
    suffix: str,
    captions: tuple[str, ...],
    source: str,
    note: str,
    **known: object,
) -> PairRecord:
    names = []
    for moment, image in zip(("before", "after"), images, strict=True):
        names.append(f"images/{name}-{moment}.{suffix}")
        options = {"quality": 92} if suffix == "jpg" else {"optimize": True}
        image.save(folder / names[-1], **options)
    return PairRecord(
        id=name, before_file_name=names[0], after_file_name=names[1], captions=captions, source=source,
        extra={"note": note}, **known,
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
