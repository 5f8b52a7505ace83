"""The cards of the page of a comparison: one a file, and in it one a change.

In: an `Entry` and a shelf for its pictures. Out: plain values for the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from blip2idc.comparison.ignoring import Ignored, rules_for
from blip2idc.comparison.measure import shown_pair
from blip2idc.comparison.outcome import CompareSettings, Entry
from blip2idc.comparison.words import headline, pixels_in_words
from blip2idc.difference import Change
from blip2idc.errors import Blip2idcError, printable, utf8
from blip2idc.images.changes import Box, Fact
from blip2idc.images.changes.crops import crop_change
from blip2idc.images.changes.sentences import displacement
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImagePair, open_image
from blip2idc.report.html.page import fit, picture_uri, thumbnail_uri
from blip2idc.report.html.shelf import Shelf
from blip2idc.report.pictures.differing import difference_picture
from blip2idc.report.pictures.overlay import pair_layers

#: Changes of one file that get a card; further ones are counted.
MOST_CHANGES = 20
_LONGEST = 480  # pixels of a thumbnail's longer side: enough to tell what changed, small enough for hundreds
_CROP = 420  # pixels of a crop's longer side


def entry_card(
    entry: Entry, number: int, settings: CompareSettings, shelf: Shelf, heatmap: PairHeatmap | None
) -> dict[str, Any]:
    """What the template asks for about one file.

    Args:
        entry: What was found.
        number: Of the card on the page, for the names of its pictures.
        settings: For opening its files again.
        shelf: Where pictures in full resolution go.
        heatmap: Where the captioner looked, if it was asked.
    """
    images = _images(entry, settings)
    card: dict[str, Any] = {
        "entry": entry,
        "name": printable(utf8(entry.name)),
        "said": printable(utf8(headline(entry))),
        "why": printable(utf8(_why(entry))),
        "pixels": pixels_in_words(entry.pixels) if entry.pixels and not entry.pixels.identical else "",
        "model_decides": entry.model_changed == (entry.status == "changed"),
        "changes": [],
        "more": max(0, len(entry.changes) - MOST_CHANGES),
        "layers": (),
        "pictures": [],
        "difference": None,
    }
    regions = [
        rule.place
        for rule in rules_for(settings.all_rules, entry.name).rules
        if isinstance(rule.place, tuple)
    ]
    for role, image in images.items():
        boxes = [
            {"number": place, "style": _placed(box, image.size)}
            for place, change in enumerate(entry.changes[:MOST_CHANGES], start=1)
            if (box := change.before_box if role == "before" else change.after_box) is not None
        ]
        card["pictures"].append(
            {
                "role": role,
                "width": image.width,
                "height": image.height,
                "uri": thumbnail_uri(image, _LONGEST),
                "full": shelf.place(image, f"{number:04d}-{role}"),
                "boxes": boxes,
                "ignored": [_placed(region, image.size) for region in regions],
            }
        )
    if len(images) == 2:
        _add_pair(card, entry, number, ImagePair(images["before"], images["after"]), shelf, heatmap)
    return card


def _add_pair(
    card: dict[str, Any],
    entry: Entry,
    number: int,
    pair: ImagePair,
    shelf: Shelf,
    heatmap: PairHeatmap | None,
) -> None:
    """What only files have that are in both folders."""
    alignment = entry.measured.alignment if entry.measured else None
    picture = difference_picture(pair, alignment)
    card["difference"] = {
        "full": shelf.place(picture, f"{number:04d}-difference"),
        "width": picture.width,
        "height": picture.height,
    }
    if heatmap is not None:
        card["layers"] = tuple(picture_uri(layer) for layer in pair_layers(heatmap, pair))
    for place, change in enumerate(entry.changes[:MOST_CHANGES], start=1):
        crops = crop_change(pair, change.before_box, change.after_box, alignment)
        card["changes"].append(
            {
                "number": place,
                "caption": change.caption,
                "place": "" if change.place in change.caption else change.place,
                "facts": list(_facts(change)),
                "texts": _texts(change),
                "probability": change.probability if entry.difference and entry.difference.changes else None,
                "crops": [
                    {
                        "uri": shelf.place(fit(crop, _CROP), f"{number:04d}-{place}-{role}"),
                        "width": crop.width,
                        "height": crop.height,
                        "role": role,
                    }
                    for role, crop in (("before", crops.before), ("after", crops.after))
                ],
            }
        )


def _why(entry: Entry) -> str:
    """The reason of the verdict, and what the model said where that is not the headline."""
    parts = [entry.reason]
    if entry.caption and entry.status == "changed" and not entry.model_changed:
        parts.append(f"the model alone would say: {entry.caption}")
    if entry.approved:
        parts.append("approved: the new image is the reference now")
    return "; ".join(dict.fromkeys(parts))


def _images(entry: Entry, settings: CompareSettings) -> dict[str, Image.Image]:
    """Those images of an entry that can be opened, by their role, as a person sees them."""
    before, after = entry.files
    if before and after and entry.measured is not None:
        try:
            pair = shown_pair(before, after, entry.measured.frame, Ignored(), settings.max_pixels)
        except Blip2idcError:
            return {}  # gone since it was compared
        return {"before": pair.before, "after": pair.after}
    found = {}
    for role, path in (("before", before), ("after", after)):
        if path is not None:
            try:
                found[role] = open_image(path, max_pixels=settings.max_pixels)
            except Blip2idcError:
                continue  # the entry says already that it is an error
    return found


def _placed(box: Box, size: tuple[int, int]) -> str:
    """A box as a style in percent of its image."""
    shares = zip(("left", "top", "width", "height"), box, (*size, *size), strict=True)
    return ";".join(f"{name}:{100 * value / side:.3f}%" for name, value, side in shares)


def _texts(change: Change) -> tuple[str, str] | None:
    if change.before_text is None and change.after_text is None:
        return None
    return change.before_text or "", change.after_text or ""


def _facts(change: Change) -> Iterator[Mapping[str, str]]:
    """Facts as short words, colours with their samples."""
    for fact in change.facts:
        values = fact.values
        if fact.kind == "recoloured":
            yield {"words": "recoloured", "from": str(values["from_hex"]), "to": str(values["to_hex"])}
        else:
            yield {"words": _fact_in_words(fact)}


def _fact_in_words(fact: Fact) -> str:
    values = fact.values
    if fact.kind == "moved":
        return f"moved {displacement(float(values['dx']), float(values['dy']))}"
    if fact.kind == "resized":
        return f"resized by {float(values['factor']):.2f}"
    if "levels" in values:
        return f"{fact.kind} by {values['levels']} of 255 levels"
    return fact.kind
