"""Find what changed between two images: where, and what is sure of it, without any model.

In: two images. Out: a `Comparison`. The steps: equal values end it; `alignment` lays the two on each other; `exactness`
and `noise` tell which differences stand out; `grouping` makes few boxes of them; `moves`, `facts` and `flow` say what
happened there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blip2idc.images.changes.facts.measure import measure_facts
from blip2idc.images.changes.facts.moves import Moved, find_moves
from blip2idc.images.changes.facts.pages.backdrop import BACKDROP, find_backdrop
from blip2idc.images.changes.facts.pages.overflow import where_text_runs_over
from blip2idc.images.changes.facts.pages.passing import find_scroll_bar
from blip2idc.images.changes.facts.pages.restyled import find_restyled
from blip2idc.images.changes.facts.pages.whole_page import measure_page
from blip2idc.images.changes.facts.pages.wrapping import with_unwrapped
from blip2idc.images.changes.facts.things import thing_of
from blip2idc.images.changes.flow.explained import with_reflow
from blip2idc.images.changes.flow.strips import (
    column_changes,
    is_among,
    is_in_columns,
    is_of_strip,
    strip_change,
)
from blip2idc.images.changes.geometry import alignment as aligning
from blip2idc.images.changes.geometry.overlay import Overlay, lay
from blip2idc.images.changes.geometry.registration import as_rows, scaled
from blip2idc.images.changes.pictures import (
    Picture,
    Pixels,
    Plane,
    Source,
    differences,
    is_drawn,
    open_pictures,
    working_factor,
)
from blip2idc.images.changes.regions.exactness import excess_of, holds_little
from blip2idc.images.changes.regions.grouping import Region, find_areas, find_regions
from blip2idc.images.changes.regions.noise import Excess, exact_excess
from blip2idc.images.changes.regions.rendering import (
    drawn_anew,
    is_outline_drawn_anew,
    without_lines,
)
from blip2idc.images.changes.result import Alignment, Box, Comparison, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence
from blip2idc.images.changes.texts.texts import with_texts

#: Larger images with noise are reduced: what 12 megapixels show beyond it is mostly noise.
ROUGH_PIXELS = 6_000_000
_SPECK = 16  # pixels
_SPARSE = 0.1  # share of its box that the outline of a thing takes whose height was rounded
_LITTLE_EQUAL = 0.35  # share of equal tiles up to which all of a page may have changed
_SOLID = 0.6  # share of its box that differs where a ground has another colour
_FEW, _LITTLE, _FAINT, _WEAK = 6, 16, 8.0, 1.3  # pixels, levels and strength of what is no change in noise
_HARDLY = 1.05  # strength up to which only a few pixels of a region stand out
_MUCH = 1000  # pixels of a region of which a tenth is more than a few

#: Pixels across that a scroll bar takes at most.
_WIDEST_BAR = 20
#: Levels up to which pixels differ that are the same: on a page that is equal to the pixel, and on others.
_NOTHING, _NOISE = 4, 64
_BACKDROP = 0.2  # share of a page that differs where its background may be another one
_READ = 10  # changes, the most telling, of which it is asked whether a text runs out of its box
_OF_TEXT = frozenset({"bold", "italic", "underlined", "spaced", "aligned"})
_OF_BOX = frozenset({"outlined", "shadowed", "rounded", "greyed"})


def find_changes(before: Source, after: Source, *, texts: bool = True) -> Comparison:
    """Compare two images.

    Args:
        before: A PIL image, or an array [H, W] or [H, W, C] of any number type; sizes may differ.
        after: Likewise.
        texts: Whether to read what is written in the places, where the extra `[ocr]` is installed.

    Returns:
        How they lie on each other, whether they differ beyond noise, and every place in which they do.

    Raises:
        ImageError: One of them is empty or holds no image.
    """
    first, second = open_pictures(before, after)
    factor = working_factor(first, second)
    gap = _largest(first, second, factor) if first.size == second.size else None
    if gap is not None and not gap.any():
        return Comparison(first.size, second.size, Alignment("aligned"), "identical")
    one, other = first.rgb(factor), second.rgb(factor)
    plain = gap if factor == 1 and first.is_rgb and second.is_rgb else None
    beside = (
        plain is not None and plain[:, -4:].any() and (is_drawn(one) or not plain[:, :-_WIDEST_BAR].any())
    )
    if plain is not None and beside and (bar := find_scroll_bar(one, other)) is not None:
        return _beside_scroll_bar(one, other, plain, *bar, texts=texts)
    found = aligning.align_exactly(one, other, plain)
    if found is None and plain is not None and holds_little(one, other, plain):
        found = Alignment("aligned")
    little = found is None or aligning.equal_share(one, other, plain) < _LITTLE_EQUAL
    drawn = is_drawn(one, other)
    all_over = _all_over(one, other, plain, little=little, texts=texts) if drawn and factor == 1 else None
    if all_over is not None:
        return all_over
    if found is None:
        rough = max(factor, working_factor(first, second, ROUGH_PIXELS))
        if rough > factor:
            factor, one, other, gap, plain = rough, first.rgb(rough), second.rgb(rough), None, None
        found = aligning.align_roughly(one, other)
    if found.kind == "none":
        return Comparison(first.size, second.size, found, "unaligned", share=1.0, compact_share=1.0)
    overlay = lay(one, other, found)
    excess = excess_of(
        overlay, gap if found.kind == "aligned" else None, plain if found.kind == "aligned" else None
    )
    changes, compact = _changes(one, other, overlay, excess, drawn=drawn)
    if found.kind == "rows" and plain is not None and len(changes) > 1 and is_in_columns(one, other, plain):
        found = Alignment("aligned")
        overlay, excess = lay(one, other, found), exact_excess(plain)
        changes, compact = _changes(one, other, overlay, excess, drawn=drawn)
    if drawn and plain is not None and changes:
        touched, floor = (plain > 0, _NOTHING) if excess.exact else (plain > _NOISE, _NOISE)
        unwrapped = with_unwrapped(one, other, changes)
        changes = unwrapped or with_reflow(one, other, touched, changes, floor)
    share, compact_share = _shares(overlay, excess, compact)
    if factor > 1:
        found, changes = _enlarged(found, changes, factor, first, second)
    return Comparison(
        first.size,
        second.size,
        found,
        "compact" if changes else "diffuse",
        with_texts(first, second, changes) if texts else tuple(changes),
        share,
        compact_share,
        excess.noise,
    )


def _beside_scroll_bar(
    one: Pixels, other: Pixels, plain: Plane, box: Box, side: str, *, texts: bool
) -> Comparison:
    """The changes of a page of which only one image shows a scroll bar, and the bar as the last of them."""
    images = {"before": one, "after": other}
    strip = np.s_[:, box[0] :]
    without = images[side].copy()
    without[strip] = images["after" if side == "before" else "before"][strip]
    found = find_changes(*({**images, side: without}).values(), texts=texts)
    facts = (Fact("scroll_bar", {"in": side}),)
    pixels = int(np.count_nonzero(plain[strip]))
    bar = MeasuredChange(box, box, facts, sentence(facts), 2.0, pixels, float(plain[strip].mean()))
    share = pixels / plain.size
    return replace(
        found,
        judgement="unaligned" if found.judgement == "unaligned" else "compact",
        changes=(*found.changes, bar),
        share=found.share + share,
        compact_share=found.compact_share + share,
    )


def _all_over(
    one: Pixels, other: Pixels, plain: Plane | None, *, little: bool, texts: bool
) -> Comparison | None:
    """What happened to all of a page, or to its background.

    Args:
        one: The page before.
        other: The page after.
        plain: Their difference at every pixel; None where their sizes differ.
        little: Whether little is equal.
        texts: Whether to read what is written.
    """
    whole = measure_page(one, other) if little else None
    if whole is not None:
        return _page_changed(one, other, *whole, texts=texts)
    much = plain is not None and (plain > _NOTHING).mean() >= _BACKDROP
    backdrop = find_backdrop(one, other) if much else None
    if plain is None or backdrop is None:
        return None
    fact, repainted = backdrop
    found = find_changes(one, repainted, texts=texts)
    if found.judgement == "unaligned" or any(change.before_box == _all_of(one) for change in found.changes):
        return None
    pixels = int(np.count_nonzero((other != repainted).any(axis=2)))
    level = float(plain[plain > _NOTHING].mean())
    change = MeasuredChange(
        _all_of(one), _all_of(other), (fact,), sentence((fact,), BACKDROP), 2.0, pixels, level, BACKDROP
    )
    return replace(
        found,
        judgement="compact",
        changes=(change, *found.changes),
        share=float((plain > 0).mean()),
        compact_share=found.compact_share + pixels / plain.size,
    )


def _all_of(image: Pixels) -> Box:
    return 0, 0, image.shape[1], image.shape[0]


def _page_changed(
    one: Pixels, other: Pixels, fact: Fact, before: Box | None, after: Box | None, *, texts: bool
) -> Comparison:
    """What happened to a whole page, or a dialog over it, as the one change."""
    thing = "page" if fact.kind != "panel" else "dialog"
    area = max(box[2] * box[3] for box in (before, after) if box)
    change = MeasuredChange(before, after, (fact,), sentence((fact,), thing), 2.0, area, 128.0, thing)
    changes = [change]
    return Comparison(
        _all_of(one)[2:],
        _all_of(other)[2:],
        Alignment("aligned"),
        "compact",
        with_texts(*open_pictures(one, other), changes) if texts and fact.kind == "panel" else tuple(changes),
        1.0,
        1.0,
    )


def _largest(first: Picture, second: Picture, factor: int) -> np.ndarray:
    """The difference of every pixel, or the largest of every square of `factor` pixels, uint8 [H, W]."""
    if factor == 1:
        return np.concatenate([strip for _, strip in differences(first, second)])
    size = -(-first.height // factor), -(-first.width // factor)
    result = np.zeros(size, np.uint8)
    for top, strip in differences(first, second):
        for offset, row in enumerate(strip):
            padded = np.zeros(size[1] * factor, np.uint8)
            padded[: first.width] = row
            line = result[(top + offset) // factor]
            np.maximum(line, padded.reshape(size[1], factor).max(axis=1), out=line)
    return result


def _changes(
    one: Pixels, other: Pixels, overlay: Overlay, excess: Excess, *, drawn: bool
) -> tuple[list[MeasuredChange], int]:
    """All changes, the most telling first, and how many pixels of the frame belong to them."""
    areas = find_areas(excess)
    anew = drawn_anew(overlay.before, overlay.after, areas, exact=excess.exact)
    if overlay.resampled and one.shape == other.shape and np.abs(overlay.after_map[:, 2]).max() <= 1:
        anew |= drawn_anew(one, other, areas)  # part of a page may stay where the rest moves by half a pixel
    areas = without_lines(overlay.before, overlay.after, areas, anew)
    regions = find_regions(excess, areas.only(~anew))
    if not excess.exact:
        regions = [region for region in regions if not _is_speck(region)]
    if (
        overlay.strips
    ):  # heights rounded to whole pixels leave specks at the corners of what moved with its rows
        regions = [
            region
            for region in regions
            if region.pixels > _SPECK
            and not is_of_strip(overlay, region)
            and region.pixels > _SPARSE * region.box[2] * region.box[3]
            and not is_outline_drawn_anew(overlay.before, overlay.after, region)
        ]
    total = sum(region.pixels for region in regions)
    restyled: list[tuple[Region, tuple[Fact, ...]]] = []
    displaced: list[Moved] = []
    if drawn:
        restyled, displaced, regions = find_restyled(
            overlay.before, overlay.after, regions, excess.noise.level
        )
    moved, left = find_moves(overlay.before, overlay.after, regions, excess.noise.level)
    moved = [*displaced, *moved]
    changes = [strip_change(one, other, rows, encoded=not excess.exact) for rows in overlay.strips]
    if excess.exact and not overlay.strips and len(restyled) + len(moved) + len(left) > 1:
        columns, gone = column_changes(
            overlay, [r for r, _ in restyled] + [r for item in moved for r in item.regions] + left
        )
        changes += columns
        restyled = [(region, facts) for region, facts in restyled if not is_among(region, gone)]
        moved = [item for item in moved if not any(is_among(region, gone) for region in item.regions)]
        left = [region for region in left if not is_among(region, gone)]
    changes += [_told_change(overlay, region, facts) for region, facts in restyled]
    changes += [_moved_change(overlay, item) for item in moved]
    changes += [_region_change(overlay, region, excess.noise.level, drawn=drawn) for region in left]
    changes = [_inside(change, one, other) for change in changes]
    changes.sort(key=lambda change: -change.pixels * change.difference)
    if drawn:
        changes[:_READ] = [where_text_runs_over(one, other, change) for change in changes[:_READ]]
    return changes, total


def _inside(change: MeasuredChange, one: Pixels, other: Pixels) -> MeasuredChange:
    """A change with its boxes cut off where the images end: what moved may lie partly outside, by rounding too."""
    before, after = _cut(change.before_box, one), _cut(change.after_box, other)
    if (before, after) == (change.before_box, change.after_box) or not (before or after):
        return change
    return replace(change, before_box=before, after_box=after)


def _cut(box: Box | None, image: Pixels) -> Box | None:
    if box is None:
        return None
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(image.shape[1], box[0] + box[2]), min(image.shape[0], box[1] + box[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def _is_speck(region: Region) -> bool:
    """Whether a region is so small, or so faint, and so weak that noise may have made it."""
    small = region.pixels <= _LITTLE or region.difference <= _FAINT
    much = region.pixels > _MUCH and region.difference > _NOISE
    return region.pixels <= _FEW or region.strength < (_WEAK if small else 1.0 if much else _HARDLY)


def _region_change(overlay: Overlay, region: Region, noise: float, *, drawn: bool) -> MeasuredChange:
    facts = measure_facts(overlay.before, overlay.after, region, noise, drawn=drawn)
    return _told_change(overlay, region, facts)


def _told_change(overlay: Overlay, region: Region, facts: tuple[Fact, ...]) -> MeasuredChange:
    """A region with what is sure of it."""
    appeared = bool(facts) and facts[0].kind == "appeared"
    thing = thing_of(overlay.after if appeared else overlay.before, region.box)
    if not thing and facts and facts[0].kind in _OF_TEXT | _OF_BOX:
        thing = "text" if facts[0].kind in _OF_TEXT else "box"
    if facts and facts[0].kind == "broken":
        thing = "picture"
    if thing == "text" and facts and facts[0].kind == "recoloured" and region.mask.mean() >= _SOLID:
        thing = "box"  # letters leave more of it as it was
    if not thing and not facts:
        thing = thing_of(overlay.after, region.box)
    return MeasuredChange(
        overlay.to_before(region.box),
        overlay.to_after(region.box),
        facts,
        sentence(facts, thing),
        region.strength,
        region.pixels,
        region.difference,
        thing,
    )


def _moved_change(overlay: Overlay, moved: Moved) -> MeasuredChange:
    source, target = overlay.to_before(moved.source), overlay.to_after(moved.target)
    if moved.factor == 1.0:
        # in the frame, in which the rest stays where it is, and in the measure of the image before
        scale = abs(float(np.linalg.det(overlay.before_map[:, :2]))) ** 0.5
        dx, dy = (round(scale * (moved.target[axis] - moved.source[axis])) for axis in (0, 1))
        facts = (Fact("moved", {"dx": dx, "dy": dy}),)
    else:
        facts = (Fact("resized", {"factor": round(moved.factor, 2)}),)
    pixels = [region.pixels for region in moved.regions]
    thing = thing_of(overlay.before, moved.source)
    return MeasuredChange(
        source,
        target,
        facts,
        sentence(facts, thing),
        max(region.strength for region in moved.regions),
        sum(pixels),
        float(np.average([region.difference for region in moved.regions], weights=pixels)),
        thing,
    )


def _shares(overlay: Overlay, excess: Excess, compact: int) -> tuple[float, float]:
    """Share of pixels that differ at all, and that belong to changes; strips count with all of their rows."""
    height, width = excess.difference.shape
    extra = width * sum(max(a[1] - a[0], b[1] - b[0]) for a, b in overlay.strips)
    total = height * width + extra
    return (np.count_nonzero(excess.difference) + extra) / total, (compact + extra) / total


def _enlarged(
    found: Alignment, changes: list[MeasuredChange], factor: int, first: Picture, second: Picture
) -> tuple[Alignment, list[MeasuredChange]]:
    """What was found on reduced images, in pixels of the images themselves."""

    def larger(box: Box | None, picture: Picture) -> Box | None:
        if box is None:
            return None
        x, y, width, height = (factor * value for value in box)
        return x, y, min(width, picture.width - x), min(height, picture.height - y)

    matrix = scaled(np.array(found.matrix), (1 / factor, 1 / factor), (1 / factor, 1 / factor))
    rows = tuple(
        replace(run, before=run.before * factor, after=run.after * factor, length=run.length * factor)
        for run in found.rows
    )
    changes = [
        replace(
            change,
            before_box=larger(change.before_box, first),
            after_box=larger(change.after_box, second),
            pixels=change.pixels * factor**2,
        )
        for change in changes
    ]
    return replace(found, matrix=as_rows(matrix), rows=rows), changes
