"""The page of two compared folders: every file with its verdict, what differs on top.

In: a `Comparison` and, where they were made, heatmaps of changed pairs. Out: one self-contained HTML document.
Identical files are listed by name only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.compare.comparison import STATUSES, Comparison, Entry, utf8
from blip2idc.compare.words import pixels_in_words
from blip2idc.errors import ImageError
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImagePair, open_image
from blip2idc.images.pixels import Region
from blip2idc.report.html.page import flat_facts, picture_uri, render, thumbnail_uri
from blip2idc.report.pictures.overlay import pair_layers

_ORDER = ("error", "changed", "added", "removed", "same")
_LONGEST = 480  # pixels of a thumbnail's longer side: enough to tell what changed, small enough for hundreds
_TELLING = 0.8  # share of the image up to which a box around the differing pixels is drawn


def compare_page(comparison: Comparison, heatmaps: Mapping[str, PairHeatmap] | None = None) -> str:
    """Write the page.

    Args:
        comparison: What to show; its files are read again for the pictures.
        heatmaps: By file name, for those pairs that were explained.
    """
    shown = [entry for entry in comparison.entries if entry.status != "same" or entry.pixels_differ]
    shown.sort(key=lambda entry: (_ORDER.index(entry.status), -(entry.change_probability or 0), entry.name))
    cards = [_card(entry, comparison, (heatmaps or {}).get(entry.name)) for entry in shown]
    return render(
        "compare.html",
        title=f"{comparison.before.name} and {comparison.after.name}",
        comparison=comparison,
        cards=cards,
        statuses=[status for status in STATUSES if any(card["entry"].status == status for card in cards)],
        identical=[utf8(entry.name) for entry in comparison.entries if entry not in shown],
        has_heat=bool(heatmaps),
        facts=flat_facts(comparison.run),
    )


def _card(entry: Entry, comparison: Comparison, heatmap: PairHeatmap | None) -> dict[str, Any]:
    images = _images(entry, comparison)
    layers: tuple[str, ...] = ()
    if heatmap is not None and len(images) == 2:
        pair = ImagePair(images["before"], images["after"])
        layers = tuple(picture_uri(layer) for layer in pair_layers(heatmap, pair))
    return {
        "entry": entry,
        "name": utf8(entry.name),
        "pixels": pixels_in_words(entry.pixels) if entry.pixels is not None and entry.pixels_differ else "",
        "layers": layers,
        "pictures": [_picture(role, entry.name, image, _box(entry)) for role, image in images.items()],
    }


def _box(entry: Entry) -> Region | None:
    """The region around the differing pixels, unless it is nearly the whole image and so says nothing."""
    pixels = entry.pixels
    if pixels is None or pixels.box is None:
        return None
    area = pixels.box[2] * pixels.box[3] / (pixels.before_size[0] * pixels.before_size[1])
    return pixels.box if area <= _TELLING else None


def _images(entry: Entry, comparison: Comparison) -> dict[str, Image.Image]:
    """Those images of an entry that can be opened, by their role."""
    found = {}
    for role, folder in (("before", comparison.before), ("after", comparison.after)):
        if (folder / entry.name).is_file():
            try:
                found[role] = open_image(Path(folder, entry.name), max_pixels=comparison.settings.max_pixels)
            except ImageError:
                continue  # the entry says already that it is an error
    return found


def _picture(role: str, name: str, image: Image.Image, box: Region | None) -> dict[str, Any]:
    return {
        "role": role,
        "name": name,
        "width": image.width,
        "height": image.height,
        "uri": thumbnail_uri(image, _LONGEST),
        "regions": [box] if box else [],
    }
