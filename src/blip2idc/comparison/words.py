"""A comparison in sentences: what the terminal, pages and build servers say of an entry.

In: an `Entry`. Out: text. A change is never told by a sentence that says nothing changed.
"""

from __future__ import annotations

from blip2idc.comparison.measure import Measurement
from blip2idc.comparison.outcome import Entry
from blip2idc.errors import printable
from blip2idc.images.pixels import PixelDifference, share_in_words

_TOLD = 3  # changes whose sentences stand in a line


def describe_entry(entry: Entry) -> str:
    """One entry as one line: status, name, and the measurements there are."""
    return printable(f"{entry.status:<8} {entry.name}: {entry_message(entry)}")


def entry_message(entry: Entry) -> str:
    """What became of an entry: what changed, why it counts, what the model gives to it, how much differs."""
    parts = [headline(entry)]
    if entry.reason != parts[0]:
        parts.append(entry.reason)
    if entry.change_probability is not None:
        parts.append(f"probability of change {entry.change_probability:.0%}")
    if entry.pixels is not None and not entry.pixels.identical:
        parts.append(pixels_in_words(entry.pixels))
    if entry.approved:
        parts.append("approved: the new image is the reference now")
    return "; ".join(parts)


def headline(entry: Entry) -> str:
    """The one sentence on what changed: of the model where it finds a change, else as it was measured."""
    if entry.caption is not None and (entry.model_changed or entry.status == "same"):
        return entry.caption
    if entry.status == "changed" and entry.changes:
        sentences = [change.caption for change in entry.changes[:_TOLD]]
        more = len(entry.changes) - len(sentences)
        return ", ".join(dict.fromkeys(sentences)) + (f" and {more} more" if more else "")
    return entry.reason


def measured_in_words(measured: Measurement) -> str:
    """What the measurement alone says of a pair that differs."""
    parts = [*measured.notes]
    places = len(measured.changes)
    if measured.judgement == "unaligned":
        parts.append("the two have no geometry in common: another picture, or the camera moved")
    elif measured.judgement == "diffuse":
        parts.append(f"diffuse differences only{_like(measured.noise)}")
    elif places:
        parts.append(f"{places} place{'s' * (places != 1)} changed")
    told = ", ".join(parts) or "values differ"
    return f"{told}, in {measured.part}" if measured.part else told


def pixels_in_words(pixels: PixelDifference) -> str:
    """How many pixels differ, which share that is, and the dimensions.

    >>> pixels_in_words(PixelDifference((160, 160), (160, 160), 1, total_pixels=25600))
    '1 of 25,600 pixels differs (0.0039 %, both 160x160)'
    """
    before, after = ("x".join(str(side) for side in size) for size in (pixels.before_size, pixels.after_size))
    dimensions = f"both {before}" if before == after else f"{before} before, {after} after"
    verb = "differs" if pixels.changed_pixels == 1 else "differ"
    share = share_in_words(pixels.share)
    return f"{pixels.changed_pixels:,} of {pixels.pixels:,} pixels {verb} ({share}, {dimensions})"


def _like(noise: tuple[str, ...]) -> str:
    return f", as of {' and '.join(noise)}" if noise else ""
