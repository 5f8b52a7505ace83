"""The close look at a pair: where its images differ, measured and cropped at native resolution.

In: an opened pair, and how large each image is in the joint image. Out: a `CloseLook`: how the images lie on each
other, the places that changed, and joint images of their crops, ready for the captioner. No torch.

Where the joint image shows the pair at nearly its own resolution, a close look sees nothing more: then only what is
equal to the pixel around it is measured, and everything else is left to the whole look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blip2idc.images.changes import Alignment, Comparison, find_changes
from blip2idc.images.changes.crops import change_windows, crop_change
from blip2idc.images.changes.facts.pages.backdrop import BACKDROP
from blip2idc.images.changes.facts.pages.passing import PASSING
from blip2idc.images.changes.geometry.alignment import GOOD, align_exactly
from blip2idc.images.changes.geometry.overlay import lay
from blip2idc.images.changes.geometry.registration import agreement
from blip2idc.images.changes.measured_pair import MeasuredPair
from blip2idc.images.changes.pictures import is_drawn
from blip2idc.images.changes.result import AlignmentKind, Fact, MeasuredChange
from blip2idc.images.changes.whole.measure import measure_cover, measure_whole
from blip2idc.images.joint import JointArray
from blip2idc.images.pair import ImagePair

#: Changes of a pair that are looked at closely and listed, unless more are asked for.
MAX_CHANGES = 10
#: Reduction of the sides up to which the joint image counts as showing a pair at its own resolution.
NEARLY_NATIVE = 3.0
#: Least probability of a change that stands out of noise: 48 of 49 such photographs had changed (docs/changes.md).
MEASURED = 0.95


#: Agreement below which two pictures that are nowhere equal are views apart.
ALIKE = 0.8
#: The same of two that lie scaled on each other.
CROPPED = 0.855
#: Pixels around a place whose agreement tells of the place, too.
REACH = 8
#: Strength of the places that are told of two pictures of one size that lie scaled on each other: in views of scenes
#: that agree like that, what was no change had 2.9 at most; what was changed in 31 cropped photographs 3.9 at least.
STANDS_OUT = 3.2
#: Levels of 255 by which a place has to differ on average to be told of: less is not seen, and mostly light.
FAINT = 2.0


@dataclass(frozen=True, eq=False)
class CloseLook:
    """What there is to see of a pair beside the joint image.

    Attributes:
        sizes: (width, height) of both images.
        alignment: How they lie on each other.
        measured: The places that are looked at, the most telling first.
        crops: Joint images of their surroundings; None where the whole joint image is the same.
        total: How many places there are, those that are not looked at included.
        identical: Whether all pixels are equal.
        certain: Whether everything around the places is equal to the pixel.
        small: Whether the joint image shows the pair at nearly its own resolution.
        drawn: Whether it shows pages or drawings, larger than the joint image does.
        passing: Whether all that differs beyond noise comes and goes by itself: a caret, a clock, a scroll bar.
        whole: What happened to all of the picture, where that is sure; what differs in places is then a part of it.
    """

    sizes: tuple[tuple[int, int], tuple[int, int]]
    alignment: AlignmentKind
    measured: tuple[MeasuredChange, ...] = ()
    crops: tuple[JointArray | None, ...] = ()
    total: int = 0
    identical: bool = False
    certain: bool = False
    small: bool = False
    drawn: bool = False
    passing: bool = False
    whole: Fact | None = None

    @property
    def least_probability(self) -> float:
        """How probable a change is by measurement alone."""
        if not self.measured:
            return 0.0
        if self.certain:
            return 1.0
        return 0.0 if self.small else MEASURED

    def seen_in(self, part_size: tuple[int, int], patch_size: int) -> bool:
        """Whether all that changed is seen in the joint image: one place, at least as large as a patch there.

        Args:
            part_size: (height, width) that each image gets in the joint image.
            patch_size: Side of a patch.
        """
        if self.small or not self.measured:
            return True
        if self.total > 1:
            return False
        boxes = self.measured[0].before_box, self.measured[0].after_box
        return any(
            box is not None
            and box[2] * part_size[1] >= patch_size * size[0]
            and box[3] * part_size[0] >= patch_size * size[1]
            for box, size in zip(boxes, self.sizes, strict=True)
        )


def look_closely(
    pair: ImagePair,
    part_size: tuple[int, int],
    join: Callable[[ImagePair], JointArray],
    max_changes: int = MAX_CHANGES,
) -> CloseLook:
    """Measure a pair and crop its changes.

    Args:
        pair: Opened; a `MeasuredPair` is not measured again.
        part_size: (height, width) that each image gets in the joint image.
        join: Makes a joint image.
        max_changes: Most places to look at.
    """
    sizes = pair.before.size, pair.after.size
    small = all(
        side <= NEARLY_NATIVE * part
        for size in sizes
        for side, part in zip(size, reversed(part_size), strict=True)
    )
    found = pair.comparison if isinstance(pair, MeasuredPair) else _measure(pair, small)
    least = STANDS_OUT if found.alignment.kind == "scaled" and len(set(sizes)) == 1 else 0.0
    changes = tuple(c for c in found.changes if c.difference > FAINT and c.strength >= least)
    drawn = not small and is_drawn(np.asarray(pair.before), np.asarray(pair.after))
    if _is_another_view(found) and not (drawn and _agrees_beside(pair, found)):
        changes = ()
    lasting = tuple(change for change in changes if not is_passing(change))
    passing = bool(changes) and not lasting
    changes = lasting
    measured = changes[:max_changes]
    return CloseLook(
        sizes,
        found.alignment.kind,
        measured,
        tuple(_crop(pair, change, found.alignment, join) for change in measured),
        len(changes),
        identical=found.judgement == "identical",
        certain=_is_certain(found, small),
        small=small,
        drawn=drawn,
        passing=passing,
        whole=None if passing else _whole(pair, found),
    )


def is_passing(change: MeasuredChange) -> bool:
    """Whether a place differs by what comes and goes by itself on a page."""
    return bool(change.facts) and change.facts[0].kind in PASSING


def _whole(pair: ImagePair, found: Comparison) -> Fact | None:
    """What happened to the whole of pictures that are nowhere equal; of others only what was laid over or around."""
    if found.judgement == "identical" or any(change.thing == BACKDROP for change in found.changes):
        return None
    before, after = np.asarray(pair.before), np.asarray(pair.after)
    lies = _is_exact(found) and found.alignment.kind in ("aligned", "rows")
    if found.judgement == "unaligned" or not lies:
        if found.judgement == "compact" and any(map(_is_told, found.changes)) and is_drawn(before, after):
            return None  # letters drawn half a pixel elsewhere look like a smear, other words like outlines
        fact = measure_whole(before, after)
    else:
        width, height = pair.after.size
        boxes = [change.after_box for change in found.changes if change.after_box]
        left, top = min((box[0] for box in boxes), default=1), min((box[1] for box in boxes), default=1)
        right = max((box[0] + box[2] for box in boxes), default=0)
        bottom = max((box[1] + box[3] for box in boxes), default=0)
        fact = measure_cover(before, after, around=(left, top, right, bottom) == (0, 0, width, height))
    if fact is not None and fact.kind in ("text", "watermark") and any(c.after_text for c in found.changes):
        return None  # the words themselves are told
    return fact


def _is_told(change: MeasuredChange) -> bool:
    return bool(change.facts or change.before_text or change.after_text)


def _measure(pair: ImagePair, small: bool) -> Comparison:
    """The changes of a pair; of a small one only where its images are equal to the pixel in part."""
    if small:
        before, after = np.asarray(pair.before), np.asarray(pair.after)
        if align_exactly(before, after) is None:
            return Comparison(pair.before.size, pair.after.size, _in_place(before, after), "unaligned")
    return find_changes(pair.before, pair.after)


def _in_place(before: np.ndarray, after: np.ndarray) -> Alignment:
    """Whether two small pictures lie on each other as they are; no other geometry is sought."""
    if before.shape != after.shape:
        return Alignment("none", agreement=0.0)
    agrees = agreement(_luma(before), _luma(after))
    return Alignment("aligned" if agrees >= GOOD else "none", agreement=agrees)


def _is_another_view(found: Comparison) -> bool:
    """Whether much of two pictures of one size differs even where they lie on each other as well as they can.

    Then near and far things moved apart, or all of the picture was drawn anew, and what stands out is more often the
    view than a change: of 18 pairs of one scene from two places without a change, 14 had places that stood out. Of 76
    pairs in which only encoding, light, size or a fraction of a pixel differed none agreed by less than 0.86.
    They are left to the captioner. A view from another place that lies scaled on the first agrees by at most 0.85
    with it (59 pairs of rendered scenes); a photograph that was cropped, resized and encoded again by 0.84 to 0.95
    (40 pairs).
    """
    if found.before_size != found.after_size:
        return False
    if found.alignment.kind == "scaled":
        return found.alignment.agreement < CROPPED
    return not _is_exact(found) and found.alignment.agreement < ALIKE


def _agrees_beside(pair: ImagePair, found: Comparison) -> bool:
    """Whether two pages agree beside the places that changed, however much of them these take: a banner, a picture.

    Rows that only one of them has are no part of what is laid on each other.
    """
    if found.alignment.kind not in ("aligned", "rows"):
        return False
    laid = lay(np.asarray(pair.before), np.asarray(pair.after), found.alignment)
    before, after = _luma(laid.before), _luma(laid.after)
    beside = np.ones(before.shape, bool)
    for change in found.changes if found.alignment.kind == "aligned" else ():
        for x, y, width, height in filter(None, (change.before_box, change.after_box)):
            beside[max(0, y - REACH) : y + height + REACH, max(0, x - REACH) : x + width + REACH] = False
    return agreement(before, after, beside) >= ALIKE


def _luma(image: np.ndarray) -> np.ndarray:
    return np.asarray(image.mean(axis=2).astype(np.uint8))


def _is_exact(found: Comparison) -> bool:
    """Whether the pictures are equal to the pixel around their changes."""
    return found.noise.level == 0 and found.noise.edges == 0


def _is_certain(found: Comparison, small: bool) -> bool:
    """Whether the changes are no noise: all around them is equal to the pixel.

    In small pictures rows that come and go at the borders may be a picture that moved by a pixel.
    """
    return _is_exact(found) and (
        found.alignment.kind == "aligned" or (found.alignment.kind == "rows" and not small)
    )


def _crop(
    pair: ImagePair, change: MeasuredChange, alignment: Alignment, join: Callable[[ImagePair], JointArray]
) -> JointArray | None:
    boxes = change.before_box, change.after_box
    windows = change_windows(pair.before.size, pair.after.size, *boxes, alignment)
    if windows == ((0, 0, *pair.before.size), (0, 0, *pair.after.size)):
        return None
    return join(crop_change(pair, *boxes, alignment))
