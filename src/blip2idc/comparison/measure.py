"""One pair of files measured: how many decoded values differ, where, and whether that is more than noise.

In: two files, what is ignored and tolerated. Out: a `Measurement`, before any model speaks. Every frame, page and band
takes part; one frame of each file is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from blip2idc.comparison.ignoring import Ignored
from blip2idc.comparison.places import compare_aligned
from blip2idc.comparison.sizes import compare_sizes
from blip2idc.images.aside import empty_aside, strips
from blip2idc.images.changes import Alignment, Comparison, MeasuredChange
from blip2idc.images.pair import MAX_PIXELS, ImagePair
from blip2idc.images.pixels import PixelDifference, Region, bounding_box
from blip2idc.images.values.colors import in_srgb, same_profile
from blip2idc.images.values.decode import ImageFile, open_values
from blip2idc.images.values.frame import Frame, differing, matched, value_range
from blip2idc.images.values.show import shown, shown_values
from blip2idc.images.values.timeline import same_timeline

Judgement = Literal["identical", "compact", "diffuse", "unaligned"]


@dataclass(frozen=True)
class Tolerances:
    """What does not count as a difference.

    Attributes:
        pixel_tolerance: Largest difference of a channel, in 255ths of the range of values.
        max_pixels: Limit for each picture.
    """

    pixel_tolerance: int = 0
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True)
class Measurement:
    """What is known of a pair without a model.

    Attributes:
        pixels: How many values differ.
        judgement: ``identical``; ``compact``: places changed, or the file did (frames, sizes, bands); ``diffuse``:
            values differ nowhere more than noise; ``unaligned``: two different pictures, or the camera moved.
        changes: The places in the frame that is shown, the most telling first.
        alignment: How the two lie on each other; None for identical ones.
        frame: Which frame or page is shown: the first in which the two differ.
        part: That frame in words, ``frame 2 of 3``; empty where there is one only.
        noise: What diffuse differences look like: ``re-encoding``, ``light``, ...
        notes: What else is to be told: other durations, another number of frames, sizes.
        structural: Whether the files differ in more than values: frames, durations, bands.
        comparison: Of the frame that is shown; None where no frame was compared.
    """

    pixels: PixelDifference
    judgement: Judgement
    changes: tuple[MeasuredChange, ...] = ()
    alignment: Alignment | None = None
    frame: int = 0
    part: str = ""
    noise: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    structural: bool = False
    comparison: Comparison | None = None

    @property
    def differs(self) -> bool:
        """Whether anything differs that is neither tolerated nor ignored."""
        return self.structural or not self.pixels.identical


def measure(before: Path, after: Path, ignored: Ignored, tolerances: Tolerances) -> Measurement:
    """Compare the decoded values of two files.

    Args:
        before: The earlier file; of two files with equal bytes, only this one is decoded, and of it one frame.
        after: The later file.
        ignored: Places that do not count.
        tolerances: Differences that do not count.

    Raises:
        ImageError: One of the two cannot be used.
        ConfigError: An ignored place does not fit the pair.
    """
    first = open_values(before, max_pixels=tolerances.max_pixels)
    second = open_values(after, max_pixels=tolerances.max_pixels)
    if first.content == second.content:
        size = next(first.frames()).size
        return Measurement(PixelDifference(size, size, 0), "identical")
    if first.count > 1 and second.count > 1 and first.part == "frame" and same_timeline(first, second):
        size = next(first.frames()).size
        notes = ("the same frames, stored otherwise",) if first.count != second.count else ()
        return Measurement(PixelDifference(size, size, 0), "identical", notes=notes)
    return _Tally(first, second, ignored, tolerances).measurement()


def shown_pair(before: Path, after: Path, frame: int, ignored: Ignored, max_pixels: int) -> ImagePair:
    """The pair as model and page see it: the frame that differs, on one scale, ignored places equal.

    Raises:
        ImageError: One of the two cannot be used.
    """
    first, second = (open_values(path, max_pixels=max_pixels) for path in (before, after))
    one, other = (file.frame(min(frame, file.count - 1)) for file in (first, second))
    one, other = _same_colors(first, second, one, other)
    pair = shown(one, other)
    return _masked(pair, ignored.mask(pair.before.size, pair.after.size))


@dataclass
class _Tally:
    """Counts over the frames of a pair."""

    first: ImageFile
    second: ImageFile
    ignored: Ignored
    tolerances: Tolerances
    changed: int = 0
    total: int = 0
    largest: float = 0.0
    sizes: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    box: Region | None = None
    found: Comparison | None = None
    frame: int | None = None
    structural: bool = False  # the files differ in more than the values of their frames
    notes: list[str] = field(default_factory=list)

    def measurement(self) -> Measurement:
        self._compare_files()
        for index, (one, other) in enumerate(_frames(self.first, self.second)):
            if one is None or other is None:
                self._extra(one or other)
                continue
            if index == 0:
                self.sizes = one.size, other.size
            self._add(index, one, other)
        pixels = PixelDifference(*self.sizes, self.changed, self.box, self.total, self.largest)
        if self.found is None:
            judgement: Judgement = "compact" if self.structural else "identical"
            return Measurement(pixels, judgement, notes=tuple(self.notes), structural=self.structural)
        longer = max(self.first, self.second, key=lambda file: file.count)
        return Measurement(
            pixels,
            "compact" if self.structural else self.found.judgement,
            self.found.changes,
            self.found.alignment,
            self.frame or 0,
            longer.part_name(self.frame or 0),
            self.found.noise.sources,
            tuple(self.notes),
            self.structural,
            self.found,
        )

    def _compare_files(self) -> None:
        first, second = self.first, self.second
        if first.count != second.count:
            self.structural = True
            names = (f"{file.count} {file.part}{'s' * (file.count != 1)}" for file in (first, second))
            self.notes.append("{} before, {} after".format(*names))
        if first.loops != second.loops and None not in (first.loops, second.loops):
            self.structural = True
            self.notes.append(f"plays {_times(first.loops)} before, {_times(second.loops)} after")
        if not same_profile(first.profile, second.profile):
            self.notes.append("the colour profiles differ; compared as both are shown")

    def _extra(self, frame: Frame | None) -> None:
        """A frame that only one file has."""
        assert frame is not None
        count = frame.size[0] * frame.size[1]
        self.changed += count
        self.total += count

    def _add(self, index: int, one: Frame, other: Frame) -> None:
        if one.duration != other.duration and None not in (one.duration, other.duration):
            self.structural = True
            if not any("is shown" in note for note in self.notes):
                self.notes.append(
                    f"{self.first.part_name(index)} is shown {one.duration:g} ms before, {other.duration:g} ms after"
                )
        one, other = _same_colors(self.first, self.second, one, other)
        if one.values.dtype != other.values.dtype or (
            "bands" in (one.space, other.space) and one.kind != other.kind
        ):
            self._note(f"{one.kind} before, {other.kind} after")
        together = matched(one, other)
        if together is None:
            self.structural = True
            self._extra(max(one, other, key=lambda frame: frame.size[0] * frame.size[1]))
            if self.frame is None:
                self.frame = index
            return
        one, other = together
        if one.size == other.size:
            self._add_aligned(index, one, other)
        else:
            self._add_sized(index, one, other)

    def _add_aligned(self, index: int, one: Frame, other: Frame) -> None:
        """Frames of one size: pixel against pixel."""
        mask, largest = differing(one, other, self._tolerance(one, other))
        self.total += mask.size
        ignored = self.ignored.mask(one.size, other.size)
        if ignored is not None:
            mask &= ~ignored
        changed = int(np.count_nonzero(mask))
        if not changed:
            return
        self.changed += changed
        self.largest = max(self.largest, largest)
        if self.found is not None and self.found.judgement != "diffuse":
            return  # one changed frame decides; the others are only counted
        first, second = shown_values(one, other)
        if ignored is not None or self.tolerances.pixel_tolerance:
            second = _equal_elsewhere(first, second, mask)
        found = compare_aligned(first, second, mask, one.values.dtype == np.uint8)
        if self.found is None or found.judgement != "diffuse":
            self.found, self.frame, self.box = found, index, bounding_box(mask)

    def _add_sized(self, index: int, one: Frame, other: Frame) -> None:
        """Frames of different sizes: what is really new counts, not what moved with it."""
        pair = shown(one, other)
        ignored = self.ignored.mask(one.size, other.size)
        pair = _masked(pair, ignored)
        found, changed, total = compare_sizes(pair, ignored)
        self.total += total
        self.changed += changed
        if found.size_sentence:
            self._note(found.size_sentence)
        if changed == 0 and ignored is not None:
            self._note("what only one of them has is ignored")
            return
        if self.found is None or self.found.judgement == "diffuse":
            self.found, self.frame = found, index

    def _tolerance(self, one: Frame, other: Frame) -> float:
        """`pixel_tolerance` in the unit of the values."""
        levels = self.tolerances.pixel_tolerance
        if not levels or one.values.dtype == np.uint8:
            return float(levels)
        if one.values.dtype == np.uint16 and one.space != "bands":
            return 257.0 * levels
        low, high = value_range(one, other)
        return levels * (high - low) / 255.0

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _equal_elsewhere(first: np.ndarray, second: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The second picture, equal to the first wherever differences do not count."""
    made = empty_aside(second.shape, second.dtype)
    for strip in strips(first, second, made):
        made[strip] = np.where(mask[strip][:, :, None], second[strip], first[strip])
    return made


def _frames(first: ImageFile, second: ImageFile) -> Iterator[tuple[Frame | None, Frame | None]]:
    yield from zip_longest(first.frames(), second.frames())


def _times(loops: int | None) -> str:
    return {0: "for ever", 1: "once"}.get(loops or 0, f"{loops} times")


def _same_colors(first: ImageFile, second: ImageFile, one: Frame, other: Frame) -> tuple[Frame, Frame]:
    """Both frames in sRGB where the profiles of the two files differ."""
    if same_profile(first.profile, second.profile):
        return one, other
    return in_srgb(one, first.profile), in_srgb(other, second.profile)


def _masked(pair: ImagePair, equal: np.ndarray | None) -> ImagePair:
    """The pair with the image after replaced by the one before where a mask says so and both are there."""
    if equal is None or not equal.any():
        return pair
    one, other = np.asarray(pair.before), np.array(pair.after)
    height, width = (min(one.shape[axis], other.shape[axis]) for axis in (0, 1))
    part = equal[:height, :width]
    other[:height, :width][part] = one[:height, :width][part]
    return ImagePair(pair.before, Image.fromarray(other))
